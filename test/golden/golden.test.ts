/**
 * Trajectories that PyTorch computed in float64 (generate.py), walked again through the public API.
 * Another folder of the same kind: MYELIN_GOLDEN=/folder.
 */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { layers, optimizers, regularizers, schedules, sequential, tensor } from '../../lib'

interface LayerWeights {
  weight: number[][]
  bias: number[]
}

interface Trajectory {
  name: string
  inputs: number
  layers: {
    units: number
    activation: 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'softmax'
    l1?: number
    l2?: number
  }[]
  loss: 'binaryCrossentropy' | 'categoricalCrossentropy' | 'meanSquaredError'
  optimizer: { kind: 'gradientDescent' | 'momentum' | 'rmsprop' | 'adam' | 'adamw' } & Record<string, number | string>
  learningRate: number
  schedule: {
    kind: 'inverseTime' | 'exponential' | 'inverseSqrt'
    decayRate?: number
    beta?: number
    k?: number
  } | null
  batchSize: number
  epochs: number
  x: number[][]
  y: number[][]
  initial: LayerWeights[]
  firstBatchGradients: LayerWeights[]
  batchCosts: number[]
  epochCosts: number[]
  final: LayerWeights[]
  predictions: number[][]
}

const folder = process.env.MYELIN_GOLDEN ?? join(__dirname, 'trajectories')
const trajectories = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Trajectory)

function learningRateOf({ learningRate, schedule }: Trajectory) {
  const { kind, ...rest } = schedule ?? { kind: null }
  const options = { initial: learningRate, ...rest } as never
  return kind === null ? learningRate : schedules[kind](options)
}

function optimizerOf(t: Trajectory) {
  const { kind, ...options } = t.optimizer
  return optimizers[kind]({ ...options, learningRate: learningRateOf(t) } as never)
}

function regularizerOf({ l1, l2 }: Trajectory['layers'][number]) {
  if (l1 !== undefined && l2 !== undefined) return regularizers.l1l2({ lambda1: l1, lambda2: l2 })
  if (l1 !== undefined) return regularizers.l1({ lambda: l1 })
  return l2 === undefined ? undefined : regularizers.l2({ lambda: l2 })
}

function modelOf(t: Trajectory) {
  const model = sequential({
    inputShape: [t.inputs],
    dtype: 'float64',
    seed: 1,
    layers: t.layers.map((layer) =>
      layers.dense({ units: layer.units, activation: layer.activation, kernelRegularizer: regularizerOf(layer) }),
    ),
  })
  const names = model.getWeights().map((layer) => layer.name)
  model.setWeights(
    t.initial.map(({ weight, bias }, i) => ({ name: names[i], weight: f64(weight), bias: f64(bias) })) as never,
  )
  model.compile({ optimizer: optimizerOf(t), loss: t.loss })
  return model
}

function f64(data: number[] | number[][]) {
  return tensor(data, undefined, { dtype: 'float64' })
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string) {
  expect(actual.length, `${what}: number of values`).to.equal(expected.length)
  expected.forEach((value, i) => expect(actual[i], `${what}[${i}]`).to.be.closeTo(value, tolerance))
}

function expectWeights(actual: readonly object[], expected: readonly LayerWeights[], tolerance: number, what: string) {
  expect(actual.length).to.equal(expected.length)
  expected.forEach((layer, i) => {
    const { weight, bias } = actual[i] as { weight: { data: ArrayLike<number> }; bias: { data: ArrayLike<number> } }
    expectClose(weight.data, layer.weight.flat(), tolerance, `${what} ${i + 1} weight`)
    expectClose(bias.data, layer.bias, tolerance, `${what} ${i + 1} bias`)
  })
}

describe('golden trajectories', () => {
  it('are there', () => expect(trajectories.length).to.be.at.least(1))

  for (const t of trajectories) {
    it(`6.6 6.7 ${t.name}`, async () => {
      const model = modelOf(t)
      const x = f64(t.x)
      const y = f64(t.y)
      const first = await model.costAndGradients(f64(t.x.slice(0, t.batchSize)), f64(t.y.slice(0, t.batchSize)))
      expect(first.cost).to.be.closeTo(t.batchCosts[0], 1e-10)
      expectWeights(first.gradients, t.firstBatchGradients, 1e-10, 'gradient of layer')

      const history = await model.fit(x, y, { epochs: t.epochs, batchSize: t.batchSize, shuffle: false })
      expectClose(history.batches, t.batchCosts, 1e-9, 'batch cost')
      expectClose(
        history.epochs.map((logs) => logs.loss),
        t.epochCosts,
        1e-9,
        'epoch cost',
      )
      expectWeights(model.getWeights(), t.final, 1e-9, 'final weights of layer')
      const predictions = await model.predict(x)
      expectClose(predictions.data, t.predictions.flat(), 1e-9, 'prediction')
      model.dispose()
    })
  }
})
