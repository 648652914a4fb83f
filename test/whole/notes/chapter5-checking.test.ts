/** Checking derivatives. */
import { expect } from 'chai'
import {
  defineLayer,
  devices,
  gradientCheck,
  initializers,
  layers,
  numericalDerivative,
  ops,
  optimizers,
  regularizers,
  sequential,
  type DeviceName,
  type InitializerSpec,
  type Tensor,
  type WeightHandle,
} from '../../../lib'
import * as b from '../../../lib/graph/build'
import type { Node } from '../../../lib/graph/node'
import { primitives } from '../../../lib/graph/primitives'
import { cases, derivativesOf, generator, inputNodesOf, inputsOf, isFixed, nameOf } from '../../ops/cases'
import { distance } from '../../ops/distance'
import { compile } from '../../ops/run'
import { matrix, normal, rejected } from './support'

const next = normal(61)

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

  it('correct nets pass: zero biases and ReLU, × 0.01 and tanh, penalties, at the start and trained', async () => {
    for (const model of [widths('relu'), widths('tanh', 'smallNormal')]) {
      const check = await gradientCheck(model, x, y)
      expect(check.verdict, String(check)).to.equal('correct')
      expect(check.distance).to.be.at.most(Math.max(1e-7, check.floor))
      expect(check.skipped, 'kinks').to.be.below(0.1 * check.checked)
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
    expect(String(check)).to.match(/gradient check: wrong.*[\s\S]*\ndense_2.bias +wrong/)
  })

  it('the verdict on the whole θ: correct up to 1e-7, look again about 1e-5, wrong from 1e-3 on', async () => {
    const model = widths('tanh')
    const { gradients } = await model.costAndGradients(x, y)
    const judged = async (factor: number) => {
      const scaled = gradients.map(({ name, weight, bias }) => ({
        name,
        weight: ops.mul(factor, weight),
        bias: ops.mul(factor, bias),
      }))
      return gradientCheck(model, x, y, { gradients: scaled, epsilon: 1e-5 })
    }
    for (const [distance, verdict] of [
      [0, 'correct'],
      [5e-8, 'correct'],
      [2e-7, 'suspicious'],
      [1e-5, 'suspicious'],
      [9e-4, 'suspicious'],
      [1.1e-3, 'wrong'],
    ] as const) {
      // ‖g·f − g‖/(‖g·f‖ + ‖g‖) = (f − 1)/(f + 1).
      const check = await judged((1 + distance) / (1 - distance))
      expect(check.verdict, `${distance}`).to.equal(verdict)
      expect(check.distance).to.be.closeTo(distance, 1e-9)
    }
  })

  it('all parameters are one θ: one distance and one floor, 8·2⁻⁵³·|J|·√n/(ε(‖g‖ + ‖ĝ‖)), of all entries', async () => {
    const model = widths('tanh')
    const check = await gradientCheck(model, x, y, { worst: 100 })
    const entries = check.parameters.flatMap(({ worst }) => worst)
    const n = 4 * 5 + 5 + 5 * 3 + 3 + 3 + 1
    expect([entries.length, check.checked, check.skipped]).to.deep.equal([n, n, 0])
    const norm = (of: (entry: (typeof entries)[number]) => number) =>
      Math.sqrt(entries.reduce((sum, e) => sum + of(e) ** 2, 0))
    const size = norm((e) => e.analytic) + norm((e) => e.numeric)
    expect(check.distance / (norm((e) => e.analytic - e.numeric) / size)).to.be.closeTo(1, 1e-9)
    expect(check.floor / ((8 * 2 ** -53 * Math.abs(check.cost) * Math.sqrt(n)) / (1e-7 * size))).to.be.closeTo(1, 1e-9)
    expect(check.parameters.map(({ name }) => name).sort()).to.deep.equal(
      [1, 2, 3].flatMap((l) => [`dense_${l}.bias`, `dense_${l}.weight`]),
    )
    const { cost, dataLoss } = await model.costAndGradients(x, y)
    expect(cost - dataLoss, 'a penalty').to.be.above(0.01)
    expect(check.cost).to.be.closeTo(cost, 1e-14)
  })

  it('a distance that rounding explains is correct: small gradients of a large cost', async () => {
    const model = sequential({
      inputShape: [1],
      dtype: 'float64',
      layers: [layers.dense({ units: 1, kernelInitializer: 'zeros', useBias: false })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: (_, a) => ops.add(1e6, ops.mul(1e-3, ops.sum(a))) })
    const check = await gradientCheck(model, [[1]], [[0]])
    expect(check.distance).to.be.above(1e-7)
    expect(check.distance).to.be.below(check.floor)
    expect(check.verdict).to.equal('correct')
  })

  it('is done in float64 for a float32 model too, and never by fit', async () => {
    let traced = 0
    const model = sequential({
      inputShape: [4],
      seed: 3,
      layers: [layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 1 })],
    })
    const loss = (yTrue: Tensor, a: Tensor) => {
      traced++
      return ops.mean(ops.square(ops.sub(a, yTrue)))
    }
    model.compile({ optimizer: 'gradientDescent', loss })
    await model.fit(x, y, { epochs: 30, batchSize: 'all' })
    expect(traced, 'how often the loss was recorded: once for all steps').to.equal(1)
    const check = await gradientCheck(model, x, y)
    expect([check.verdict, check.distance < 1e-6]).to.deep.equal(['correct', true])
    expect(traced).to.be.above(1)
  })

  it('the distance is ‖g − ĝ‖/(‖g‖ + ‖ĝ‖); both zero gives 0', async () => {
    const model = widths('tanh')
    const { gradients } = await model.costAndGradients(x, y)
    const scaled = gradients.map(({ name, weight, bias }) => ({
      name,
      weight: ops.mul(1.1, weight),
      bias: ops.mul(1.1, bias),
    }))
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
    // z = 5e-8: w₁ and b move it across 0, w₂ = x₂·ε by 1e-8 does not.
    kinked.setWeights([{ name: 'dense_1', weight: [[0, 0]], bias: [5e-8] }])
    const near = await gradientCheck(kinked, [[1, 0.1]], [[1]])
    expect([near.checked, near.skipped]).to.deep.equal([1, 2])
    expect(near.parameters.find(({ name }) => name === 'dense_1.weight')!.worst[0].index).to.deep.equal([0, 1])
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
    const [frozen, off] = [
      await gradientCheck(dropping, x, y, { dropout: 'frozen' }),
      await gradientCheck(dropping, x, y, { dropout: 'off' }),
    ]
    expect([frozen.verdict, off.verdict]).to.deep.equal(['correct', 'correct'])
    // Another mask would make every entry a kink.
    expect([frozen.checked, frozen.skipped]).to.deep.equal([4 * 6 + 6 + 6 + 1, 0])
    expect(off.cost).to.be.closeTo((await dropping.costAndGradients(x, y)).cost, 1e-12)
    expect(frozen.cost, 'the cost with a mask').to.not.be.closeTo(off.cost, 1e-3)
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

describe('5.16 the gradient of every primitive', () => {
  /** Σ weights·y: a scalar whose derivative shows every entry of dy/dx. */
  const mixed = (y: Node) => {
    const random = generator(16)
    const size = y.shape.reduce((n, d) => n * d, 1)
    const factors = Array.from({ length: size }, () => random() - 0.5)
    return b.sum(b.mul(y, b.constantArray(factors, y.shape)))
  }

  it('no primitive is left out', () => {
    const sources = ['input', 'state', 'hyper', 'constant', 'randomUniform', 'custom', 'sumDuplicates']
    const wanted = Object.keys(primitives).filter((name) => !sources.includes(name))
    expect(wanted.filter((name) => !cases.some(({ op }) => op === name))).to.deep.equal([])
  })

  for (const { name: device } of devices())
    for (const op of new Set(cases.filter(({ large }) => !large).map((c) => c.op)))
      it(`${op} on ${device}: distance ≤ 1e-7 at ε = 1e-5`, () => {
        const own = cases.filter((c) => c.op === op && !c.large)
        let steep = 0
        for (const c of own) {
          const inputs = inputNodesOf(c)
          const cost = mixed(c.build(...inputs))
          const run = compile([cost, ...derivativesOf(cost, inputs)], inputs, 'float64', 'fused', 0n, device)
          const values = inputsOf(c, 16)
          const analytic = run(values).slice(1)
          const numeric = values.map((list, k) =>
            list.map((value, i) => {
              if (isFixed(c, k)) return 0
              const at = (v: number) => run(values.map((other, j) => (j === k ? other.with(i, v) : other)))[0][0]
              return (at(value + 1e-5) - at(value - 1e-5)) / 2e-5
            }),
          )
          expect(distance(analytic.flat(), numeric.flat()), nameOf(c)).to.be.at.most(1e-7)
          steep += analytic.flat().filter((d) => d !== 0).length
        }
        if (own.some((c) => !c.flat && c.shapes.length > 0))
          expect(steep, 'derivatives that are not zero').to.be.above(0)
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
  const labels = [
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ]
  const oneHot = [
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 1],
  ]
  const numbers = [
    [0.3, 1, -1],
    [2, 0, 0.1],
    [1, 1, 3],
  ]
  const losses = [
    ['sigmoid', 'binaryCrossentropy', labels],
    ['softmax', 'categoricalCrossentropy', oneHot],
    ['softmax', 'sparseCategoricalCrossentropy', [2, 0, 1]],
    ['linear', 'meanSquaredError', numbers],
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

  for (const { name: device } of devices())
    it(`every layer and penalty on ${device}: distance ≤ 1e-7 at ε = 1e-5`, async () => {
      const Own = defineLayer<object, { gain: WeightHandle }>({
        name: 'own',
        build: (shape, _config, add) => ({ gain: add('gain', shape, { initializer: initializers.constant(1.5) }) }),
        call: (x, { gain }) => ops.sin(ops.mul(x, gain)),
      })
      const { l1, l2, l1l2 } = regularizers
      const every = [
        l2({ lambda: 0.5 }),
        l2({ l2: 0.1 }),
        l1({ lambda: 0.5 }),
        l1({ l1: 0.1 }),
        l1l2({ lambda1: 0.5, lambda2: 0.3 }),
        l1l2({ l1: 0.1, l2: 0.2 }),
      ]
      const variance = [
        [4, 1, 0.5],
        [1, 2, 9],
      ]
      for (const penalty of every) {
        const model = sequential({
          inputShape: [2, 3],
          seed: 11,
          dtype: 'float64',
          device: device as DeviceName,
          layers: [
            layers.normalize({ mean: matrix(2, 3, next), variance }),
            layers.flatten(),
            Own(),
            layers.dense({
              units: 5,
              kernelRegularizer: penalty,
              biasRegularizer: penalty,
              biasInitializer: initializers.constant(0.2),
            }),
            layers.activation({ name: 'leakyRelu', slope: 0.2 }),
            layers.dropout({ keepProb: 0.6 }),
            layers.lambda((t) => ops.mul(t, ops.sum(t, { axis: 1, keepDims: true })), { name: 'by_its_sum' }),
            layers.dense({ units: 2, useBias: false }),
          ],
        })
        model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
        const x = Array.from({ length: 3 }, () => matrix(2, 3, next))
        const check = await gradientCheck(model, x, matrix(3, 2, next), { epsilon: 1e-5, dropout: 'frozen' })
        expect(check.distance, String(check)).to.be.at.most(1e-7)
        expect(check.parameters.map(({ name }) => name)).to.have.members([
          'own_1.gain',
          'dense_1.weight',
          'dense_1.bias',
          'dense_2.weight',
        ])
        for (const { name, worst } of check.parameters) expect(worst[0]?.analytic, name).to.not.equal(0)
        const { cost, dataLoss } = await model.costAndGradients(x, matrix(3, 2, next))
        expect(cost - dataLoss, 'the penalty').to.be.above(0.01)
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
