/** Initial weights, and what λ does to them. */
import { expect } from 'chai'
import { initializers, layers, ops, optimizers, regularizers, sequential, type InitializerSpec } from '../../../lib'
import { matrix, normal, planar, ring } from './support'

const next = normal(61)

describe('5.13 initialisers', () => {
  const weightOf = (kernelInitializer: InitializerSpec, seed = 1) =>
    sequential({
      inputShape: [1000],
      seed,
      dtype: 'float64',
      layers: [layers.dense({ units: 250, kernelInitializer })],
    }).getWeights()[0].weight
  const variances: [string, InitializerSpec, number][] = [
    ['Xavier: 1/n_(l−1)', 'xavier', 0.001],
    ['He: 2/n_(l−1)', 'he', 0.002],
    ['Glorot: 2/(n_(l−1) + n_l)', 'glorot', 0.0016],
    ['normal × 0.01', 'smallNormal', 1e-4],
    ['a variance of one’s own', initializers.normal({ variance: 0.5 }), 0.5],
  ]
  for (const [name, spec, variance] of variances)
    it(`${name}: variance of W [250, 1000] is ${variance} ± 2 %`, () => {
      const W = weightOf(spec)
      expect(ops.mean(ops.square(W)).item() / variance).to.be.closeTo(1, 0.02)
      expect(Math.abs(ops.mean(W).item())).to.be.below(4 * Math.sqrt(variance / 250_000))
    })

  it('zeros and constants are exact; the same seed gives the same weights', () => {
    expect(new Set(weightOf('zeros').data)).to.deep.equal(new Set([0]))
    expect(new Set(weightOf(initializers.constant(0.3)).data)).to.deep.equal(new Set([0.3]))
    expect([...weightOf('he', 5).data]).to.deep.equal([...weightOf('he', 5).data])
    expect([...weightOf('he', 5).data]).to.not.deep.equal([...weightOf('he', 6).data])
  })

  it('the default follows the activation', () => {
    const varianceBefore = (activation: 'relu' | 'leakyRelu' | 'tanh') => {
      const model = sequential({
        inputShape: [1000],
        seed: 2,
        dtype: 'float64',
        layers: [layers.dense({ units: 250, activation })],
      })
      return ops.mean(ops.square(model.getWeights()[0].weight)).item()
    }
    expect(varianceBefore('relu') / 0.002).to.be.closeTo(1, 0.02)
    expect(varianceBefore('leakyRelu') / 0.002).to.be.closeTo(1, 0.02)
    expect(varianceBefore('tanh') / 0.001).to.be.closeTo(1, 0.02)
  })

  it('He keeps the signals of 50 ReLU layers within a factor of 10 where × 0.01 does not', async () => {
    const x = matrix(30, 200, next)
    const sizes = async (kernelInitializer: InitializerSpec) => {
      const model = sequential({
        inputShape: [200],
        seed: 3,
        dtype: 'float64',
        layers: Array.from({ length: 50 }, () => layers.dense({ units: 200, activation: 'relu', kernelInitializer })),
      })
      const found = await model.activations(x)
      return Object.values(found).map(({ a }) => Math.sqrt(ops.mean(ops.square(a)).item()))
    }
    for (const size of await sizes('he')) expect(size).to.be.within(0.1, 10)
    const small = await sizes('smallNormal')
    expect(small[small.length - 1]).to.be.below(1e-10)
  })
})

