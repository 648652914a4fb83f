/** Optimisers, batches and learning rates. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  data,
  layers,
  ops,
  optimizers,
  regularizers,
  schedules,
  sequential,
  type Model,
  type Optimizer,
  type Schedule,
} from '../../../lib'
import { close, matrix, normal, warnings } from './support'

const next = normal(71)

/** One weight w and cost g·w: every gradient is g. */
async function stepsOf(optimizer: Optimizer, g: number, steps: number): Promise<number[]> {
  const model = sequential({
    inputShape: [1],
    dtype: 'float64',
    layers: [layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' })],
  })
  model.compile({ optimizer, loss: (_, a) => ops.sum(a) })
  const path: number[] = []
  for (let t = 0; t < steps; t++) {
    await model.trainOnBatch([[g]], [[0]])
    path.push(model.getWeights()[0].weight.data[0])
  }
  return path
}

/** A small regression network in float64. */
function regression(optimizer: Optimizer, seed = 1) {
  const model = sequential({
    inputShape: [3],
    seed,
    dtype: 'float64',
    layers: [layers.dense({ units: 5, activation: 'tanh' }), layers.dense({ units: 1 })],
  })
  model.compile({ optimizer, loss: 'meanSquaredError' })
  return model
}

const x = matrix(23, 3, next)
const y = x.map(([a, b, c]) => [Math.sin(a) + b * c])
const flat = (model: Model) => model.getWeights().flatMap(({ weight, bias }) => [...weight.data, ...bias.data])

describe('6.1 mini-batches', () => {
  it('m = 5,000,000 in batches of 1000 are 5000', () => {
    const numbers = new Float32Array(5_000_000)
    expect(data.batches({ x: numbers, y: numbers }, { batchSize: 1000, shuffle: false }).length).to.equal(5000)
  })

  it('every example exactly once an epoch, in another order each time; the last, smaller batch is kept', () => {
    const rows = Float32Array.from({ length: 23 }, (_, i) => i)
    const batches = data.batches({ x: rows, y: rows }, { batchSize: 5, seed: 4 })
    const pass = () => [...batches].map(({ x: part }) => [...part.data])
    const [first, second] = [pass(), pass()]
    expect(first.map((part) => part.length)).to.deep.equal([5, 5, 5, 5, 3])
    for (const epoch of [first, second]) expect(epoch.flat().sort((a, b) => a - b)).to.deep.equal([...rows])
    expect(second).to.not.deep.equal(first)
    expect(data.batches({ x: rows, y: rows }, { batchSize: 5, dropLast: true }).length).to.equal(4)
  })

  /** Weights after an epoch of fit, and after the same steps by hand: W − α·dW of each batch. */
  const epochOf = async (batchSize: number | 'all', byHand: readonly (readonly [number, number])[]) => {
    const alpha = 0.1
    const [fitted, stepped] = [0, 1].map(() => regression(optimizers.gradientDescent({ learningRate: alpha })))
    const { batches } = await fitted.fit(x, y, { epochs: 1, batchSize, shuffle: false })
    for (const [from, to] of byHand) {
      const { gradients } = await stepped.costAndGradients(x.slice(from, to), y.slice(from, to))
      const next = stepped.getWeights().map(({ name, weight, bias }, l) => ({
        name,
        weight: ops.sub(weight, ops.mul(alpha, gradients[l].weight)),
        bias: ops.sub(bias, ops.mul(alpha, gradients[l].bias)),
      }))
      stepped.setWeights(next)
    }
    expect(batches).to.have.length(byHand.length)
    close(flat(fitted), flat(stepped), 1e-13)
  }

  it('batch size m is gradient descent on all', async () => {
    await epochOf('all', [[0, 23]])
    await epochOf(23, [[0, 23]])
  })
  const single = x.map((_, i) => [i, i + 1] as const)
  it('batch size 1 is stochastic gradient descent', () => epochOf(1, single))
  const tens = [0, 10, 20].map((from) => [from, Math.min(from + 10, 23)] as const)
  it('anything between takes its steps too, the last one on what is left', () => epochOf(10, tens))

  it('a fit drops the smaller batch if asked', async () => {
    const model = regression(optimizers.gradientDescent())
    const { batches, epochs } = await model.fit(x, y, { batchSize: 10, dropLast: true, shuffle: false })
    expect(batches).to.have.length(2)
    expect(epochs[0].loss).to.be.closeTo((batches[0] + batches[1]) / 2, 1e-14)
  })

  it('a fit takes every example exactly once an epoch, in another order each time', async () => {
    const model = sequential({
      inputShape: [1],
      seed: 2,
      dtype: 'float64',
      layers: [layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' })],
    })
    // J is Σx·w, and dJ/dw = Σx whatever w is: the digits of −w in base 2 say which examples came how often.
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1 }), loss: (_, a) => ops.sum(a) })
    const powers = Array.from({ length: 23 }, (_, i) => [2 ** i])
    const orders: string[] = []
    const sumAfter = async (batchSize: number) => {
      const before = model.getWeights()[0].weight.data[0]
      const { batches } = await model.fit(powers, powers, { epochs: 1, batchSize })
      orders.push([...batches].join())
      return before - model.getWeights()[0].weight.data[0]
    }
    for (const batchSize of [1, 1, 5, 23]) expect(await sumAfter(batchSize)).to.equal(2 ** 23 - 1)
    expect(orders[1]).to.not.equal(orders[0])
  })
})

