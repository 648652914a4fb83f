import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { getThreads, layers, ops, optimizers, sequential, setThreads, type Model, type Tensor } from '../../../lib'
import { Random } from '../../../lib/data/random'
import { addTotals } from '../../../lib/model/programs/run-steps'

interface Case {
  name: string
  sizes: number[]
  rows: number
  batchSize: number
  epochs: number
}

const cases: Case[] = [
  { name: 'small', sizes: [3, 5, 2], rows: 23, batchSize: 8, epochs: 3 },
  { name: 'odd', sizes: [37, 129, 65, 3], rows: 301, batchSize: 100, epochs: 2 },
  { name: 'large', sizes: [300, 700, 400, 10], rows: 1024, batchSize: 256, epochs: 1 },
]

function dataFor({ sizes, rows }: Case) {
  const random = new Random(9n)
  const inputs = sizes[0]
  const x = {
    data: Float32Array.from({ length: rows * inputs }, () => random.uint32() / 2 ** 31 - 1),
    shape: [rows, inputs],
  }
  const y = Float32Array.from({ length: rows }, () => random.below(sizes[sizes.length - 1]))
  return { x, y }
}

function build({ sizes }: Case, seed: number): Model {
  const hidden = sizes
    .slice(1, -1)
    .flatMap((units) => [layers.dense({ units, activation: 'relu' }), layers.dropout({ keepProb: 0.8 })])
  const model = sequential({
    inputShape: [sizes[0]],
    seed,
    layers: [...hidden, layers.dense({ units: sizes[sizes.length - 1], activation: 'softmax' })],
  })
  model.compile({
    optimizer: optimizers.adam(),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    gradientClip: { norm: 1 },
  })
  return model
}

/** Every bit that training leaves behind: weights, costs, metrics, predictions. */
async function bitsAfterTraining(setting: Case, seed: number): Promise<string> {
  const model = build(setting, seed)
  const { x, y } = dataFor(setting)
  const history = await model.fit(x, y, { epochs: setting.epochs, batchSize: setting.batchSize })
  const predictions = await model.predict(x)
  const weights = model.getWeights().flatMap((layer) => [layer.weight.data, layer.bias.data])
  const bits = [...weights, history.batches, predictions.data].map((a) =>
    Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString('base64'),
  )
  model.dispose()
  return JSON.stringify([bits, history.epochs])
}

describe('determinism', function () {
  this.timeout(120_000)
  const threads = getThreads()
  after(() => setThreads(threads))

  for (const setting of cases) {
    it(`1, 2, 3 and 7 threads give the same bits: ${setting.name}`, async () => {
      const results: string[] = []
      for (const count of [1, 2, 3, 7]) {
        setThreads(count)
        results.push(await bitsAfterTraining(setting, 4))
      }
      for (const other of results.slice(1)) expect(other === results[0]).to.equal(true)
    })
  }

  it('the same seed gives the same bits, another seed others', async () => {
    const [first, again, other] = [
      await bitsAfterTraining(cases[0], 4),
      await bitsAfterTraining(cases[0], 4),
      await bitsAfterTraining(cases[0], 5),
    ]
    expect(again === first).to.equal(true)
    expect(other === first).to.equal(false)
  })

  it('metrics of an epoch have the same bits however its steps are cut into runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-'))
    const x = Array.from({ length: 400 }, (_, i) => [Math.sin(i), Math.cos(3 * i)])
    const y = x.map(([a, b]) => a * b)
    const worst = { name: 'worst', fn: (t: Tensor, p: Tensor) => ops.max(ops.abs(ops.sub(t, p))) }
    const epochs = async (steps: number) => {
      const model = sequential({ inputShape: [2], seed: 1, dtype: 'float64', layers: [layers.dense({ units: 1 })] })
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['meanAbsoluteError', worst] })
      // Every checkpoint ends a run.
      const checkpoint = { path: join(folder, 'run'), every: { steps } }
      return (await model.fit(x, y, { epochs: 3, batchSize: 4, checkpoint })).epochs
    }
    const whole = await epochs(1000)
    for (const steps of [7, 33]) expect(await epochs(steps)).to.deep.equal(whole)
    rmSync(folder, { recursive: true })
  })

  it('totals of an evaluation have the same bits however its chunks are cut into runs', () => {
    const plan = {
      totals: [
        { size: 1, cost: 1 },
        { size: 2, cost: null },
        { size: 1, cost: 0 },
      ],
      costsPerStep: 2,
    }
    const run = (from: number, to: number) => {
      const steps = Array.from({ length: to - from }, (_, i) => from + i)
      return {
        stepsDone: steps.length,
        costs: Float64Array.from(steps.flatMap((i) => [Math.sin(i), 1 / (i + 1)])),
        accumulators: Float64Array.of(steps.length, 2 * steps.length),
      }
    }
    const whole = addTotals(null, run(0, 50), plan)
    expect([whole[1], whole[2]]).to.deep.equal([50, 100])
    let parts: Float64Array | null = null
    for (const [from, to] of [
      [0, 3],
      [3, 3],
      [3, 20],
      [20, 50],
    ])
      parts = addTotals(parts, run(from, to), plan)
    expect(parts).to.deep.equal(whole)
  })
})
