/** Chapter 5, practical aspects: initialisation, checking derivatives, what λ does. */
import { expect } from 'chai'
import {
  defineLayer,
  gradientCheck,
  initializers,
  layers,
  numericalDerivative,
  ops,
  optimizers,
  regularizers,
  sequential,
  type InitializerSpec,
  type WeightHandle,
} from '../../lib'
import { matrix, normal, planar, rejected, ring } from './helpers'

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

describe('5.14 numerical derivatives', () => {
  it('f = θ³ at 1, ε = 0.01: 3.0001 from both sides, 3.0301 from one', () => {
    const f = (t: number) => t ** 3
    expect(numericalDerivative(f, 1, { epsilon: 0.01 })).to.be.closeTo(3.0001, 1e-10)
    expect(numericalDerivative(f, 1, { epsilon: 0.01, sided: 'one' })).to.be.closeTo(3.0301, 1e-10)
  })
})

describe('5.15 gradient checking', () => {
  const widths = (activation: 'relu' | 'tanh', kernelInitializer?: InitializerSpec) => {
    const model = sequential({
      inputShape: [4],
      seed: 2,
      dtype: 'float64',
      layers: [
        layers.dense({ units: 5, activation, kernelInitializer, kernelRegularizer: regularizers.l2({ lambda: 0.7 }) }),
        layers.dense({ units: 3, activation, kernelInitializer }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: 'binaryCrossentropy' })
    return model
  }
  const x = matrix(8, 4, next)
  const y = [0, 1, 1, 0, 1, 0, 0, 1]

  it('correct nets pass: zero biases and ReLU, × 0.01 and tanh, penalties included, at the start and after training', async () => {
    for (const model of [widths('relu'), widths('tanh', 'smallNormal')]) {
      const check = await gradientCheck(model, x, y)
      expect(check.verdict, String(check)).to.equal('correct')
      expect(check.distance).to.be.at.most(Math.max(1e-7, check.floor))
      await model.fit(x, y, { epochs: 20 })
      expect((await gradientCheck(model, x, y)).verdict).to.equal('correct')
    }
  })

  it('a planted bug in db of layer 2 is reported as dense_2.bias', async () => {
    const model = widths('tanh')
    const { gradients } = await model.costAndGradients(x, y)
    const wrong = gradients.map((layer, l) => (l === 1 ? { ...layer, bias: ops.mul(2, layer.bias) } : layer))
    const check = await gradientCheck(model, x, y, { gradients: wrong as typeof gradients })
    expect(check.verdict).to.equal('wrong')
    expect(check.parameters[0].name).to.equal('dense_2.bias')
    expect(check.parameters.slice(1).every((p) => p.verdict === 'correct')).to.equal(true)
    const [worst] = check.parameters[0].worst
    expect(worst.analytic / worst.numeric).to.be.closeTo(2, 1e-4)
  })

  it('the distance is ‖g − ĝ‖/(‖g‖ + ‖ĝ‖); both zero gives 0', async () => {
    const model = widths('tanh')
    const { gradients } = await model.costAndGradients(x, y)
    const scaled = gradients.map(({ name, weight, bias }) => ({ name, weight: ops.mul(1.1, weight), bias: ops.mul(1.1, bias) })) // prettier-ignore
    expect((await gradientCheck(model, x, y, { gradients: scaled })).distance).to.be.closeTo(0.1 / 2.1, 1e-6)
    const flat = sequential({
      inputShape: [2],
      dtype: 'float64',
      layers: [layers.dense({ units: 1, kernelInitializer: 'zeros' })],
    })
    flat.compile({ optimizer: 'gradientDescent', loss: (_, a) => ops.mul(0, ops.sum(a)) })
    const zero = await gradientCheck(flat, [[1, 2]], [[0]])
    expect([zero.distance, zero.verdict]).to.deep.equal([0, 'correct'])
  })

  it('kinks are skipped and counted, dropout is refused or frozen', async () => {
    const kinked = sequential({
      inputShape: [2],
      dtype: 'float64',
      layers: [layers.dense({ units: 1, activation: 'relu', kernelInitializer: 'zeros' })],
    })
    kinked.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    expect((await gradientCheck(kinked, [[1, 2]], [[1]])).skipped).to.equal(3)
    const dropping = sequential({
      inputShape: [4],
      seed: 1,
      dtype: 'float64',
      layers: [
        layers.dense({ units: 6, activation: 'tanh' }),
        layers.dropout({ keepProb: 0.5 }),
        layers.dense({ units: 1 }),
      ],
    })
    dropping.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    expect((await rejected(gradientCheck(dropping, x, y))).message).to.include('dropout')
    expect((await gradientCheck(dropping, x, y, { dropout: 'frozen' })).verdict).to.equal('correct')
  })

  it('a big network is sampled', async () => {
    const big = sequential({
      inputShape: [60],
      seed: 1,
      dtype: 'float64',
      layers: [layers.dense({ units: 40, activation: 'tanh' }), layers.dense({ units: 1 })],
    })
    big.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const check = await gradientCheck(big, matrix(3, 60, next), [1, 2, 3], { sample: 20 })
    expect([check.sampled, check.verdict]).to.deep.equal([true, 'correct'])
    expect(check.checked).to.be.at.most(80)
  })
})

describe('5.16 the gradient of every activation, loss and regulariser', () => {
  const activations = ['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'softmax'] as const
  const penalties = [
    undefined,
    regularizers.l2({ lambda: 0.5 }),
    regularizers.l1({ lambda: 0.5 }),
    regularizers.l2({ l2: 0.1 }),
  ]
  const losses = [
    ['sigmoid', 'binaryCrossentropy', [[0, 1, 1], [1, 0, 1], [1, 1, 0]]], // prettier-ignore
    ['softmax', 'categoricalCrossentropy', [[0, 1, 0], [1, 0, 0], [0, 0, 1]]], // prettier-ignore
    ['softmax', 'sparseCategoricalCrossentropy', [2, 0, 1]],
    ['linear', 'meanSquaredError', [[0.3, 1, -1], [2, 0, 0.1], [1, 1, 3]]], // prettier-ignore
  ] as const
  for (const [output, loss, y] of losses)
    it(`${loss}, with every hidden activation and penalty: distance ≤ 1e-7 at ε = 1e-5`, async () => {
      for (const [i, activation] of activations.entries()) {
        const model = sequential({
          inputShape: [4],
          seed: 7 + i,
          dtype: 'float64',
          layers: [
            layers.dense({ units: 5, activation, kernelRegularizer: penalties[i % penalties.length] }),
            layers.activation('tanh'),
            layers.dense({ units: 3, activation: output, biasRegularizer: penalties[(i + 1) % penalties.length] }),
          ],
        })
        model.compile({ optimizer: 'gradientDescent', loss })
        const check = await gradientCheck(model, matrix(3, 4, next), y as never, { epsilon: 1e-5 })
        expect(check.distance, `${activation}\n${check}`).to.be.at.most(1e-7)
      }
    })

  it('a layer whose own gradient is wrong is found', async () => {
    const Wrong = defineLayer<object, { gain: WeightHandle }>({
      name: 'wrong',
      build: (shape, _config, add) => ({ gain: add('gain', shape, { initializer: initializers.constant(1.5) }) }),
      call: (x, { gain }) => ops.mul(x, gain),
      gradient: (dy, { x, w }) => ({
        x: ops.mul(dy, w.gain),
        weights: { gain: ops.mul(1.01, ops.sum(ops.mul(dy, x), { axis: 0 })) },
      }),
    })
    const model = sequential({
      inputShape: [4],
      seed: 1,
      dtype: 'float64',
      layers: [Wrong(), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const check = await gradientCheck(model, matrix(3, 4, next), [1, 2, 3])
    expect([check.verdict, check.parameters[0].name]).to.deep.equal(['wrong', 'wrong_1.gain'])
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
    const ratio = (i: number) => {
      const { z, a } = runs[i].hidden
      return Math.min(...z!.data.map((v, k) => (Math.abs(v) < 1e-12 ? 1 : a.data[k] / v)))
    }
    expect(ratio(4)).to.be.above(0.99)
    expect(ratio(0)).to.be.below(0.9)
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
