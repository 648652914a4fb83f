/** Losses, penalties and metrics against their definitions, computed here from predictions, in chunks of all sizes. */
import { expect } from 'chai'
import * as my from '../../../lib'

const { layers, ops, regularizers, sequential } = my

type Kind = 'binary' | 'multiLabel' | 'sparse' | 'oneHot' | 'values'

/** Numbers in (0, 1), always the same. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
}

const outputs: Record<Kind, number> = { binary: 1, multiLabel: 3, sparse: 4, oneHot: 4, values: 2 }
const losses: Record<Kind, my.LossName> = {
  binary: 'binaryCrossentropy',
  multiLabel: 'binaryCrossentropy',
  sparse: 'sparseCategoricalCrossentropy',
  oneHot: 'categoricalCrossentropy',
  values: 'meanSquaredError',
}
const lastActivation: Record<Kind, my.ActivationName> = {
  binary: 'sigmoid',
  multiLabel: 'sigmoid',
  sparse: 'softmax',
  oneHot: 'softmax',
  values: 'linear',
}

function setting(kind: Kind, rows: number) {
  const next = numbers(rows)
  const width = outputs[kind]
  const x = Array.from({ length: rows }, () => [next() * 4 - 2, next() * 4 - 2, next() * 4 - 2])
  // Rows of targets, [m][width].
  const truth = x.map(() => {
    if (kind === 'values') return Array.from({ length: width }, () => next() * 2)
    if (kind === 'binary' || kind === 'multiLabel') return Array.from({ length: width }, () => Math.round(next()))
    const place = Math.floor(next() * width)
    return Array.from({ length: width }, (_, i) => (i === place ? 1 : 0))
  })
  const y = kind === 'sparse' ? truth.map((row) => row.indexOf(1)) : truth
  const weights = x.map(() => next() * 2)
  const model = sequential({
    inputShape: [3],
    seed: rows,
    dtype: 'float64',
    layers: [
      layers.dense({
        units: 5,
        activation: 'tanh',
        kernelRegularizer: regularizers.l2({ lambda: 0.7 }),
        biasRegularizer: regularizers.l1({ l1: 0.3 }),
        biasInitializer: 'ones',
      }),
      layers.dropout({ keepProb: 0.5 }),
      layers.dense({
        units: width,
        activation: lastActivation[kind],
        kernelRegularizer: regularizers.l1l2({ lambda1: 0.2, lambda2: 0.4 }),
      }),
    ],
  })
  const errors = ['meanAbsoluteError', 'meanSquaredError'] as const
  const classes = ['accuracy', 'precision', 'recall', 'f1', 'auc'] as const
  model.compile({
    optimizer: 'adam',
    loss: losses[kind],
    metrics: [
      ...(kind === 'values' ? [] : classes),
      ...(kind === 'sparse' ? [] : errors),
      { name: 'largest', fn: (_: my.Tensor, p: my.Tensor) => ops.mean(p) },
    ],
  })
  return { model, x, y, truth, weights, width }
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
const mean = (values: number[]) => sum(values) / values.length
const flat = (t: my.Tensor) => Array.from(t.data)

function penaltyOf(model: my.Model, m: number): number {
  const [first, second] = model.getWeights()
  const squares = (values: number[]) => sum(values.map((v) => v * v))
  const sizes = (values: number[]) => sum(values.map(Math.abs))
  const w1 = flat(first.weight)
  const w2 = flat(second.weight)
  return (0.7 * squares(w1) + 0.2 * sizes(w2) + 0.4 * squares(w2)) / (2 * m) + 0.3 * sizes(flat(first.bias))
}

function lossOf(kind: Kind, y: number[], a: number[]): number {
  if (kind === 'values') return mean(a.map((v, i) => (v - y[i]) ** 2))
  if (kind === 'binary' || kind === 'multiLabel')
    return mean(a.map((v, i) => -(y[i] * Math.log(v) + (1 - y[i]) * Math.log(1 - v))))
  return -sum(a.map((v, i) => y[i] * Math.log(v)))
}

/** Share of ordered pairs, ties half: the definition. */
function aucOf(scores: number[], truth: number[]): number {
  let [pairs, right] = [0, 0]
  for (let i = 0; i < scores.length; i++)
    for (let j = 0; j < scores.length; j++) {
      if (truth[i] !== 1 || truth[j] !== 0) continue
      pairs++
      right += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0
    }
  return right / pairs
}

