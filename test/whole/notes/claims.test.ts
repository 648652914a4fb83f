/**
 * What a course on deep learning teaches, measured: each claim on several seeds, each method with the learning rate
 * that suits it best of one common grid. The margins leave room for other instruction sets, whose runs differ.
 */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import {
  data,
  layers,
  NonFiniteError,
  ops,
  optimizers,
  regularizers,
  sequential,
  tensor,
  type ActivationName,
  type InitializerSpec,
  type Model,
  type Optimizer,
  type Regularizer,
  type Tensor,
} from '../../../lib'
import { matrix, normal, planar, uniform } from './support'

const f64 = { dtype: 'float64' } as const

/** Rows as often as there are steps, so that one epoch in order is that many steps on all of them: one native call. */
function repeated(rows: readonly (readonly number[])[], steps: number): Tensor {
  const once = Float64Array.from(rows.flat())
  const all = new Float64Array(once.length * steps)
  for (let step = 0; step < steps; step++) all.set(once, step * once.length)
  return tensor(all, [rows.length * steps, rows[0].length])
}

/** J at every step of gradient descent on all m examples, which `x` and `y` repeat; empty if it diverged. */
async function costsOf(model: Model, x: Tensor, y: Tensor, m: number): Promise<Float64Array> {
  try {
    return (await model.fit(x, y, { batchSize: m, shuffle: false })).batches
  } catch (error) {
    if (error instanceof NonFiniteError) return new Float64Array()
    throw error
  }
}

/** The first step whose cost is below `target`. */
function stepsTo(target: number, costs: Float64Array): number {
  const step = costs.findIndex((cost) => cost < target)
  return step < 0 ? Infinity : step + 1
}

/** The smallest of what `measure` says at each of the rates. */
async function bestOf(rates: readonly number[], measure: (rate: number) => Promise<number>): Promise<number> {
  let best = Infinity
  for (const rate of rates) best = Math.min(best, await measure(rate))
  return best
}

/** 10^from, …, with `perDecade` in each decade. */
const grid = (from: number, perDecade: number, count: number) =>
  Array.from({ length: count }, (_, i) => 10 ** (from + i / perDecade))

/** All images of a digit, one after the other. */
const pixelsOf = memo((digit: number) => {
  const file = require.resolve(`mnist/src/digits/${digit}.json`)
  return Float32Array.from((JSON.parse(readFileSync(file, 'utf8')) as { data: number[] }).data)
})

/** `perDigit` images of every digit, from number `first` on. */
function digits(perDigit: number, first = 0): { x: Tensor; y: number[] } {
  const x = new Float32Array(10 * perDigit * 784)
  const y = Array.from({ length: 10 * perDigit }, (_, i) => Math.floor(i / perDigit))
  for (let digit = 0; digit < 10; digit++)
    x.set(pixelsOf(digit).subarray(784 * first, 784 * (first + perDigit)), digit * perDigit * 784)
  return { x: tensor(x, [10 * perDigit, 784]), y }
}

function memo<T>(f: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>()
  return (key) => {
    if (!known.has(key)) known.set(key, f(key))
    return known.get(key)!
  }
}

describe('3.10 claim: tanh beats sigmoid in hidden layers', () => {
  it('on the planar set: a clearly lower cost after the same 600 steps, for every seed', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const points = planar(200, seed)
      const labels = points.y.map((label) => [label])
      const [x, y] = [repeated(points.x, 600), repeated(labels, 600)]
      const costWith = (activation: ActivationName) =>
        bestOf([0.3, 1, 3], async (learningRate) => {
          using model = sequential({
            inputShape: [2],
            seed,
            layers: [layers.dense({ units: 8, activation }), layers.dense({ units: 1, activation: 'sigmoid' })],
          })
          model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'binaryCrossentropy' })
          return (await costsOf(model, x, y, 200)).at(-1) ?? Infinity
        })
      const [a, b] = [await costWith('tanh'), await costWith('sigmoid')]
      expect(a, `seed ${seed}`).to.be.below(0.85 * b)
    }
  })
})

