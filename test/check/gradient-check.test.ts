import { expect } from 'chai'
import {
  AbortError,
  defineLayer,
  gradientCheck,
  initializers,
  layers,
  NonFiniteError,
  numericalDerivative,
  ops,
  optimizers,
  OptionError,
  regularizers,
  sequential,
  ShapeError,
  StateError,
  tensor,
  type Model,
  type Tensor,
} from '../../lib'
import { Random } from '../../lib/data/random'

type LayerList = Parameters<typeof sequential>[0]['layers']

const random = new Random(11n)
const uniform = () => random.uint32() / 2 ** 31 - 1
const matrix = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, uniform))
const classes = (rows: number, n: number) => Array.from({ length: rows }, () => random.below(n))

function compiled(inputs: number, list: LayerList, loss: string, seed = 3): Model {
  const model = sequential({ inputShape: [inputs], seed, layers: list })
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: loss as never })
  return model
}

describe('5.14 numericalDerivative', () => {
  const cube = (t: number) => t ** 3
  it('two-sided and one-sided', () => {
    expect(numericalDerivative(cube, 1, { epsilon: 0.01 })).to.be.closeTo(3.0001, 1e-9)
    expect(numericalDerivative(cube, 1, { epsilon: 0.01, sided: 'one' })).to.be.closeTo(3.0301, 1e-9)
    expect(numericalDerivative(Math.sin, 0.5)).to.be.closeTo(Math.cos(0.5), 1e-9)
  })
  it('refuses what is no function, step or number', () => {
    expect(() => numericalDerivative(3 as never, 1)).to.throw(OptionError, 'function')
    expect(() => numericalDerivative(cube, 1, { epsilon: 0 })).to.throw(OptionError, 'above 0')
    expect(() => numericalDerivative(cube, 1, { sided: 'three' as never })).to.throw(OptionError, 'Known: two, one')
    expect(() => numericalDerivative(() => NaN, 1)).to.throw(NonFiniteError)
  })
})

