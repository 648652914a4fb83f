/** Deep networks. */
import { expect } from 'chai'
import { grad, layerBlock, layers, ops, optimizers, sequential, tensor, type Tensor } from '../../../lib'
import { accuracyOf, close, matrix, normal, warnings } from './support'

const f64 = { dtype: 'float64' } as const
const next = normal(41)

/** ReLU layers of the widths given, the last one with a sigmoid. */
function deep([inputs, ...widths]: readonly number[]) {
  const model = sequential({
    inputShape: [inputs],
    seed: 1,
    dtype: 'float64',
    layers: widths.map((units, i) =>
      layers.dense({ units, activation: i < widths.length - 1 ? 'relu' : 'sigmoid', biasInitializer: 'smallNormal' }),
    ),
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: 'binaryCrossentropy' })
  return model
}

describe('4.1 networks of any depth and width', () => {
  it('[3, 5, 5, 3, 1]: n_l of each layer', () => {
    const model = deep([3, 5, 5, 3, 1])
    expect(model.layers.map(({ outputShape }) => outputShape)).to.deep.equal([[5], [5], [3], [1]])
    expect(model.layers.map(({ inputShape }) => inputShape)).to.deep.equal([[3], [5], [5], [3]])
  })
})

describe('4.2 forward through all layers', () => {
  it('Z_l = W_l·A_(l−1) + b_l and A_l = g_l(Z_l) by name, as a loop says', async () => {
    const model = deep([3, 5, 5, 3, 1])
    const x = matrix(4, 3, next)
    const found = await model.activations(x)
    let a = x
    model.getWeights().forEach(({ name, weight, bias }, l) => {
      const [rows, columns] = weight.shape
      const z = a.map((input) =>
        Array.from({ length: rows }, (_, i) => {
          let sum = bias.data[i]
          for (let k = 0; k < columns; k++) sum += weight.data[i * columns + k] * input[k]
          return sum
        }),
      )
      a = z.map((row) => row.map((v) => (l < 3 ? Math.max(0, v) : 1 / (1 + Math.exp(-v)))))
      close(found[name].z!, z, 1e-12)
      close(found[name].a, a, 1e-12)
    })
    expect(Object.keys(found)).to.deep.equal(['dense_1', 'dense_2', 'dense_3', 'dense_4'])
  })
})

describe('4.3 dimensions of [2, 3, 5, 4, 2, 1]', () => {
  const widths = [2, 3, 5, 4, 2, 1]
  const [x, y] = [matrix(6, 2, next), [0, 1, 1, 0, 1, 0]]

  it('W, b, dW, db, Z, A', async () => {
    const model = deep(widths)
    const { gradients } = await model.costAndGradients(x, y)
    const found = await model.activations(x)
    model.getWeights().forEach(({ name, weight, bias }, i) => {
      expect(weight.shape).to.deep.equal([widths[i + 1], widths[i]])
      expect(bias.shape).to.deep.equal([widths[i + 1]])
      expect(gradients[i].weight.shape).to.deep.equal(weight.shape)
      expect(gradients[i].bias.shape).to.deep.equal(bias.shape)
      const { z, a } = found[name]
      expect(z!.shape).to.deep.equal([6, widths[i + 1]])
      expect(a.shape).to.deep.equal(z!.shape)
    })
  })

  it('dZ and dA of every layer, on the way back through its blocks', async () => {
    const model = deep(widths)
    const { gradients } = await model.costAndGradients(x, y)
    // Each layer as two blocks: Z from A, and A from Z.
    const steps = model.getWeights().map(({ weight, bias }, i) => {
      const linear = layerBlock(layers.dense({ units: widths[i + 1] }), { inputShape: [widths[i]] })
      linear.weights = { weight, bias }
      return { linear, g: layerBlock(layers.activation(i < 4 ? 'relu' : 'sigmoid'), { inputShape: [widths[i + 1]] }) }
    })
    let a = tensor(x, f64)
    const caches = steps.map(({ linear, g }) => {
      const before = linear.forward(a)
      const after = g.forward(before.a)
      a = after.a
      return { linear: before.cache, g: after.cache }
    })
    const Y = tensor(y, [6, 1], f64)
    let dA = ops.sub(ops.div(ops.sub(1, Y), ops.sub(1, a)), ops.div(Y, a))
    for (let l = 5; l >= 1; l--) {
      expect(dA.shape, `dA${l}`).to.deep.equal([6, widths[l]])
      const { dA: dZ } = steps[l - 1].g.backward(dA, caches[l - 1].g)
      expect(dZ.shape, `dZ${l}`).to.deep.equal([6, widths[l]])
      const back = steps[l - 1].linear.backward(dZ, caches[l - 1].linear)
      close(back.gradients.weight, gradients[l - 1].weight, 1e-12)
      close(back.gradients.bias, gradients[l - 1].bias, 1e-12)
      dA = back.dA
    }
    expect(dA.shape, 'dA0').to.deep.equal([6, 2])
  })
})