describe('3.8 claim: zero initialisation never breaks symmetry', () => {
  for (const [name, optimizer] of [
    ['gradient descent', () => optimizers.gradientDescent({ learningRate: 1 })],
    ['Adam', () => optimizers.adam({ learningRate: 0.05 })],
  ] as const)
    it(`hidden units stay equal bit for bit under ${name}, for any number of steps; random ones not`, async () => {
      const { x, y } = planar(64, 1)
      const distinct = async (activation: ActivationName, kernelInitializer: InitializerSpec, epochs: number) => {
        using model = sequential({
          inputShape: [2],
          seed: 1,
          layers: [
            layers.dense({ units: 5, activation, kernelInitializer }),
            layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer }),
          ],
        })
        model.compile({ optimizer: optimizer(), loss: 'binaryCrossentropy' })
        await model.fit(x, y, { epochs, batchSize: 10 })
        const [{ weight, bias }, output] = model.getWeights()
        const units = (weight.toArray() as number[][]).map((row, i) => [...row, bias.data[i], output.weight.data[i]])
        return new Set(units.map((unit) => unit.join())).size
      }
      for (const activation of ['sigmoid', 'tanh', 'relu'] as const) {
        for (const epochs of [1, 10, 200]) expect(await distinct(activation, 'zeros', epochs)).to.equal(1)
        expect(await distinct(activation, 'smallNormal', 10)).to.equal(5)
      }
    })
})

describe('5.13 claim: He keeps the signals of a deep ReLU network', () => {
  it('of 50 layers within a factor of 10, for every seed, where × 0.01 loses them', async () => {
    for (const seed of [1, 2, 3]) {
      const x = matrix(30, 100, normal(seed))
      const sizes = async (kernelInitializer: InitializerSpec) => {
        using model = sequential({
          inputShape: [100],
          seed,
          dtype: 'float64',
          layers: Array.from({ length: 50 }, () => layers.dense({ units: 100, activation: 'relu', kernelInitializer })),
        })
        const found = await model.activations(x)
        return Object.values(found).map(({ a }) => Math.sqrt(ops.mean(ops.square(a)).item()))
      }
      const [he, small] = [await sizes('he'), await sizes('smallNormal')]
      for (const size of he) expect(size, `seed ${seed}`).to.be.within(0.1, 10)
      expect(small[3], 'after four layers').to.be.below(1e-3)
      expect(small[49], 'after fifty').to.be.below(1e-40)
    }
  })
})

describe('5.19 claim: normalised inputs reach a cost in fewer steps', () => {
  it('at most ten where raw ones need more than 500, each at its best rate of one grid', async () => {
    for (const seed of [1, 2, 3]) {
      const next = normal(seed)
      // Sizes of about 100 and shares of about 0.5.
      const raw = Array.from({ length: 60 }, () => [100 + 40 * next(), 0.5 + 0.2 * next()])
      const targets = raw.map(([a, b]) => [0.02 * a + 3 * b + 0.1 * next()])
      const y = repeated(targets, 500)
      const normalised = data.normalizer.fit(tensor(raw, f64)).transform(tensor(raw, f64)).toArray() as number[][]
      const steps = (x: Tensor) =>
        bestOf(grid(-6, 4, 25), async (learningRate) => {
          using model = sequential({ inputShape: [2], seed, dtype: 'float64', layers: [layers.dense({ units: 1 })] })
          model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'meanSquaredError' })
          return stepsTo(0.02, await costsOf(model, x, y, 60))
        })
      expect(await steps(repeated(normalised, 500)), `seed ${seed}`).to.be.at.most(10)
      expect(await steps(repeated(raw, 500)), `seed ${seed}`).to.equal(Infinity)
    }
  })
})

describe('5.17 claim: L2 and dropout each narrow the gap between train and dev', () => {
  it('of a network that learns wrong labels by heart, for every seed', async () => {
    const train = digits(40)
    const dev = digits(60, 40)
    for (const seed of [1, 2, 3]) {
      const draw = uniform(seed)
      // One label in five is wrong.
      const labels = train.y.map((digit) => (draw() < 0.2 ? (digit + 1 + Math.floor(9 * draw())) % 10 : digit))
      const gap = async (kernelRegularizer: Regularizer | undefined, dropout: boolean) => {
        const keep = (keepProb: number) => layers.dropout({ keepProb: dropout ? keepProb : 1 })
        using model = sequential({
          inputShape: [784],
          seed,
          layers: [
            keep(0.8),
            layers.dense({ units: 64, activation: 'relu', kernelRegularizer }),
            keep(0.5),
            layers.dense({ units: 10, activation: 'softmax', kernelRegularizer }),
          ],
        })
        const optimizer = optimizers.adam({ learningRate: 3e-3 })
        model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
        await model.fit(train.x, labels, { epochs: 60, batchSize: 50 })
        const [onTrain, onDev] = [await model.evaluate(train.x, labels), await model.evaluate(dev.x, dev.y)]
        return { cost: onDev.dataLoss - onTrain.dataLoss, error: onTrain.accuracy - onDev.accuracy }
      }
      const plain = await gap(undefined, false)
      const l2 = await gap(regularizers.l2({ lambda: 1 }), false)
      const dropped = await gap(undefined, true)
      expect(l2.cost, `seed ${seed}`).to.be.below(0.6 * plain.cost)
      expect(dropped.cost, `seed ${seed}`).to.be.below(0.75 * plain.cost)
      for (const { error } of [l2, dropped]) expect(error, `seed ${seed}`).to.be.below(0.85 * plain.error)
    }
  })
})

