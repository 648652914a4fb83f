/**
 * Optimisers: gradient descent, momentum, RMSprop and Adam in a long narrow valley and on handwritten digits,
 * mini-batches against all examples at once, and a learning rate that falls.
 *
 *   npm run examples -- optimiser-race
 */
import {
  data,
  layers,
  NonFiniteError,
  ops,
  optimizers,
  schedules,
  sequential,
  tensor,
  type History,
  type LearningRate,
  type Model,
  type Optimizer,
  type Value,
} from 'myelin'
import * as plot from 'myelin/plot'
import { loadDigits, side } from './support/digits'
import { notice, run, save, table } from './support/show'

const makers: Record<string, (learningRate: LearningRate) => Optimizer> = {
  'gradient descent': (learningRate) => optimizers.gradientDescent({ learningRate }),
  momentum: (learningRate) => optimizers.momentum({ learningRate }),
  RMSprop: (learningRate) => optimizers.rmsprop({ learningRate }),
  Adam: (learningRate) => optimizers.adam({ learningRate }),
}
/** Every optimiser tries the same learning rates and runs with the one that suits it best. */
const rates = (from: number, perDecade: number, count: number) =>
  Array.from({ length: count }, (_, i) => 10 ** (from + i / perDecade))

/** J = ½·w₁² + 200·w₂²: a valley twenty times as long as wide, like costs of inputs of very different sizes. */
const steepness = 400
const valley = (w1: Value, w2: Value) => ops.add(ops.mul(0.5, ops.square(w1)), ops.mul(steepness / 2, ops.square(w2)))
const start = [-8, 2] as const

/**
 * J at every one of 1000 steps. The weights of a layer on the input 1 are w₁ and w₂; one epoch of 1000 rows is 1000
 * steps.
 */
async function descend(optimizer: Optimizer): Promise<Float64Array> {
  using model = sequential({ inputShape: [1], dtype: 'float64', layers: [layers.dense({ units: 2, useBias: false })] })
  const halves = tensor([[0.5, steepness / 2]], { dtype: 'float64' })
  model.compile({ optimizer, loss: (_yTrue, w) => ops.sum(ops.mul(halves, ops.square(w))) })
  model.setWeights([{ name: 'dense_1', weight: [[start[0]], [start[1]]] }])
  const ones = tensor(new Float64Array(1000).fill(1), [1000, 1])
  const { batches } = await model.fit(ones, tensor(new Float64Array(2000), [1000, 2]), { batchSize: 1 })
  return batches
}

/** The step from which on J stays below `target`. */
async function stepsTo(target: number, optimizer: Optimizer): Promise<number> {
  try {
    const costs = await descend(optimizer)
    const last = costs.findLastIndex((cost) => cost >= target)
    return last === costs.length - 1 ? Infinity : last + 1
  } catch (error) {
    if (error instanceof NonFiniteError) return Infinity // too large a step: up the walls and away
    throw error
  }
}

async function throughTheValley(): Promise<void> {
  const best: Record<string, { rate: number; steps: number }> = {}
  for (const [name, make] of Object.entries(makers)) {
    best[name] = { rate: NaN, steps: Infinity }
    for (const rate of rates(-2.5, 6, 15)) {
      const steps = await stepsTo(0.1, make(rate))
      if (steps < best[name].steps) best[name] = { rate, steps }
    }
  }
  const rows = Object.entries(best).map(([name, { rate, steps }]) => [name, rate.toPrecision(2), String(steps)])
  console.log(table([['in the valley', 'best α', 'steps to J < 0.1'], ...rows]))
  const [plain, ...others] = Object.values(best).map(({ steps }) => steps)
  notice(
    `Plain gradient descent has to keep α below 2/${steepness} so as not to climb the walls, and creeps along the ` +
      `floor: ${plain} steps. Momentum averages the swings away (${best.momentum.steps}); RMSprop divides by them ` +
      `(${best.RMSprop.steps}); Adam does both (${best.Adam.steps}).`,
    others.every((steps) => steps < 0.8 * plain),
  )
  const chosen = Object.entries(best).map(([name, { rate }]) => [name, makers[name](rate)])
  const view = { x: [-9, 3], y: [-2.5, 2.5], start, steps: 60, title: '60 steps in the valley' } as const
  await save('optimiser-race-valley', plot.optimizerPaths(valley, Object.fromEntries(chosen), view))
}

const { train, dev } = data.split(loadDigits(), { train: 0.2, dev: 0.8, seed: 1, stratify: true })
const [m] = train.x.shape