/** All 2ⁿ inputs and their parity. */
function parity(n: number) {
  const x = Array.from({ length: 2 ** n }, (_, i) => Array.from({ length: n }, (_, bit) => (i >> bit) & 1))
  return { x, y: x.map((bits) => bits.reduce((a, b) => a ^ b, 0)) }
}

describe('4.4 XOR of n inputs', () => {
  for (const n of [4, 8])
    it(`as a tree of ReLU pairs is exact on all 2^${n} inputs with ${2 * (n - 1)} hidden units`, () => {
      const hidden: number[] = []
      for (let width = n; width >= 2; width /= 2) hidden.push(width)
      const model = sequential({
        inputShape: [n],
        layers: [...hidden.map((units) => layers.dense({ units, activation: 'relu' })), layers.dense({ units: 1 })],
      })
      expect(hidden.reduce((a, b) => a + b)).to.equal(2 * (n - 1))
      // XOR(a, b) = u − 2v with u = relu(a + b), v = relu(a + b − 1). Two unit pairs feed the next one.
      const inputsOf = (l: number) => (l === 0 ? [1, 1] : [1, -2, 1, -2])
      const rowOf = (l: number, unit: number) => {
        const entries = inputsOf(l)
        const weight = new Array<number>(l === 0 ? n : hidden[l - 1]).fill(0)
        entries.forEach((w, k) => (weight[(unit >> 1) * entries.length + k] = w))
        return weight
      }
      model.setWeights([
        ...hidden.map((units, l) => ({
          name: `dense_${l + 1}`,
          weight: Array.from({ length: units }, (_, unit) => rowOf(l, unit)),
          bias: Array.from({ length: units }, (_, unit) => -(unit % 2)),
        })),
        { name: `dense_${hidden.length + 1}`, weight: [[1, -2]], bias: [0] },
      ])
      const { x, y } = parity(n)
      expect([...model.predictSync(x).data]).to.deep.equal(y)
    })

  const train = async (widths: number[], seed: number) => {
    const model = sequential({
      inputShape: [4],
      seed,
      layers: [
        ...widths.map((units) => layers.dense({ units, activation: 'tanh' })),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy' })
    const { x, y } = parity(4)
    await model.fit(x, y, { epochs: 600, batchSize: 'all' })
    return accuracyOf(await model.predict(x), y)
  }

  it('[4, 16, 8, 1] with tanh learns it, best of three seeds; one hidden layer beside it', async () => {
    const deepest = await Promise.all([1, 2, 3].map((seed) => train([16, 8], seed)))
    expect(Math.max(...deepest)).to.equal(1)
    const shallow = await Promise.all([1, 2, 3].map((seed) => train([24], seed)))
    expect(Math.max(...shallow)).to.be.at.least(0.75)
  })
})

describe('4.6 dA_L of the binary cross-entropy', () => {
  it('a = 0.8, 0.4; y = 1, 0: −1.25, 1.6667; times a(1 − a): −0.2, 0.4', () => {
    const [a, y] = [tensor([0.8, 0.4], f64), tensor([1, 0], f64)]
    const total = (p: Tensor) =>
      ops.sum(ops.neg(ops.add(ops.mul(y, ops.log(p)), ops.mul(ops.sub(1, y), ops.log(ops.sub(1, p))))))
    const [dA] = grad(total)(a)
    close(dA, [-1.25, 1 / 0.6], 1e-14)
    close(ops.mul(dA, ops.mul(a, ops.sub(1, a))), [-0.2, 0.4], 1e-15)
    // The same from z: the derivative of what the loss computes.
    const z = ops.log(ops.div(a, ops.sub(1, a)))
    close(grad((t: Tensor) => ops.sum(ops.sigmoidCrossEntropy(t, y)))(z)[0], [-0.2, 0.4], 1e-15)
  })

  it('is what the loss gives where only a is known: one entry per example, divided by m in J', async () => {
    const itself = (t: Tensor) => ops.mul(t, 1)
    const model = sequential({
      inputShape: [2],
      dtype: 'float64',
      layers: [layers.dense({ units: 1, activation: itself, useBias: false })],
    })
    const seen = await warnings(() => model.compile({ optimizer: 'gradientDescent', loss: 'binaryCrossentropy' }))
    expect(seen.join()).to.include('sigmoid')
    // a = w₁ for the first example and w₂ for the second, so dJ/dw is dA/m.
    model.setWeights([{ name: 'dense_1', weight: [[0.8, 0.4]] }])
    const unitMatrix = [
      [1, 0],
      [0, 1],
    ]
    const { gradients } = await model.costAndGradients(unitMatrix, [1, 0])
    close(gradients[0].weight, [-1.25 / 2, 1 / 0.6 / 2], 1e-14)
  })
})