describe('6.2 costs of batches and epochs', () => {
  it('an epoch costs Σ m_t·J_t / Σ m_t, each J_t before its update', async () => {
    const model = regression(optimizers.gradientDescent({ learningRate: 0.1 }))
    const first = await model.costAndGradients(x.slice(0, 10), y.slice(0, 10))
    const { epochs, batches } = await model.fit(x, y, { epochs: 2, batchSize: 10, shuffle: false })
    expect(batches[0]).to.be.closeTo(first.cost, 1e-14)
    expect(epochs[0].loss).to.be.closeTo((10 * batches[0] + 10 * batches[1] + 3 * batches[2]) / 23, 1e-14)
    expect(epochs[1].loss).to.be.closeTo((10 * batches[3] + 10 * batches[4] + 3 * batches[5]) / 23, 1e-14)
  })
})

describe('6.3 data.recommendedBatchSize', () => {
  it('2000 → 2000; 2001 → a power of two in 64 … 512; memory for 100 → 64; below 64 warns', async () => {
    expect(data.recommendedBatchSize(2000)).to.equal(2000)
    expect([64, 128, 256, 512]).to.include(data.recommendedBatchSize(2001))
    expect([64, 128, 256, 512]).to.include(data.recommendedBatchSize(10_000_000))
    expect(data.recommendedBatchSize(2001, { memory: 100 })).to.equal(64)
    for (const [m, memory, size] of [
      [10_000, 1000, 128],
      [100_000, 300, 256],
      [10_000_000, 511, 256],
      [1500, 700, 512],
    ])
      expect(data.recommendedBatchSize(m, { memory }), `${m} examples, memory for ${memory}`).to.equal(size)
    expect(await warnings(() => data.recommendedBatchSize(5000, { memory: 64 }))).to.be.empty
    expect((await warnings(() => data.recommendedBatchSize(5000, { memory: 40 }))).join()).to.include('below 64')
  })
})

describe('6.5 momentum', () => {
  it("form 'sum' with α(1 − β) equals 'average' with α to 1e-12", async () => {
    const average = regression(optimizers.momentum({ learningRate: 0.2, beta: 0.8 }))
    const sum = regression(optimizers.momentum({ learningRate: 0.2 * (1 - 0.8), beta: 0.8, form: 'sum' }))
    for (const model of [average, sum]) await model.fit(x, y, { epochs: 20, batchSize: 5 })
    close(flat(sum), flat(average), 1e-12)
  })

  it('v = βv + (1 − β)dW, β = 0.9 by default, no bias correction', async () => {
    let [v, w] = [0, 0]
    const expected = Array.from({ length: 5 }, () => {
      v = 0.9 * v + 0.1 * 2
      return (w -= 0.01 * v)
    })
    close(await stepsOf(optimizers.momentum(), 2, 5), expected, 1e-15)
  })
})