describe('6.9 claim: momentum, RMSprop and Adam need fewer steps than gradient descent in an elongated bowl', () => {
  /** J = ½u² + 200v² with (u, v) the weights (w₁, w₂) turned by `degrees`; a row of 1 for every step. */
  const steps = async (optimizer: Optimizer, degrees: number, start: readonly [number, number]) => {
    const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
    const turn = tensor([cos, -sin, sin, cos], [2, 2], f64)
    const halves = tensor([[0.5, 200]], f64)
    using model = sequential({
      inputShape: [1],
      dtype: 'float64',
      layers: [layers.dense({ units: 2, useBias: false })],
    })
    model.compile({ optimizer, loss: (_, w) => ops.sum(ops.mul(halves, ops.square(ops.matmul(w, turn)))) })
    model.setWeights([{ name: 'dense_1', weight: [[start[0]], [start[1]]] }])
    const rows = 1000
    const x = tensor(new Float64Array(rows).fill(1), [rows, 1])
    try {
      const { batches } = await model.fit(x, tensor(new Float64Array(2 * rows), [rows, 2]), { batchSize: 1 })
      // Until it stays below, so that passing through the floor by luck does not count.
      const last = batches.findLastIndex((cost) => cost >= 0.1)
      return last === rows - 1 ? Infinity : last + 1
    } catch (error) {
      if (error instanceof NonFiniteError) return Infinity
      throw error
    }
  }
  const makers = [
    (learningRate: number) => optimizers.gradientDescent({ learningRate }),
    (learningRate: number) => optimizers.momentum({ learningRate }),
    (learningRate: number) => optimizers.rmsprop({ learningRate }),
    (learningRate: number) => optimizers.adam({ learningRate }),
  ]
  for (const [degrees, start] of [
    [0, [-8, 2]],
    [10, [-5, 3]],
  ] as const)
    it(`turned by ${degrees}°, from (${start.join(', ')}): RMSprop below ⅔, momentum and Adam below ¼`, async () => {
      const best: number[] = []
      for (const make of makers) best.push(await bestOf(grid(-3, 8, 29), (rate) => steps(make(rate), degrees, start)))
      const [plain, momentum, rmsprop, adam] = best
      expect(plain, 'the grid suits gradient descent').to.be.below(700)
      expect(rmsprop).to.be.below(0.67 * plain)
      expect(momentum).to.be.below(0.25 * plain)
      expect(adam).to.be.below(0.25 * plain)
    })
})

describe('6.2 claim: mini-batches reach a cost with less work than all examples at once', () => {
  it('a fifth of the passes over the digits, each at its best rate of one grid, for every seed', async () => {
    const { x, y } = digits(100)
    for (const seed of [1, 2, 3]) {
      const passes = (batchSize: number | 'all', epochs: number) =>
        bestOf(grid(-1.5, 2, 4), async (learningRate) => {
          using model = sequential({
            inputShape: [784],
            seed,
            layers: [
              layers.dense({ units: 32, activation: 'relu' }),
              layers.dense({ units: 10, activation: 'softmax' }),
            ],
          })
          model.compile({
            optimizer: optimizers.gradientDescent({ learningRate }),
            loss: 'sparseCategoricalCrossentropy',
          })
          const { epochs: logs } = await model.fit(x, y, { epochs, batchSize })
          return stepsTo(
            0.3,
            Float64Array.from(logs, ({ loss }) => loss),
          )
        })
      const [all, mini] = [await passes('all', 100), await passes(32, 10)]
      expect(all, 'reached at all').to.be.below(100)
      expect(mini, `seed ${seed}`).to.be.at.most(all / 5)
    }
  })
})
