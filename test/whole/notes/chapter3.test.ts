/** Shallow networks. */
import { expect } from 'chai'
import {
  diagnose,
  grad,
  initializers,
  layers,
  ops,
  optimizers,
  range,
  search,
  sequential,
  tensor,
  type Tensor,
} from '../../../lib'
import { accuracyOf, close, matrix, normal, planar, ring, thrown, warnings } from './support'

const f64 = { dtype: 'float64' } as const
const sigma = (z: number) => 1 / (1 + Math.exp(-z))

/** The network of most tests: three inputs, four hidden units, one output. */
function twoLayers(seed = 1) {
  const model = sequential({
    inputShape: [3],
    seed,
    dtype: 'float64',
    layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: 'binaryCrossentropy' })
  return model
}

const x = matrix(5, 3, normal(31))
const y = [1, 0, 0, 1, 1]

describe('3.1 a two-layer network', () => {
  it('has W1 (4, 3), b1 (4), W2 (1, 4), b2 (1) and 21 parameters; the input is no layer', () => {
    const model = twoLayers()
    const [first, second] = model.getWeights()
    expect([first.weight.shape, first.bias.shape]).to.deep.equal([[4, 3], [4]])
    expect([second.weight.shape, second.bias.shape]).to.deep.equal([[1, 4], [1]])
    expect(model.layers).to.have.length(2)
    const lines = model.summary().split('\n')
    const row = (name: string) => lines.find((line) => line.startsWith(name))
    expect(row('dense_1')).to.include('weight [4, 3], bias [4]').and.match(/ 16$/)
    expect(row('dense_2')).to.include('weight [1, 4], bias [1]').and.match(/ 5$/)
    expect(lines[lines.length - 1]).to.include('total parameters: 21 ')
  })
})

describe('3.2 forward for m examples at once', () => {
  it('equals a loop over examples and units to 1e-12', () => {
    const model = twoLayers()
    model.setWeights(
      model.getWeights().map((layer) => ({ ...layer, bias: layer.bias.data.map((_, i) => 0.1 * (i + 1)) })),
    )
    const [{ weight: W1, bias: b1 }, { weight: W2, bias: b2 }] = model.getWeights()
    const expected = x.map((row) => {
      const a1 = [0, 1, 2, 3].map((j) => Math.tanh(row.reduce((z, v, k) => z + W1.data[j * 3 + k] * v, b1.data[j])))
      return sigma(a1.reduce((z, v, j) => z + W2.data[j] * v, b2.data[0]))
    })
    close(model.predictSync(x), expected, 1e-12)
  })
})

describe('3.3 activations', () => {
  const z = [-3, -0.5, 0, 0.5, 3]
  const formulas = {
    sigmoid: sigma,
    tanh: (v: number) => (Math.exp(v) - Math.exp(-v)) / (Math.exp(v) + Math.exp(-v)),
    relu: (v: number) => Math.max(0, v),
    leakyRelu: (v: number) => Math.max(0.01 * v, v),
    linear: (v: number) => v,
  }
  const apply = (spec: Parameters<typeof layers.activation>[0]) =>
    sequential({ inputShape: [5], dtype: 'float64', layers: [layers.activation(spec)] }).predictSync([z])

  for (const [name, formula] of Object.entries(formulas))
    it(`${name} is its formula`, () => close(apply(name as keyof typeof formulas), z.map(formula), 1e-15))

  it('the slope of leakyRelu can be set', () =>
    close(
      apply({ name: 'leakyRelu', slope: 0.2 }),
      z.map((v) => Math.max(0.2 * v, v)),
      1e-15,
    ))

  it('softmax is eᶻ/Σeᶻ and sums to 1', () => {
    const total = z.reduce((sum, v) => sum + Math.exp(v), 0)
    const a = apply('softmax')
    close(
      a,
      z.map((v) => Math.exp(v) / total),
      1e-15,
    )
    expect(ops.sum(a).item()).to.be.closeTo(1, 1e-15)
  })

  it('every layer has its own', () => {
    const names = ['relu', 'tanh', 'leakyRelu', 'sigmoid'] as const
    const model = sequential({
      inputShape: [2],
      layers: names.map((activation) => layers.dense({ units: 2, activation })),
    })
    expect(model.layers.map(({ activation }) => activation)).to.deep.equal(names)
  })
})