interface Trajectory {
  inputs: number
  layers: {
    units: number
    activation: 'relu' | 'tanh' | 'sigmoid' | 'linear' | 'leakyRelu' | 'softmax'
    slope?: number
    /** λ of a penalty on its weights. */
    l2?: number
  }[]
  loss: 'binaryCrossentropy' | 'meanSquaredError' | 'sparseCategoricalCrossentropy' | 'categoricalCrossentropy'
  learningRate: number
  batchSize: number
  epochs: number
  x: number[][]
  y: number[][]
  initial: { weight: number[][]; bias: number[] }[]
  batchCosts: number[]
  final: { weight: number[][]; bias: number[] }[]
}

/** Walks a golden trajectory and compares the cost of every batch and the weights in the end. */
async function walk(name: string, optimizerOf: (t: Trajectory) => Optimizer): Promise<void> {
  const file = join(__dirname, '../golden/trajectories', `${name}.json`)
  const t = JSON.parse(readFileSync(file, 'utf8')) as Trajectory
  const model = sequential({
    inputShape: [t.inputs],
    dtype: 'float64',
    layers: t.layers.map(({ units, activation, slope, l2 }) =>
      layers.dense({
        units,
        activation: slope === undefined ? activation : { name: activation, slope },
        kernelRegularizer: l2 === undefined ? undefined : regularizers.l2({ lambda: l2 }),
      }),
    ),
  })
  model.compile({ optimizer: optimizerOf(t), loss: t.loss })
  model.setWeights(t.initial.map((layer, i) => ({ name: `dense_${i + 1}`, ...layer })))
  const { batches } = await model.fit(t.x, t.y, { epochs: t.epochs, batchSize: t.batchSize, shuffle: false })
  close([...batches], t.batchCosts, 1e-9)
  const final = t.final.flatMap(({ weight, bias }) => [...weight.flat(), ...bias])
  close(flat(model), final, 1e-9)
}

describe('6.6 RMSprop', () => {
  it('S = β₂S + (1 − β₂)dW², W −= α·dW/√(S + ε): ε under the root, by hand', async () => {
    let [s, w] = [0, 0]
    const expected = Array.from({ length: 4 }, () => {
      s = 0.9 * s + 0.1 * 4e-8
      return (w -= (0.01 * 2e-4) / Math.sqrt(s + 1e-8))
    })
    close(
      await stepsOf(optimizers.rmsprop({ learningRate: 0.01, epsilon: 0, epsilonRoot: 1e-8 }), 2e-4, 4),
      expected,
      1e-14,
    )
  })

  it('ε outside the root is the default, with ε = 1e-8 and β₂ = 0.9', async () => {
    const s = 0.1 * 4e-16
    close(await stepsOf(optimizers.rmsprop(), 2e-8, 1), [(-1e-3 * 2e-8) / (Math.sqrt(s) + 1e-8)], 1e-15)
  })

  it('walks its golden trajectories, ε outside and inside the root', async () => {
    await walk('deep-relu-rmsprop-outside', ({ learningRate }) => optimizers.rmsprop({ learningRate }))
    await walk('deep-leaky-rmsprop-notes', ({ learningRate }) =>
      optimizers.rmsprop({ learningRate, beta2: 0.999, epsilon: 0, epsilonRoot: 1e-8 }),
    )
  })
})

