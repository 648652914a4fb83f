/** Logistic regression and computation graphs. */
import { expect } from 'chai'
import {
  diagnose,
  grad,
  layers,
  ops,
  optimizers,
  sequential,
  tensor,
  trace,
  valueAndGrad,
  type Tensor,
  type Value,
} from '../../../lib'
import { close, matrix, normal, warnings } from './support'

const sigma = (z: number) => 1 / (1 + Math.exp(-z))

/** Logistic regression whose weights start at zero. */
function logistic(inputs: number, learningRate = 0.1, dtype: 'float32' | 'float64' = 'float64') {
  const model = sequential({
    inputShape: [inputs],
    seed: 1,
    dtype,
    layers: [layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'zeros' })],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'binaryCrossentropy' })
  return model
}

const next = normal(21)
const x = matrix(7, 3, next)
const y = [1, 0, 0, 1, 1, 0, 1]

describe('2.1 logistic regression', () => {
  it('says a = 0.5 everywhere at the start, and the cost is ln 2', async () => {
    const model = logistic(3)
    expect([...model.predictSync(x).data]).to.deep.equal(y.map(() => 0.5))
    expect((await model.costAndGradients(x, y)).cost).to.be.closeTo(Math.LN2, 1e-15)
  })

  it('a = sigmoid(w·x + b)', () => {
    const model = logistic(3)
    model.setWeights([{ name: 'dense_1', weight: [[0.5, -1, 2]], bias: [0.25] }])
    close(
      model.predictSync(x),
      x.map((v) => sigma(0.5 * v[0] - v[1] + 2 * v[2] + 0.25)),
      1e-15,
    )
  })
})

describe('2.2 a safe sigmoid and cross-entropy for any z', () => {
  const at = async (z: number, label: number, dtype: 'float32' | 'float64' = 'float64') => {
    const model = logistic(1, 0.1, dtype)
    model.setWeights([{ name: 'dense_1', weight: [[z]], bias: [0] }])
    const { cost, gradients } = await model.costAndGradients([[1]], [label])
    return { a: model.predictSync([[1]]).data[0], cost, slope: gradients[0].bias.data[0] }
  }

  for (const dtype of ['float32', 'float64'] as const)
    it(`z = ±1000: finite cost, gradient a − y, in ${dtype}`, async () => {
      for (const [z, label, cost, slope] of [
        [1000, 0, 1000, 1],
        [1000, 1, 0, 0],
        [-1000, 1, 1000, -1],
        [-1000, 0, 0, 0],
      ])
        expect(await at(z, label, dtype)).to.deep.equal({ a: z > 0 ? 1 : 0, cost, slope })
    })

  it('the cost comes from z, not from a rounded to 1: ln(1 + e⁻⁴⁰) at z = 40, and 40 for the wrong label', async () => {
    const right = await at(40, 1)
    expect(right.a).to.equal(1)
    expect(right.cost / Math.exp(-40)).to.be.closeTo(1, 1e-12)
    expect(await at(40, 0)).to.deep.equal({ a: 1, cost: 40, slope: 1 })
    const far = await at(-40, 0)
    expect(far.cost / Math.exp(-40)).to.be.closeTo(1, 1e-12)
    expect(far.slope / Math.exp(-40)).to.be.closeTo(1, 1e-12)
  })
})

describe('2.3 loss of an example, cost of all', () => {
  it('y = 1: −ln a; y = 0: −ln(1 − a); J is their mean', async () => {
    const model = logistic(1)
    model.setWeights([{ name: 'dense_1', weight: [[1]], bias: [0] }])
    const [z1, z2] = [0.7, -1.3]
    const first = (await model.costAndGradients([[z1]], [1])).cost
    const second = (await model.costAndGradients([[z2]], [0])).cost
    expect(first).to.be.closeTo(-Math.log(sigma(z1)), 1e-15)
    expect(second).to.be.closeTo(-Math.log(1 - sigma(z2)), 1e-15)
    expect((await model.costAndGradients([[z1], [z2]], [1, 0])).cost).to.be.closeTo((first + second) / 2, 1e-15)
    // Maximum likelihood: exp(−m·J) is the probability of the labels.
    expect(Math.exp(-(first + second))).to.be.closeTo(sigma(z1) * (1 - sigma(z2)), 1e-15)
  })
})

