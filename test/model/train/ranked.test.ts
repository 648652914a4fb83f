/** Metrics that depend on all rows at once, in everything that trains. */
import { expect } from 'chai'
import { initializers, layers, optimizers, sequential, type LossName, type Model } from '../../../lib'
import { withoutThresholds } from '../../../lib/model/programs/answers'
import { binary, metric } from '../../metrics/support'

const m = 203
const x = Array.from({ length: m }, (_, i) => [Math.sin(i), Math.cos(3 * i), ((i * 37) % 101) / 50 - 1])

/** A model whose weights stay as they are: what training says of an epoch is then what evaluate says. */
function still(units: number, activation: 'linear' | 'sigmoid' | 'softmax', loss: LossName, bias = 0): Model {
  const biasInitializer = initializers.constant(bias)
  const model = sequential({
    inputShape: [3],
    seed: 3,
    layers: [layers.dense({ units, activation, biasInitializer })],
  })
  const optimizer = optimizers.gradientDescent({ learningRate: 1e-30 })
  model.compile({ optimizer, loss, metrics: ['accuracy', 'auc'] })
  return model
}

describe('auc while training', () => {
  const rare = x.map(([a, b]) => (a + b > 1.6 ? 1 : 0))
  const settings = {
    'rare events, scores near 0': [still(1, 'sigmoid', 'binaryCrossentropy', -9), rare],
    'classes by number': [still(3, 'softmax', 'sparseCategoricalCrossentropy'), rare.map((v, i) => v + (i % 2))],
    'several labels': [still(2, 'sigmoid', 'binaryCrossentropy'), rare.map((v, i) => [v, i % 2])],
  } as const

  for (const [name, [model, y]] of Object.entries(settings))
    it(`is that of evaluate: ${name}`, async () => {
      const targets = y as number[]
      const { auc } = await model.evaluate(x, targets)
      expect(auc).to.be.within(0.01, 0.99).and.not.equal(0.5)
      const { epochs } = await model.fit(x, targets, { epochs: 2, batchSize: 16, validationData: [x, targets] })
      expect(epochs.map((logs) => [logs.auc, logs.val_auc])).to.deep.equal([
        [auc, auc],
        [auc, auc],
      ])
      const stream = function* () {
        for (const [from, to] of [
          [0, 5],
          [5, 100],
          [100, 101],
          [101, m],
        ])
          yield { x: x.slice(from, to), y: targets.slice(from, to) }
      }
      const streamed = await model.fitDataset(stream, { epochs: 2, validationData: [x, targets] })
      expect(streamed.epochs.map((logs) => [logs.auc, logs.val_auc])).to.deep.equal([
        [auc, auc],
        [auc, auc],
      ])
      expect((await model.trainOnBatch(x, targets)).auc).to.equal(auc)
    })

  it('counts the rows that are trained on, where the last batch is left out', async () => {
    const [model] = settings['rare events, scores near 0']
    const full = Math.floor(m / 16) * 16
    const { epochs } = await model.fit(x, rare, { epochs: 1, batchSize: 16, dropLast: true, shuffle: false })
    expect(epochs[0].auc).to.equal((await model.evaluate(x.slice(0, full), rare.slice(0, full))).auc)
  })

  it('goes on from checkpoints of 0.1 without their counts of thresholds', () => {
    const outputs = [{ metrics: [metric('accuracy', binary), metric('auc', binary), metric('f1', binary)] }]
    const totals = [1, 2, 2].map((size) => ({ size, cost: null }))
    const plan = { totals, statisticCounts: [1, 0, 2] }
    const old = Float64Array.of(7, ...new Array<number>(8192).fill(-1), 1, 2, 3, 4)
    expect([...withoutThresholds(old, outputs, plan)]).to.deep.equal([7, 1, 2, 3, 4])
    expect([...withoutThresholds(Float64Array.of(7, 1, 2, 3, 4), outputs, plan)]).to.deep.equal([7, 1, 2, 3, 4])
  })
})