function network(optimizer: Optimizer): Model {
  const model = sequential({
    inputShape: [side * side],
    seed: 1,
    layers: [layers.dense({ units: 64, activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' })],
  })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

/** What does it take to bring the cost to 0.3? */
async function batchOrMiniBatch(): Promise<void> {
  const target = 0.3
  const epochsTo = async (batchSize: number | 'all', rate: number, epochs: number) => {
    using model = network(makers['gradient descent'](rate))
    const history = await model.fit(train.x, train.y, { batchSize, epochs })
    const first = history.epochs.findIndex(({ loss }) => loss < target)
    return { history, epochs: first < 0 ? Infinity : first + 1 }
  }
  const bestOf = async (batchSize: number | 'all', epochs: number) => {
    let best: Awaited<ReturnType<typeof epochsTo>> | undefined
    for (const rate of rates(-1.5, 3, 5)) {
      const tried = await epochsTo(batchSize, rate, epochs)
      if (!best || tried.epochs < best.epochs) best = tried
    }
    return best!
  }
  const [all, mini] = [await bestOf('all', 60), await bestOf(64, 10)]
  notice(
    `Gradient descent on all ${m} digits at once needs ${all.epochs} passes over them for a cost below ${target}, in ` +
      `mini-batches of 64 only ${mini.epochs}, each at its best of five learning rates: a mini-batch need not wait ` +
      `for the rest to take its step. Its costs go up and down, because every batch is different.`,
    mini.epochs * 4 < all.epochs,
  )
  await save('optimiser-race-batches', plot.batchVsMiniBatch(all.history, mini.history))
}

async function onDigits(): Promise<void> {
  const runs: Record<string, History> = {}
  const rows: string[][] = []
  const chosen: number[] = []
  for (const [name, make] of Object.entries(makers)) {
    let best: { rate: number; history: History; loss: number } | undefined
    for (const rate of rates(-2, 2, 5)) {
      using model = network(make(rate))
      const history = await model.fit(train.x, train.y, { batchSize: 64, epochs: 5 })
      const { loss } = history.epochs[4]
      if (!best || loss < best.loss) best = { rate, history, loss }
    }
    runs[name] = best!.history
    chosen.push(best!.rate)
    rows.push([name, best!.rate.toPrecision(1), best!.history.epochs[0].loss.toFixed(3), best!.loss.toFixed(3)])
  }
  console.log(table([['on the digits', 'best α', 'J, epoch 1', 'J, epoch 5'], ...rows]))
  const [plain, ...others] = Object.values(runs).map(({ epochs }) => epochs[4].loss)
  notice(
    `After five passes over ${m} digits gradient descent is at a cost of ${plain.toFixed(3)}, the others are at ` +
      `${others.map((cost) => cost.toFixed(3)).join(', ')}. The learning rates that suit them best differ ` +
      `${(Math.max(...chosen) / Math.min(...chosen)).toFixed(0)}-fold: with another optimiser, look for ` +
      `α again.`,
    others.every((cost) => cost < 0.9 * plain),
  )
  await save('optimiser-race-digits', plot.costCurves(runs))
}

/** A learning rate that falls. */
async function decay(): Promise<void> {
  const initial = 0.02
  const rates: Record<string, LearningRate> = {
    constant: initial,
    'α₀/(1 + epoch)': schedules.inverseTime({ initial, decayRate: 1 }),
    '0.8^epoch·α₀': schedules.exponential({ initial, beta: 0.8 }),
  }
  const runs: Record<string, History> = {}
  const errors: Record<string, number> = {}
  for (const [name, rate] of Object.entries(rates)) {
    using model = network(optimizers.adam({ learningRate: rate }))
    runs[name] = await model.fit(train.x, train.y, { batchSize: 32, epochs: 10 })
    errors[name] = (await model.evaluate(dev.x, dev.y)).loss
  }
  console.log(
    table([
      ['Adam from α₀ = 0.02', 'J, epoch 10', 'dev cost'],
      ...Object.entries(runs).map(([name, { epochs }]) => [name, epochs[9].loss.toFixed(4), errors[name].toFixed(3)]),
    ]),
  )
  const [constant, ...falling] = Object.values(runs).map(({ epochs }) => epochs[9].loss)
  notice(
    `Steps that stay large jump about the minimum: at the same start, a falling rate ends at ` +
      `${falling.map((cost) => cost.toFixed(4)).join(' and ')} instead of ${constant.toFixed(4)}.`,
    falling.every((cost) => cost < 0.5 * constant),
  )
  await save('optimiser-race-decay', plot.costCurves(runs))
}

run(async () => {
  await throughTheValley()
  await batchOrMiniBatch()
  await onDigits()
  await decay()
})