describe('5.17 what λ does', () => {
  it('‖W‖² falls as λ grows; at the largest, tanh(z) is within 1 % of z', async () => {
    const { x, y } = planar(80, 6)
    const trained = async (lambda: number) => {
      const model = sequential({
        inputShape: [2],
        seed: 1,
        dtype: 'float64',
        layers: [
          layers.dense({ units: 10, activation: 'tanh', kernelRegularizer: regularizers.l2({ lambda }) }),
          layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer: regularizers.l2({ lambda }) }),
        ],
      })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.5 }), loss: 'binaryCrossentropy' })
      await model.fit(x, y, { epochs: 600, batchSize: 'all' })
      const norm = model.getWeights().reduce((sum, { weight }) => sum + ops.sumSquares(weight).item(), 0)
      return { norm, hidden: (await model.activations(x)).dense_1 }
    }
    const runs: Awaited<ReturnType<typeof trained>>[] = []
    for (const lambda of [0, 0.1, 1, 10, 100]) runs.push(await trained(lambda))
    for (let i = 1; i < runs.length; i++) expect(runs[i].norm).to.be.below(runs[i - 1].norm)
    const ratios = (i: number) => {
      const { z, a } = runs[i].hidden
      return Array.from(a.data, (v, k) => v / z!.data[k]).filter((_, k) => z!.data[k] !== 0)
    }
    const linear = ratios(runs.length - 1)
    expect(linear.length, 'z that are not 0').to.be.above(700)
    expect(Math.min(...linear)).to.be.above(0.99)
    expect(Math.min(...ratios(0))).to.be.below(0.9)
  })

  it('too small a λ overfits, too large a one underfits, and the dev cost is lowest between', async () => {
    const noisy = (m: number, seed: number) => {
      const draw = normal(seed)
      const { x, y } = ring(m, seed)
      return { x: x.map((row) => row.map((v) => v + 0.5 * draw())), y }
    }
    const [train, dev] = [noisy(40, 3), noisy(400, 53)]
    const costs: { train: number; dev: number }[] = []
    for (const lambda of [0, 0.3, 1, 3, 30, 300]) {
      using model = sequential({
        inputShape: [2],
        seed: 1,
        layers: [
          layers.dense({ units: 40, activation: 'relu', kernelRegularizer: regularizers.l2({ lambda }) }),
          layers.dense({ units: 20, activation: 'relu', kernelRegularizer: regularizers.l2({ lambda }) }),
          layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer: regularizers.l2({ lambda }) }),
        ],
      })
      model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy' })
      await model.fit(train.x, train.y, { epochs: 300, batchSize: 'all' })
      const at = async (part: typeof train) => (await model.evaluate(part.x, part.y)).dataLoss
      costs.push({ train: await at(train), dev: await at(dev) })
    }
    const [over, ...between] = costs
    const under = between.pop()!
    const best = between.reduce((low, cost) => (cost.dev < low.dev ? cost : low))
    for (let i = 1; i < costs.length; i++) expect(costs[i].train).to.be.above(costs[i - 1].train - 0.01)
    // Overfit: learnt by heart, useless elsewhere. Underfit: no better than ln 2 anywhere. Right: better than both.
    expect(over.train).to.be.below(0.05)
    expect(over.dev).to.be.above(best.dev + 0.3)
    expect(under.train).to.be.above(0.6)
    expect(under.dev).to.be.above(best.dev + 0.1)
  })

  it('L2 and dropout each narrow the gap between train and dev cost of an overfitting network', async () => {
    const gapWith = async (kernelRegularizer: ReturnType<typeof regularizers.l2> | undefined, keepProb: number) => {
      let total = 0
      for (const seed of [1, 2]) {
        const noisy = (points: ReturnType<typeof ring>, s: number) => {
          const draw = normal(s)
          return { x: points.x.map((row) => row.map((v) => v + 0.5 * draw())), y: points.y }
        }
        const [train, dev] = [noisy(ring(40, seed), seed + 10), noisy(ring(200, seed + 50), seed + 20)]
        const model = sequential({
          inputShape: [2],
          seed,
          layers: [
            layers.dense({ units: 60, activation: 'relu', kernelRegularizer }),
            layers.dropout({ keepProb }),
            layers.dense({ units: 30, activation: 'relu', kernelRegularizer }),
            layers.dropout({ keepProb }),
            layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer }),
          ],
        })
        model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy' })
        await model.fit(train.x, train.y, { epochs: 300, batchSize: 'all' })
        const at = async (part: typeof train) => (await model.evaluate(part.x, part.y)).dataLoss
        total += (await at(dev)) - (await at(train))
      }
      return total / 2
    }
    const plain = await gapWith(undefined, 1)
    expect(await gapWith(regularizers.l2({ lambda: 1 }), 1)).to.be.below(0.5 * plain)
    expect(await gapWith(undefined, 0.6)).to.be.below(0.8 * plain)
  })
})