describe('6.7 Adam', () => {
  it('the first step at g = 1e-5 is 0.0995·α with ε inside the root, 0.999·α outside', async () => {
    const inside = optimizers.adam({ learningRate: 0.1, epsilon: 0, epsilonRoot: 1e-8 })
    expect((await stepsOf(inside, 1e-5, 1))[0] / -0.1).to.be.closeTo(0.0995, 5e-5)
    expect((await stepsOf(optimizers.adam({ learningRate: 0.1 }), 1e-5, 1))[0] / -0.1).to.be.closeTo(0.999, 5e-5)
  })

  it('corrects v by 1 − β₁ᵗ and S by 1 − β₂ᵗ, with β₁ 0.9, β₂ 0.999, ε 1e-8, α 1e-3', async () => {
    let [v, s, w] = [0, 0, 0]
    const expected = [1, 2, 3, 4].map((t) => {
      v = 0.9 * v + 0.1 * 3
      s = 0.999 * s + 0.001 * 9
      return (w -= (1e-3 * (v / (1 - 0.9 ** t))) / (Math.sqrt(s / (1 - 0.999 ** t)) + 1e-8))
    })
    close(await stepsOf(optimizers.adam(), 3, 4), expected, 1e-15)
  })

  it('walks its golden trajectories, ε inside the root, and with decoupled decay', async () => {
    await walk('deep-tanh-adam-notes', ({ learningRate }) =>
      optimizers.adam({ learningRate, epsilon: 0, epsilonRoot: 1e-8 }),
    )
    await walk('deep-leaky-adamw', ({ learningRate }) =>
      optimizers.adamw({ learningRate, beta2: 0.99, epsilon: 1e-7, weightDecay: 0.1 }),
    )
  })

  it('AdamW decays the weights apart from the gradient', async () => {
    const start = [{ name: 'dense_1', weight: [[2]] }]
    const model = sequential({
      inputShape: [1],
      dtype: 'float64',
      layers: [layers.dense({ units: 1, useBias: false })],
    })
    model.compile({ optimizer: optimizers.adamw({ learningRate: 0.1, weightDecay: 0.05 }), loss: (_, a) => ops.sum(a) })
    model.setWeights(start)
    await model.trainOnBatch([[3]], [[0]])
    close(model.getWeights()[0].weight, [2 - 0.1 * 0.05 * 2 - (0.1 * 3) / (3 + 1e-8)], 1e-12)
  })
})

describe('6.8 learning-rate decay', () => {
  const epochsOf = (schedule: Schedule, n: number) =>
    Array.from({ length: n }, (_, i) => schedule.value({ epoch: i + 1, step: i + 1 }))

  it('α₀/(1 + rate·epoch): 0.1, 0.067, 0.05, 0.04', () =>
    close(epochsOf(schedules.inverseTime({ initial: 0.2, decayRate: 1 }), 4), [0.1, 0.2 / 3, 0.05, 0.04], 1e-15))
  it('β^epoch·α₀: 0.19, 0.1805', () =>
    close(epochsOf(schedules.exponential({ initial: 0.2, beta: 0.95 }), 2), [0.19, 0.1805], 1e-15))
  it('k/√epoch·α₀: 0.2, 0.1414; k/√t by mini-batch', () => {
    close(epochsOf(schedules.inverseSqrt({ initial: 0.2, k: 1 }), 2), [0.2, 0.2 / Math.SQRT2], 1e-15)
    expect(schedules.inverseSqrt({ initial: 0.2, k: 1, per: 'step' }).value({ epoch: 1, step: 16 })).to.equal(0.05)
  })
  it('staircase and warm-up', () => {
    close(epochsOf(schedules.staircase({ initial: 1, factor: 0.5, every: 2 }), 5), [1, 1, 0.5, 0.5, 0.25], 0)
    close(epochsOf(schedules.warmup(0.4, { steps: 4 }), 5), [0.1, 0.2, 0.3, 0.4, 0.4], 1e-15)
  })

  it('is in force in every epoch of a fit; a rate can be changed by hand', async () => {
    const model = regression(
      optimizers.gradientDescent({ learningRate: schedules.inverseTime({ initial: 0.2, decayRate: 1 }) }),
    )
    const history = await model.fit(x, y, { epochs: 4 })
    const rates = history.epochs.map(({ learningRate }) => learningRate)
    close(rates, [0.1, 0.2 / 3, 0.05, 0.04], 1e-15)
    model.setLearningRate(({ epoch }) => 0.01 * epoch)
    const after = await model.fit(x, y, { epochs: 2 })
    const ratesAfter = after.epochs.map(({ learningRate }) => learningRate)
    close(ratesAfter, [0.01, 0.02], 1e-15)
    const before = flat(model)
    model.setLearningRate(1e-3)
    const { gradients } = await model.costAndGradients(x, y)
    await model.trainOnBatch(x, y)
    const change = gradients.flatMap(({ weight, bias }) => [...weight.data, ...bias.data])
    const stepped = before.map((w, i) => w - 1e-3 * change[i])
    close(flat(model), stepped, 1e-14)
  })
})