describe('3.4 derivatives of activations', () => {
  const slope = (f: (z: Tensor) => Tensor, z: number[]) => grad((t: Tensor) => ops.sum(f(t)))(tensor(z, f64))[0]

  it('sigmoid′ = a(1 − a): 4.54e-5, 0.25, 4.54e-5 at −10, 0, 10', () => {
    const d = slope(ops.sigmoid, [-10, 0, 10])
    close(d, [4.54e-5, 0.25, 4.54e-5], 5e-8)
    close(
      d,
      [-10, 0, 10].map((v) => sigma(v) * (1 - sigma(v))),
      1e-15,
    )
  })

  it('tanh′ = 1 − a²', () =>
    close(
      slope(ops.tanh, [-10, 0, 10, 0.3]),
      [-10, 0, 10, 0.3].map((v) => 1 - Math.tanh(v) ** 2),
      1e-15,
    ))

  it('relu′ = 0 below 0, 1 from 0 on; leakyRelu′ = 0.01 and 1', () => {
    close(slope(ops.relu, [-1, -1e-9, 0, 1e-9, 2]), [0, 0, 1, 1, 1], 0)
    close(
      slope((z) => ops.leakyRelu(z, { slope: 0.01 }), [-1, 0, 2]),
      [0.01, 1, 1],
      0,
    )
  })
})

describe('3.6 linear hidden layers collapse', () => {
  const build = (activation: 'linear' | 'tanh') =>
    sequential({
      inputShape: [3],
      seed: 4,
      dtype: 'float64',
      layers: [
        layers.dense({ units: 4, activation, biasInitializer: initializers.constant(0.3) }),
        layers.dense({ units: 2, biasInitializer: initializers.constant(-0.2) }),
      ],
    })

  it('into W′ = W2·W1, b′ = W2·b1 + b2', async () => {
    const model = build('linear')
    const [{ weight: W1, bias: b1 }, { weight: W2, bias: b2 }] = model.getWeights()
    const W = ops.matmul(W2, W1)
    const b = ops.add(ops.dot(W2, b1), b2)
    const one = ops.add(ops.matmul(tensor(x, f64), W, { transposeB: true }), ops.reshape(b, [1, 2]))
    close(model.predictSync(x), one, 1e-12)
  })

  it('and the library warns of it, but not where a non-linearity stands between', async () => {
    expect((await warnings(() => build('linear'))).join())
      .to.include('dense_1')
      .and.include('dense_2')
    expect(await warnings(() => build('tanh'))).to.be.empty
  })
})

describe('3.7 backward through the two-layer network', () => {
  it('dZ2, dW2, db2, dZ1, dW1, db1 by hand, to 1e-12', async () => {
    const model = twoLayers(3)
    const [, { weight: W2 }] = model.getWeights()
    const { dense_1: hidden, dense_2: output } = await model.activations(x)
    const m = x.length
    const dZ2 = ops.sub(output.a, tensor(y, [m, 1], f64))
    const dW2 = ops.div(ops.matmul(dZ2, hidden.a, { transposeA: true }), m)
    const db2 = ops.div(ops.sum(dZ2, { axis: 0 }), m)
    const dZ1 = ops.mul(ops.matmul(dZ2, W2), ops.sub(1, ops.square(hidden.a)))
    const dW1 = ops.div(ops.matmul(dZ1, tensor(x, f64), { transposeA: true }), m)
    const db1 = ops.div(ops.sum(dZ1, { axis: 0 }), m)
    const { gradients } = await model.costAndGradients(x, y)
    close(gradients[1].weight, dW2, 1e-12)
    close(gradients[1].bias, db2, 1e-12)
    close(gradients[0].weight, dW1, 1e-12)
    close(gradients[0].bias, db1, 1e-12)
  })
})

describe('3.8 zero initialisation never breaks symmetry', () => {
  const train = async (kernelInitializer: 'zeros' | 'smallNormal') => {
    const model = sequential({
      inputShape: [2],
      seed: 2,
      dtype: 'float64',
      layers: [
        layers.dense({ units: 3, activation: 'sigmoid', kernelInitializer }),
        layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer }),
      ],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1 }), loss: 'binaryCrossentropy' })
    expect([...model.getWeights()[0].bias.data]).to.deep.equal([0, 0, 0])
    const { x: points, y: labels } = ring(40, 5)
    await model.fit(points, labels, { epochs: 100, batchSize: 'all' })
    return model.getWeights()[0].weight.toArray() as number[][]
  }

  it('W = 0, sigmoid, 100 steps: W1 has moved and its rows are equal bit for bit', async () => {
    const [first, second, third] = await train('zeros')
    expect(first.every((w) => w !== 0)).to.equal(true)
    expect(second).to.deep.equal(first)
    expect(third).to.deep.equal(first)
  })

  it('random × 0.01: rows differ', async () => {
    const [first, second, third] = await train('smallNormal')
    expect(second).to.not.deep.equal(first)
    expect(third).to.not.deep.equal(first)
  })
})