function metricsOf(kind: Kind, truth: number[][], a: number[][]): Record<string, number> {
  const width = truth[0].length
  const said =
    kind === 'sparse' || kind === 'oneHot'
      ? a.map((row) => row.map((v) => (v === Math.max(...row) ? 1 : 0)))
      : a.map((row) => row.map((v) => (v > 0.5 ? 1 : 0)))
  const columns = Array.from({ length: width }, (_, c) => {
    const t = truth.map((row) => row[c])
    const p = said.map((row) => row[c])
    const hits = sum(t.map((v, i) => v * p[i]))
    const ratio = (of: number) => (of ? hits / of : 0)
    const f1 = sum(t) + sum(p) ? (2 * hits) / (sum(t) + sum(p)) : 0
    const scores = a.map((row) => row[c])
    return { precision: ratio(sum(p)), recall: ratio(sum(t)), f1, auc: aucOf(scores, t) }
  })
  const over = (name: 'precision' | 'recall' | 'f1' | 'auc') => mean(columns.map((column) => column[name]))
  const agree = said.map((row, i) => row.map((v, c) => (v === truth[i][c] ? 1 : 0)))
  const errors = a.flatMap((row, i) => row.map((v, c) => v - truth[i][c]))
  const largest = mean(a.flat())
  const found: Record<string, number> =
    kind === 'values'
      ? { largest }
      : {
          largest,
          accuracy:
            kind === 'sparse' || kind === 'oneHot'
              ? mean(agree.map((row) => (row.every(Boolean) ? 1 : 0)))
              : mean(agree.flat()),
          precision: over('precision'),
          recall: over('recall'),
          f1: over('f1'),
          auc: over('auc'),
        }
  if (kind === 'sparse') return found
  return { ...found, meanAbsoluteError: mean(errors.map(Math.abs)), meanSquaredError: mean(errors.map((e) => e * e)) }
}

describe('evaluate', () => {
  for (const kind of Object.keys(outputs) as Kind[])
    it(`${losses[kind]}, ${outputs[kind]} outputs: loss, penalties and metrics as defined`, async () => {
      const m = 61
      const { model, x, y, truth, weights, width } = setting(kind, m)
      const predicted = flat(await model.predict(x))
      const a = x.map((_, i) => predicted.slice(i * width, (i + 1) * width))
      const each = a.map((row, i) => lossOf(kind, truth[i], row))
      const expected = metricsOf(kind, truth, a)
      for (const batchSize of [1, 7, 61, 256])
        for (const sampleWeight of [undefined, weights]) {
          const found = await model.evaluate(x, y, { batchSize, sampleWeight })
          const dataLoss = sum(each.map((v, i) => v * (sampleWeight ? weights[i] : 1))) / m
          expect(found.dataLoss, 'dataLoss').to.be.closeTo(dataLoss, 1e-12)
          expect(found.loss, 'loss').to.be.closeTo(dataLoss + penaltyOf(model, m), 1e-12)
          for (const [name, value] of Object.entries(expected))
            expect(found[name], `${name}, batches of ${batchSize}`).to.be.closeTo(value, 1e-12)
          expect(Object.keys(found).sort()).to.deep.equal(['dataLoss', 'loss', ...Object.keys(expected)].sort())
        }
      model.dispose()
    })

  it('validation in a fit is the evaluation of that moment, AUC too', async () => {
    const { model, x, y, weights } = setting('sparse', 45)
    const seen: my.Evaluation[] = []
    const history = await model.fit(x, y, {
      epochs: 3,
      batchSize: 10,
      validationData: [x, y, weights],
      onEpoch: async () => void seen.push(await model.evaluate(x, y, { sampleWeight: weights })),
    })
    history.epochs.forEach((logs, i) => {
      for (const [name, value] of Object.entries(seen[i])) expect(logs[`val_${name}`], name).to.be.closeTo(value, 1e-12)
    })
    model.dispose()
  })
})