describe('6.8 a rate in force', () => {
  /** What each mini-batch of two epochs of four took off a weight whose every gradient is 1: its learning rate. */
  const ratesOf = async (learningRate: Schedule | ((time: { epoch: number; step: number }) => number)) => {
    const model = sequential({
      inputShape: [1],
      dtype: 'float64',
      layers: [layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: (_, a) => ops.sum(a) })
    const ones = [[1], [1], [1], [1]]
    // The cost of a mini-batch before its update is the weight.
    const { batches } = await model.fit(ones, ones, { epochs: 2, batchSize: 1 })
    const weights = [...batches, model.getWeights()[0].weight.data[0]]
    return weights.slice(1).map((w, t) => weights[t] - w)
  }
  const times = [1, 2, 3, 4, 5, 6, 7, 8].map((step) => ({ step, epoch: Math.ceil(step / 4) }))

  it('by mini-batch, t counts on from one epoch to the next', async () => {
    const per = 'step'
    const stairs = (t: number) => 0.2 * 0.5 ** Math.floor((t - 1) / 3)
    for (const [schedule, formula] of [
      [schedules.inverseSqrt({ initial: 0.2, k: 1, per }), (t: number) => 0.2 / Math.sqrt(t)],
      [schedules.inverseTime({ initial: 0.2, decayRate: 1, per }), (t: number) => 0.2 / (1 + t)],
      [schedules.exponential({ initial: 0.2, beta: 0.95, per }), (t: number) => 0.2 * 0.95 ** t],
      [schedules.staircase({ initial: 0.2, factor: 0.5, every: 3, per }), stairs],
      [schedules.warmup(0.2, { steps: 6 }), (t: number) => 0.2 * Math.min(1, t / 6)],
    ] as const) {
      const expected = times.map(({ step }) => formula(step))
      close(await ratesOf(schedule), expected, 1e-14)
    }
  })

  it('by epoch, all of its mini-batches take the same; a function is given both', async () => {
    const decay = schedules.inverseTime({ initial: 0.2, decayRate: 1 })
    const decayed = times.map(({ epoch }) => 0.2 / (1 + epoch))
    close(await ratesOf(decay), decayed, 1e-14)
    const both = ({ epoch, step }: { epoch: number; step: number }) => 0.1 * epoch + 0.01 * step
    close(await ratesOf(both), times.map(both), 1e-14)
  })

  it('changed by hand during training, it is in force from the next epoch on', async () => {
    const model = regression(optimizers.gradientDescent({ learningRate: 0.2 }))
    const { epochs } = await model.fit(x, y, {
      epochs: 4,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) model.setLearningRate(0.05)
      },
    })
    expect(epochs.map(({ learningRate }) => learningRate)).to.deep.equal([0.2, 0.2, 0.05, 0.05])
  })
})

describe('6.9 optimisers on a bowl', () => {
  it('momentum, RMSprop and Adam need fewer steps than gradient descent on an elongated bowl', () => {
    const bowl = (w1: number, w2: number) => 0.5 * w1 ** 2 + 10 * w2 ** 2
    const steps = (optimizer: Optimizer) => {
      const model = sequential({
        inputShape: [1],
        dtype: 'float64',
        layers: [layers.dense({ units: 2, useBias: false })],
      })
      model.setWeights([{ name: 'dense_1', weight: [[-8], [2]] }])
      for (let t = 1; t <= 2000; t++) {
        const [{ name, weight }] = model.getWeights()
        const [w1, w2] = weight.data
        if (bowl(w1, w2) < 0.01) return t
        optimizer.apply(model, [{ name, weight: [[w1], [20 * w2]] }])
      }
      return Infinity
    }
    // The largest rate of gradient descent that does not swing out of the bowl, α < 2/20, and a safe part of it.
    const plain = steps(optimizers.gradientDescent({ learningRate: 0.03 }))
    expect(steps(optimizers.momentum({ learningRate: 0.03, beta: 0.8, form: 'sum' }))).to.be.below(plain)
    expect(steps(optimizers.rmsprop({ learningRate: 0.1 }))).to.be.below(plain)
    expect(steps(optimizers.adam({ learningRate: 0.5 }))).to.be.below(plain)
    expect(plain).to.be.below(2000)
  })
})