describe('2.4 gradient descent on a convex cost', () => {
  it('J falls at every step for a small α, and the path of (w, b) can be recorded', async () => {
    const model = logistic(1, 0.2)
    const points = [[-2], [-1], [0.5], [1], [-0.5], [2]]
    const labels = [0, 0, 1, 0, 1, 1]
    const path: [number, number][] = []
    const record = () => {
      const [{ weight, bias }] = model.getWeights()
      path.push([weight.data[0], bias.data[0]])
    }
    record()
    const { batches } = await model.fit(points, labels, { epochs: 200, batchSize: 'all', onEpoch: record })
    for (let t = 1; t < batches.length; t++) expect(batches[t]).to.be.below(batches[t - 1])
    expect(path).to.have.length(201)
    // Each step of the path is −α·dJ by hand.
    for (const t of [0, 1, 57]) {
      const dz = points.map(([v], i) => sigma(path[t][0] * v + path[t][1]) - labels[i])
      const dw = dz.reduce((sum, d, i) => sum + d * points[i][0], 0) / 6
      const db = dz.reduce((sum, d) => sum + d, 0) / 6
      expect(path[t + 1][0]).to.be.closeTo(path[t][0] - 0.2 * dw, 1e-14)
      expect(path[t + 1][1]).to.be.closeTo(path[t][1] - 0.2 * db, 1e-14)
    }
  })
})

const J = (a: Value, b: Value, c: Value) => {
  const u = ops.named('u', ops.mul(b, c))
  const v = ops.named('v', ops.add(a, u))
  return ops.named('J', ops.mul(3, v))
}

describe('2.5 the computation graph of J = 3(a + bc)', () => {
  it('a = 5, b = 3, c = 2: u = 6, v = 11, J = 33', () => {
    const nodes = trace(J, [[], [], []]).evaluate(5, 3, 2)
    const value = (name: string) => nodes.find((node) => node.name === name)?.value
    expect([value('u'), value('v'), value('J')]).to.deep.equal([6, 11, 33])
  })
})

describe('2.6 derivatives backwards through any function', () => {
  it('dJ/dv = 3, dJ/da = 3, dJ/du = 3, dJ/db = 6, dJ/dc = 9', () => {
    expect(grad(J)(5, 3, 2)).to.deep.equal([3, 6, 9])
    const nodes = trace(J, [[], [], []]).evaluate(5, 3, 2)
    const derivative = (name: string) => nodes.find((node) => node.name === name)?.derivative
    expect(['v', 'a', 'u', 'b', 'c'].map(derivative)).to.deep.equal([3, 3, 3, 6, 9])
  })

  it('of tensors too: d sum(x²)/dx = 2x', () => {
    const x = tensor([
      [1, -2],
      [3, 0],
    ])
    const [dx] = grad((t: Tensor) => ops.sum(ops.mul(t, t)))(x)
    expect(dx.toArray()).to.deep.equal([
      [2, -4],
      [6, 0],
    ])
  })
})

describe('2.7 a picture of a computation graph', () => {
  it('names every node, with its value and derivative', () => {
    const graph = trace(J, [[], [], []])
    const dot = graph.toDot({ at: [5, 3, 2] })
    expect(dot).to.match(/^digraph/)
    for (const node of graph.nodes) expect(dot).to.include(node.name)
    for (const shown of ['33', '11', '6', '9']) expect(dot).to.match(new RegExp(`\\b${shown}\\b`))
  })
})

/** The gradient of logistic regression, by explicit loops over examples and features. */
function loops(w: number[], b: number) {
  let cost = 0
  let db = 0
  const dw = w.map(() => 0)
  x.forEach((row, i) => {
    const z = row.reduce((sum, v, k) => sum + w[k] * v, b)
    const a = sigma(z)
    cost += -(y[i] * Math.log(a) + (1 - y[i]) * Math.log(1 - a))
    const dz = a - y[i]
    row.forEach((v, k) => (dw[k] += v * dz))
    db += dz
  })
  return { cost: cost / x.length, dw: dw.map((d) => d / x.length), db: db / x.length }
}

