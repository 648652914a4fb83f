/**
 * Trajectories that PyTorch computed in float64 (generate.py), walked again through the public API.
 * Another folder of the same kind: MYELIN_GOLDEN=/folder.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  layers,
  optimizers,
  regularizers,
  schedules,
  sequential,
  tensor,
  type LossName,
  type Regularizer,
  type Schedule,
  type WeightSet,
} from '../../../lib'

interface LayerWeights {
  weight: number[][]
  /** Absent where the layer has none. */
  bias?: number[]
}

interface Penalty {
  kind: 'l1' | 'l2' | 'l1l2'
}

type ScheduleJson =
  | number
  | {
      kind: 'inverseTime' | 'exponential' | 'inverseSqrt' | 'staircase'
      initial?: number
      [option: string]: number | string | undefined
    }
  | { kind: 'warmup'; rate: ScheduleJson; steps: number }

interface Trajectory {
  name: string
  inputs: number
  layers: {
    units: number
    activation: 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'softmax'
    slope?: number
    useBias?: boolean
    l1?: number
    l2?: number
    kernel?: Penalty
    bias?: Penalty
  }[]
  loss: LossName
  optimizer: { kind: 'gradientDescent' | 'momentum' | 'rmsprop' | 'adam' | 'adamw' } & Record<string, number | string>
  learningRate: number
  schedule: ScheduleJson | null
  clip?: { norm: number } | { value: number }
  batchSize: number
  dropLast?: boolean
  epochs: number
  x: number[][]
  y: number[][] | number[]
  sampleWeight?: number[]
  classWeight?: number[]
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

function learningRateOf(schedule: ScheduleJson | null, learningRate: number): number | Schedule {
  if (schedule === null) return learningRate
  if (typeof schedule === 'number') return schedule
  if (schedule.kind === 'warmup') {
    const { rate, steps } = schedule as { rate: ScheduleJson; steps: number }
    return schedules.warmup(learningRateOf(rate, learningRate), { steps })
  }
  const { kind, ...options } = schedule
  return schedules[kind]({ initial: learningRate, ...options } as never)
}

function optimizerOf(t: Trajectory) {
  const { kind, ...options } = t.optimizer
  return optimizers[kind]({ ...options, learningRate: learningRateOf(t.schedule, t.learningRate) } as never)
}

function regularizerOf({ kind, ...options }: Penalty): Regularizer {
  return regularizers[kind](options as never)
}

function kernelRegularizerOf({ l1, l2, kernel }: Trajectory['layers'][number]): Regularizer | undefined {
  if (kernel) return regularizerOf(kernel)
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
      layers.dense({
        units: layer.units,
        activation: layer.slope === undefined ? layer.activation : { name: 'leakyRelu', slope: layer.slope },
        useBias: layer.useBias,
        kernelRegularizer: kernelRegularizerOf(layer),
        biasRegularizer: layer.bias && regularizerOf(layer.bias),
      }),
    ),
  })
  const names = model.getWeights().map((layer) => layer.name)
  model.setWeights(
    t.initial.map(({ weight, bias }, i) => ({
      name: names[i],
      weight: f64(weight),
      ...(bias ? { bias: f64(bias) } : {}),
    })),
  )
  model.compile({ optimizer: optimizerOf(t), loss: t.loss, gradientClip: t.clip })
  return model
}

function f64(data: number[] | number[][]) {
  return tensor(data, undefined, { dtype: 'float64' })
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string) {
  expect(actual.length, `${what}: number of values`).to.equal(expected.length)
  expected.forEach((value, i) => expect(actual[i], `${what}[${i}]`).to.be.closeTo(value, tolerance))
}

function expectWeights(actual: WeightSet, expected: readonly LayerWeights[], tolerance: number, what: string) {
  expect(actual.length).to.equal(expected.length)
  expected.forEach((layer, i) => {
    const { weight, bias } = actual[i]
    expectClose(weight.data, layer.weight.flat(), tolerance, `${what} ${i + 1} weight`)
    if (layer.bias) expectClose(bias.data, layer.bias, tolerance, `${what} ${i + 1} bias`)
    else expect(bias).to.equal(undefined)
  })
}

describe('golden trajectories', () => {
  it('are there', () => expect(trajectories.length).to.be.at.least(1))

  for (const t of trajectories) {
    it(`6.6 6.7 ${t.name}`, async () => {
      const { batchSize, dropLast, epochs, sampleWeight, classWeight } = t
      const model = modelOf(t)
      expect(model.device).to.equal(process.env.MYELIN_DEVICE === 'cuda' ? 'cuda:0' : 'cpu')
      const x = f64(t.x)
      const y = f64(t.y)
      const first = await model.costAndGradients(f64(t.x.slice(0, batchSize)), f64(t.y.slice(0, batchSize)), {
        sampleWeight: sampleWeight?.slice(0, batchSize),
        classWeight,
      })
      expect(first.cost).to.be.closeTo(t.batchCosts[0], 1e-10)
      expectWeights(first.gradients, t.firstBatchGradients, 1e-10, 'gradient of layer')

      const history = await model.fit(x, y, { epochs, batchSize, dropLast, sampleWeight, classWeight, shuffle: false })
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