describe('3.9 gradient descent until converged', () => {
  it('a step takes α times its own gradient from each of W1, b1, W2, b2', async () => {
    const model = twoLayers(5)
    const before = model.getWeights()
    const { gradients } = await model.costAndGradients(x, y)
    await model.trainOnBatch(x, y)
    model.getWeights().forEach(({ weight, bias }, l) => {
      close(weight, ops.sub(before[l].weight, ops.mul(0.1, gradients[l].weight)), 1e-15)
      close(bias, ops.sub(before[l].bias, ops.mul(0.1, gradients[l].bias)), 1e-15)
    })
  })

  it('separates what no line separates, ≥ 95 % on the training set, and says it converged', async () => {
    const { x: points, y: labels } = ring(120, 7)
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [layers.dense({ units: 6, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1 }), loss: 'binaryCrossentropy' })
    const tolerance = 1e-4
    const history = await model.fit(points, labels, { epochs: 5000, batchSize: 'all', stopWhen: { tolerance } })
    expect(history.stopped).to.equal('converged')
    const costs = history.epochs.map(({ loss }) => loss)
    const changes = costs.slice(1).map((cost, i) => Math.abs(cost - costs[i]))
    expect(changes.pop()).to.be.below(tolerance)
    expect(changes.every((change) => change >= tolerance)).to.equal(true)
    expect(accuracyOf(await model.predict(points), labels)).to.be.at.least(0.95)
    const line = sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    line.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1 }), loss: 'binaryCrossentropy' })
    await line.fit(points, labels, { epochs: 1000, batchSize: 'all' })
    expect(accuracyOf(await line.predict(points), labels), 'what a line separates').to.be.below(0.75)
  })
})

describe('3.10 activations for hidden layers', () => {
  it('tanh beats sigmoid on the planar set: a lower cost after the same steps, for three seeds', async () => {
    const { x: points, y: labels } = planar(200, 1)
    const costAfter = async (activation: 'tanh' | 'sigmoid', seed: number) => {
      const model = sequential({
        inputShape: [2],
        seed,
        layers: [layers.dense({ units: 8, activation }), layers.dense({ units: 1, activation: 'sigmoid' })],
      })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.5 }), loss: 'binaryCrossentropy' })
      await model.fit(points, labels, { epochs: 600, batchSize: 'all' })
      return (await model.evaluate(points, labels)).loss
    }
    for (const seed of [1, 2, 3])
      expect(await costAfter('tanh', seed)).to.be.below((await costAfter('sigmoid', seed)) - 0.05)
  })

  it('candidates are compared on the dev set, the one with the smallest error first', async () => {
    const [train, dev] = [planar(200, 2), planar(200, 3)]
    const errorOf = async (activation: 'sigmoid' | 'tanh' | 'relu') => {
      using model = sequential({
        inputShape: [2],
        seed: 1,
        layers: [layers.dense({ units: 8, activation }), layers.dense({ units: 1, activation: 'sigmoid' })],
      })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.5 }), loss: 'binaryCrossentropy' })
      await model.fit(train.x, train.y, { epochs: 300, batchSize: 'all' })
      return 1 - accuracyOf(await model.predict(dev.x), dev.y)
    }
    const candidates = ['sigmoid', 'tanh', 'relu'] as const
    const space = { activation: range.choice(candidates) }
    const { best, trials } = await search(space, ({ activation }) => errorOf(activation), { strategy: 'grid' })
    const errors = await Promise.all(candidates.map(errorOf))
    expect(new Set(errors).size, 'errors that differ').to.be.at.least(2)
    expect(trials.map(({ error }) => error)).to.deep.equal([...errors].sort((a, b) => a - b))
    for (const { config, error } of trials) expect(error).to.equal(errors[candidates.indexOf(config.activation)])
    expect(best).to.deep.equal(trials[0])
  })

  const advise = (
    hidden: 'sigmoid' | 'tanh' | 'relu' | 'softmax',
    output: 'sigmoid' | 'linear' | 'softmax',
    target: 'binary' | 'classes' | 'regression',
  ) => {
    const model = sequential({
      inputShape: [2],
      layers: [layers.dense({ units: 3, activation: hidden }), layers.dense({ units: 2, activation: output })],
    })
    return diagnose.activationAdvice(model, { target }).map(({ better }) => better)
  }

  it('sigmoid for 0/1, softmax for classes, linear for regression; ReLU in hidden layers, or tanh, not sigmoid', () => {
    expect(advise('relu', 'sigmoid', 'binary')).to.deep.equal([null, null])
    expect(advise('tanh', 'linear', 'regression')).to.deep.equal([null, null])
    expect(advise('relu', 'softmax', 'classes')).to.deep.equal([null, null])
    expect(advise('sigmoid', 'linear', 'binary')).to.deep.equal(['tanh', 'sigmoid'])
    expect(advise('softmax', 'sigmoid', 'regression')).to.deep.equal(['relu', 'linear'])
    expect(advise('relu', 'sigmoid', 'classes')).to.deep.equal([null, 'softmax'])
  })

  it('takes the target from the compiled loss, and says why', () => {
    const model = sequential({
      inputShape: [2],
      layers: [layers.dense({ units: 3, activation: 'sigmoid' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    expect(thrown(() => diagnose.activationAdvice(model)).message).to.include('compile')
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
    const [hidden, output] = diagnose.activationAdvice(model)
    expect([hidden.layer, hidden.better, output.better]).to.deep.equal(['dense_1', 'tanh', null])
    expect(hidden.reason).to.include('mean 0')
  })
})