describe('2.8 the gradients of logistic regression', () => {
  it('da, dz = a − y, dw = x·dz, db = dz are the derivatives of the graph', () => {
    const [x1, x2, label] = [0.3, -1.2, 1]
    const L = (a: Value) => ops.neg(ops.add(ops.mul(label, ops.log(a)), ops.mul(1 - label, ops.log(ops.sub(1, a)))))
    const whole = (w1: Value, w2: Value, b: Value) =>
      L(ops.sigmoid(ops.add(ops.add(ops.mul(w1, x1), ops.mul(w2, x2)), b)))
    const [w1, w2, b] = [0.5, -0.4, 0.1]
    const a = sigma(w1 * x1 + w2 * x2 + b)
    expect(grad(L)(a)[0]).to.be.closeTo(-label / a + (1 - label) / (1 - a), 1e-14)
    const dz = a - label
    close(grad(whole)(w1, w2, b), [x1 * dz, x2 * dz, dz], 1e-14)
  })
})

describe('2.9 the gradient over m examples at once', () => {
  it('equals the explicit loops to 1e-12; dW has the shape [1, n_x]', async () => {
    const model = logistic(3)
    const w = [0.2, -0.7, 1.1]
    model.setWeights([{ name: 'dense_1', weight: [w], bias: [-0.3] }])
    const expected = loops(w, -0.3)
    const { cost, gradients } = await model.costAndGradients(x, y)
    expect(cost).to.be.closeTo(expected.cost, 1e-12)
    expect(gradients[0].weight.shape).to.deep.equal([1, 3])
    close(gradients[0].weight, expected.dw, 1e-12)
    close(gradients[0].bias, expected.db, 1e-12)
    // The same from ops: dZ = A − Y, dW = dZᵀX/m, db = mean(dZ).
    const X = tensor(x, { dtype: 'float64' })
    const dZ = ops.sub(model.predictSync(x), tensor(y, [7, 1], { dtype: 'float64' }))
    close(ops.div(ops.matmul(dZ, X, { transposeA: true }), 7), expected.dw, 1e-12)
    close(ops.mean(dZ), expected.db, 1e-12)
  })

  it('a step is w − α·dw, b − α·db', async () => {
    const model = logistic(3, 0.4)
    const w = [0.2, -0.7, 1.1]
    model.setWeights([{ name: 'dense_1', weight: [w], bias: [-0.3] }])
    const { dw, db } = loops(w, -0.3)
    await model.trainOnBatch(x, y)
    const [{ weight, bias }] = model.getWeights()
    close(
      weight,
      w.map((v, k) => v - 0.4 * dw[k]),
      1e-12,
    )
    close(bias, -0.3 - 0.4 * db, 1e-12)
  })
})

describe('2.15 why not squared error behind a sigmoid', () => {
  it('compile warns', async () => {
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    const seen = await warnings(() => model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' }))
    expect(seen.join()).to.match(/sigmoid/)
    expect(await warnings(() => model.compile({ optimizer: 'gradientDescent', loss: 'binaryCrossentropy' }))).to.be
      .empty
  })

  it('at y = 1, z = −2 its curvature is −0.119; that of the cross-entropy is +0.105', () => {
    const curvature = (f: (z: Value) => Tensor) => grad((z: Value) => grad(f)(z as Tensor)[0])(-2)[0]
    // The squared error here is (a − y)²; half of it has half the curvature.
    const squared = (z: Value) => ops.square(ops.sub(ops.sigmoid(z), 1))
    expect(curvature(squared)).to.be.closeTo(-0.119, 5e-4)
    expect(curvature((z) => ops.sigmoidCrossEntropy(z, 1))).to.be.closeTo(0.105, 5e-4)
    const bends = (f: (z: Value) => Value) => diagnose.curvature(f, [-2]).eigenvalues[0]
    close(
      [bends(squared), bends((z) => ops.sigmoidCrossEntropy(z, 1))],
      [curvature(squared), sigma(-2) * sigma(2)],
      1e-12,
    )
    expect(valueAndGrad(squared)(-2).value).to.be.closeTo((sigma(-2) - 1) ** 2, 1e-12)
  })
})