describe('5.15 gradientCheck', function () {
  this.timeout(process.env.MYELIN_DEVICE ? 600_000 : 30_000) // the stand-in for a GPU takes its time

  it('20-40-30-10 softmax with λ = 0.7, m = 32 is correct, at the start and after training', async () => {
    const regularized = { activation: 'relu', kernelRegularizer: regularizers.l2({ lambda: 0.7 }) } as const
    const model = compiled(
      20,
      [
        layers.dense({ units: 40, ...regularized }),
        layers.dense({ units: 30, ...regularized }),
        layers.dense({ units: 10, ...regularized, activation: 'softmax' }),
      ],
      'sparseCategoricalCrossentropy',
    )
    const x = matrix(32, 20)
    const y = classes(32, 10)
    const start = performance.now()
    const check = await gradientCheck(model, x, y, { sample: Infinity })
    expect(check.verdict, String(check)).to.equal('correct')
    expect(check.checked + check.skipped).to.equal(20 * 40 + 40 + 40 * 30 + 30 + 30 * 10 + 10)
    if (!process.env.MYELIN_DEVICE) expect(performance.now() - start).to.be.below(10_000)
    expect((await gradientCheck(model, x, y)).sampled).to.equal(true)
    await model.fit(x, y, { epochs: 5, batchSize: 8 })
    expect((await gradientCheck(model, x, y)).verdict).to.equal('correct')
  })

  it('batchNorm is checked on the statistics of the batch, with dropout off and frozen too', async () => {
    const x = matrix(9, 4)
    const y = matrix(9, 1)
    const normalised = (...more: LayerList) =>
      compiled(
        4,
        [layers.dense({ units: 5, activation: 'tanh' }), layers.batchNorm(), ...more, layers.dense({ units: 1 })],
        'meanSquaredError',
      )
    using model = normalised()
    const { cost } = await model.costAndGradients(x, y, { training: true })
    expect(cost).to.not.be.closeTo((await model.costAndGradients(x, y)).cost, 1e-3)
    using dropping = normalised(layers.dropout({ rate: 0.4 }))
    dropping.setWeights(model.getWeights())
    for (const [tried, dropout] of [[model], [dropping, 'off']] as const) {
      const check = await gradientCheck(tried, x, y, { dropout })
      expect(check.verdict, String(check)).to.equal('correct')
      expect(check.cost).to.be.closeTo(cost, 1e-5 * Math.abs(cost))
      expect(check.parameters.map((p) => p.name)).to.include.members(['batchNorm_1.gamma', 'batchNorm_1.beta'])
    }
    expect((await gradientCheck(dropping, x, y, { dropout: 'frozen' })).verdict).to.equal('correct')
    model.freeze('batchNorm_1')
    expect((await gradientCheck(model, x, y)).cost).to.be.closeTo((await model.costAndGradients(x, y)).cost, 1e-5)
  })

  for (const [loss, activation, y] of [
    ['binaryCrossentropy', 'sigmoid', Array.from({ length: 9 }, () => [random.below(2), random.below(2)])],
    ['meanSquaredError', 'linear', matrix(9, 2)],
    ['categoricalCrossentropy', 'softmax', classes(9, 2).map((c) => (c ? [0, 1] : [1, 0]))],
  ] as const)
    for (const hidden of ['sigmoid', 'tanh', 'relu', 'leakyRelu'] as const)
      it(`${hidden}, then ${activation} with ${loss} is correct`, async () => {
        const model = compiled(
          4,
          [
            layers.dense({ units: 5, activation: hidden, kernelRegularizer: regularizers.l1({ lambda: 0.3 }) }),
            layers.dense({ units: 2, activation, biasRegularizer: regularizers.l2({ l2: 0.1 }) }),
          ],
          loss,
        )
        const check = await gradientCheck(model, matrix(9, 4), y as number[][])
        expect(check.verdict, String(check)).to.equal('correct')
        expect(check.parameters.map((p) => p.name)).to.have.members([
          'dense_1.weight',
          'dense_1.bias',
          'dense_2.weight',
          'dense_2.bias',
        ])
      })

  it('checks a user-written gradient set and names the tensor with the planted bug', async () => {
    const model = compiled(
      4,
      [layers.dense({ units: 5, activation: 'tanh' }), layers.dense({ units: 3, activation: 'softmax' })],
      'sparseCategoricalCrossentropy',
    )
    const x = matrix(10, 4)
    const y = classes(10, 3)
    const { gradients } = await model.costAndGradients(x, y)
    const planted = gradients.map((layer) =>
      layer.name === 'dense_2'
        ? { ...layer, bias: tensor(layer.bias.data.map((v, i) => (i === 1 ? v + 0.01 : v))) }
        : layer,
    )
    const check = await gradientCheck(model, x, y, { gradients: planted as never })
    expect(check.verdict).to.equal('wrong')
    expect(check.parameters[0].name).to.equal('dense_2.bias')
    expect(check.parameters[0].worst[0].index).to.deep.equal([1])
    expect(check.parameters[0].worst[0].analytic - check.parameters[0].worst[0].numeric).to.be.closeTo(0.01, 1e-4)
    for (const other of check.parameters.slice(1)) expect(other.verdict, other.name).not.to.equal('wrong')
  })

  it('finds a layer whose own gradient is wrong', async () => {
    const factory = (wrong: number) =>
      defineLayer<object>({
        name: 'scale',
        build: (inputShape, _config, add) => ({
          gain: add('gain', inputShape, { initializer: initializers.constant(2) }),
        }),
        call: (x, w) => ops.mul(x, ops.reshape(w.gain, [1, 4])),
        gradient: (dy, { x, w }) => ({
          x: ops.mul(dy, ops.reshape(w.gain, [1, 4])),
          weights: { gain: ops.mul(wrong, ops.sum(ops.mul(dy, x), { axis: 0 })) },
        }),
      })
    for (const [wrong, verdict] of [
      [1, 'correct'],
      [1.5, 'wrong'],
    ] as const) {
      const list = [layers.dense({ units: 4, activation: 'tanh' }), factory(wrong)({}), layers.dense({ units: 1 })]
      const model = compiled(3, list as LayerList, 'meanSquaredError')
      const check = await gradientCheck(model, matrix(8, 3), matrix(8, 1))
      expect(check.verdict, String(check)).to.equal(verdict)
      if (verdict === 'wrong') expect(check.parameters[0].name).to.equal('scale_1.gain')
    }
  })

  it('skips and counts kinks: a ReLU exactly at 0', async () => {
    const model = compiled(
      2,
      [layers.dense({ units: 3, activation: 'relu' }), layers.dense({ units: 1 })],
      'meanSquaredError',
    )
    // Biases are zero, so an example of zeros stands on every kink of the layer.
    const check = await gradientCheck(
      model,
      [
        [0, 0],
        [0.3, -0.7],
      ],
      [[1], [2]],
    )
    expect(check.verdict, String(check)).to.equal('correct')
    const bias = check.parameters.find((p) => p.name === 'dense_1.bias')!
    expect([bias.checked, bias.skipped]).to.deep.equal([0, 3])
    expect(check.skipped).to.equal(3)
  })

  it('×0.01 tanh nets pass although their gradients are tiny', async () => {
    const small = { activation: 'tanh', kernelInitializer: 'smallNormal' } as const
    const list = [
      layers.dense({ units: 6, ...small }),
      layers.dense({ units: 5, ...small }),
      layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'smallNormal' }),
    ]
    const check = await gradientCheck(
      compiled(4, list, 'binaryCrossentropy'),
      matrix(12, 4),
      classes(12, 2).map((c) => [c]),
    )
    expect(check.verdict, String(check)).to.equal('correct')
  })

  it('both gradients zero is distance 0', async () => {
    const zeros = { kernelInitializer: 'zeros' } as const
    const model = compiled(2, [layers.dense({ units: 1, ...zeros })], 'meanSquaredError')
    const check = await gradientCheck(model, [[0, 0]], [[0]])
    expect([check.distance, check.verdict, check.cost]).to.deep.equal([0, 'correct', 0])
  })

  it('every other kind of layer, an own activation and an own loss are correct', async () => {
    const [x, y] = [matrix(7, 6), matrix(7, 2)]
    const images = x.map((row) => [row.slice(0, 3), row.slice(3)])
    const list = [
      layers.normalize(),
      layers.flatten(),
      layers.dense({ units: 5, activation: (z) => ops.mul(z, ops.sigmoid(z)), useBias: false }),
      layers.activation({ name: 'leakyRelu', slope: 0.3 }),
      layers.lambda((a) => ops.maximum(a, ops.mul(0.5, ops.tanh(a))), { name: 'bent' }),
      layers.dense({ units: 4, trainable: false }),
      layers.activation('tanh'),
      layers.dense({ units: 2 }),
    ]
    const model = sequential({ inputShape: [2, 3], seed: 8, layers: list })
    const loss = (yTrue: Tensor, yPred: Tensor) => ops.mean(ops.power(ops.abs(ops.sub(yTrue, yPred)), 3))
    model.compile({ optimizer: 'adam', loss })
    const unadapted = await gradientCheck(model, images, y).then(
      () => null,
      (error: Error) => error,
    )
    expect(unadapted).to.be.instanceOf(StateError)
    await model.adapt(images)
    const check = await gradientCheck(model, images, y)
    expect(check.verdict, String(check)).to.equal('correct')
    expect(check.parameters.map((p) => p.name)).to.have.members(['dense_1.weight', 'dense_3.weight', 'dense_3.bias'])
  })

  it('refuses dropout unless it is off or frozen', async () => {
    const list = [
      layers.dense({ units: 8, activation: 'tanh' }),
      layers.dropout({ keepProb: 0.5 }),
      layers.dense({ units: 1 }),
    ]
    const model = compiled(3, list, 'meanSquaredError')
    const [x, y] = [matrix(6, 3), matrix(6, 1)]
    const refused = await gradientCheck(model, x, y).then(
      () => null,
      (error: Error) => error,
    )
    expect(refused).to.be.instanceOf(OptionError)
    expect(refused!.message).to.match(/expected a model without random numbers, got one with dropout or another layer/)
    const off = await gradientCheck(model, x, y, { dropout: 'off' })
    const frozen = await gradientCheck(model, x, y, { dropout: 'frozen', seed: 5 })
    expect([off.verdict, frozen.verdict], String(frozen)).to.deep.equal(['correct', 'correct'])
    expect(frozen.cost).not.to.equal(off.cost)
  })

  it('leaves the model as it was', async () => {
    const model = compiled(3, [layers.dense({ units: 2 })], 'meanSquaredError')
    const before = model.getWeights().map((layer) => [...layer.weight.data, ...layer.bias.data])
    await gradientCheck(model, matrix(4, 3), matrix(4, 2))
    expect(model.getWeights().map((layer) => [...layer.weight.data, ...layer.bias.data])).to.deep.equal(before)
  })

  it('refuses bad input by name', async () => {
    const model = compiled(3, [layers.dense({ units: 2 })], 'meanSquaredError')
    const [x, y] = [matrix(4, 3), matrix(4, 2)]
    const error = (promise: Promise<unknown>) =>
      promise.then(
        () => null,
        (reason: Error) => reason,
      )
    expect(await error(gradientCheck(model, matrix(4, 2), y))).to.be.instanceOf(ShapeError)
    expect(await error(gradientCheck(model, [[1, NaN, 2]], [[1, 1]]))).to.be.instanceOf(NonFiniteError)
    expect(await error(gradientCheck(model, x, y, { epsilon: 0 }))).to.be.instanceOf(OptionError)
    expect(await error(gradientCheck(model, x, y, { eps: 1 } as never))).to.be.instanceOf(OptionError)
    expect(await error(gradientCheck(model, x, y, { gradients: [] }))).to.be.instanceOf(OptionError)
    const bare = sequential({ inputShape: [3], layers: [layers.dense({ units: 2 })] })
    expect(await error(gradientCheck(bare, x, y))).to.be.instanceOf(StateError)
    const aborted = await error(gradientCheck(model, x, y, { signal: AbortSignal.abort('enough') }))
    expect(aborted).to.be.instanceOf(AbortError)
    expect(aborted!.cause).to.equal('enough')
  })
})
