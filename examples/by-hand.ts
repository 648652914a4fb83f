/**
 * Forwards and backwards by hand: every formula written out beside what the library computes, in float64, so that the
 * two can be compared to the last digits.
 *
 *   npm run examples -- by-hand
 */
import {
  grad,
  initializers,
  layerBlock,
  layers,
  ops,
  optimizers,
  regularizers,
  sequential,
  tensor,
  type Model,
  type Tensor,
} from 'myelin'
import * as plot from 'myelin/plot'
import { adviceOf, apart, digits, notice, percent, run, save, table } from './support/show'

const f64 = { dtype: 'float64' } as const
const sigma = (z: number) => 1 / (1 + Math.exp(-z))
const m = 6
const x = ops.randomNormal([m, 3], { seed: 1, ...f64 })
const y = [1, 0, 0, 1, 1, 0]
const Y = tensor(y, [m, 1], f64)

/** A network of two layers: three inputs, four hidden tanh units, one sigmoid. */
function twoLayers(lambda = 0): Model {
  const kernelRegularizer = lambda ? regularizers.l2({ lambda }) : undefined
  const model = sequential({
    inputShape: [3],
    seed: 1,
    dtype: 'float64',
    layers: [
      layers.dense({ units: 4, activation: 'tanh', kernelRegularizer }),
      layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer }),
    ],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.5 }), loss: 'binaryCrossentropy' })
  return model
}

/** Outputs: example by example and unit by unit, and all at once. */
function forward(): void {
  using model = twoLayers()
  console.log(model.summary())
  const [{ weight: W1, bias: b1 }, { weight: W2, bias: b2 }] = model.getWeights()
  const byLoops = (x.toArray() as number[][]).map((features) => {
    const hidden = [0, 1, 2, 3].map((j) => {
      const z = features.reduce((sum, value, k) => sum + W1.data[3 * j + k] * value, b1.data[j])
      return Math.tanh(z)
    })
    return sigma(hidden.reduce((sum, a, j) => sum + W2.data[j] * a, b2.data[0]))
  })
  const off = apart(model.predictSync(x), byLoops)
  notice(`The outputs for ${m} examples at once differ from the loops by ${digits(off)}.`, off < 1e-14)
}

/** Derivatives of the activations. */
function slopes(): void {
  const z = [-10, 0, 10]
  const derivative = (g: (z: Tensor) => Tensor) => grad((t: Tensor) => ops.sum(g(t)))(tensor(z, f64))[0]
  const found = {
    sigmoid: { g: derivative(ops.sigmoid), formula: z.map((v) => sigma(v) * (1 - sigma(v))) },
    tanh: { g: derivative(ops.tanh), formula: z.map((v) => 1 - Math.tanh(v) ** 2) },
    relu: { g: derivative(ops.relu), formula: [0, 1, 1] },
    leakyRelu: { g: derivative((t) => ops.leakyRelu(t, { slope: 0.01 })), formula: [0.01, 1, 1] },
  }
  const rows = Object.entries(found).map(([name, { g }]) => [name, ...Array.from(g.data, (d) => d.toPrecision(3))])
  console.log(table([['g′ at z =', '-10', '0', '10'], ...rows]))
  notice(
    `A sigmoid is nearly flat where z is far from 0 (${found.sigmoid.g.data[0].toExponential(2)} at ±10), a ReLU has ` +
      `the slope 1 wherever it is on. At 0 both ReLUs count as on.`,
    Object.values(found).every(({ g, formula }) => apart(g, formula) < 1e-15),
  )
}

/** W2·(W1·x + b1) + b2 is one layer with W′ = W2·W1, b′ = W2·b1 + b2. */
async function linearLayersCollapse(): Promise<void> {
  let model: Model | undefined
  const said = await adviceOf(() => {
    const biasInitializer = initializers.constant(0.3)
    model = sequential({
      inputShape: [3],
      seed: 4,
      dtype: 'float64',
      layers: [layers.dense({ units: 4, biasInitializer }), layers.dense({ units: 2, biasInitializer })],
    })
  })
  console.log(said.join('\n'))
  const [{ weight: W1, bias: b1 }, { weight: W2, bias: b2 }] = model!.getWeights()
  const W = ops.matmul(W2, W1)
  const b = ops.add(ops.dot(W2, b1), b2)
  const one = ops.add(ops.matmul(x, W, { transposeB: true }), ops.reshape(b, [1, 2]))
  const off = apart(model!.predictSync(x), one)
  model!.dispose()
  notice(
    `Two layers without a non-linearity are one: their outputs differ from those of the product by ${digits(off)}.`,
    off < 1e-14 && said.length === 1,
  )
}

/** Gradients of both layers, and a step with weight decay. */
async function backward(): Promise<void> {
  using model = twoLayers()
  const [, { weight: W2 }] = model.getWeights()
  const { dense_1: hidden, dense_2: output } = await model.activations(x)
  const dZ2 = ops.sub(output.a, Y)
  const dW2 = ops.div(ops.matmul(dZ2, hidden.a, { transposeA: true }), m)
  const db2 = ops.div(ops.sum(dZ2, { axis: 0 }), m)
  const dZ1 = ops.mul(ops.matmul(dZ2, W2), ops.sub(1, ops.square(hidden.a)))
  const dW1 = ops.div(ops.matmul(dZ1, x, { transposeA: true }), m)
  const db1 = ops.div(ops.sum(dZ1, { axis: 0 }), m)
  const { gradients } = await model.costAndGradients(x, y)
  const [first, second] = gradients
  const pairs = [
    [first.weight, dW1],
    [first.bias, db1],
    [second.weight, dW2],
    [second.bias, db2],
  ] as const
  const off = Math.max(...pairs.map(([library, hand]) => apart(library, hand)))
  notice(`dW2, db2, dW1 and db1 by hand differ from the library's by ${digits(off)}.`, off < 1e-14)

  const [alpha, lambda] = [0.5, 0.7]
  using decaying = twoLayers(lambda)
  const [{ weight: before }] = decaying.getWeights()
  await decaying.trainOnBatch(x, y)
  const [{ weight: after }] = decaying.getWeights()
  const expected = ops.sub(ops.mul(1 - (alpha * lambda) / m, before), ops.mul(alpha, dW1))
  notice(
    `With L2 a step is W·(1 − αλ/m) − α·dW, weight decay: every weight shrinks by ${percent((alpha * lambda) / m)} ` +
      `and then follows the gradient. By hand it differs by ${digits(apart(after, expected))}.`,
    apart(after, expected) < 1e-14,
  )
}

/** A deep network as blocks, each with a cache for the way back. */
async function blocks(): Promise<void> {
  const widths = [3, 5, 4, 2, 1]
  const L = widths.length - 1
  const activation = (l: number) => (l < L ? 'relu' : 'sigmoid')
  using model = sequential({
    inputShape: [3],
    seed: 6,
    dtype: 'float64',
    layers: widths
      .slice(1)
      .map((units, i) =>
        layers.dense({ units, activation: activation(i + 1), biasInitializer: initializers.constant(0.1) }),
      ),
  })
  model.compile({ optimizer: 'gradientDescent', loss: 'binaryCrossentropy' })
  const weights = model.getWeights()
  const { gradients } = await model.costAndGradients(x, y)
  const named = await model.activations(x)

  const chain = weights.map(({ weight, bias }, i) => {
    const linear = layerBlock(layers.dense({ units: widths[i + 1] }), { inputShape: [widths[i]] })
    linear.weights = { weight, bias }
    return { linear, g: layerBlock(layers.activation(activation(i + 1)), { inputShape: [widths[i + 1]] }) }
  })
  let A = x
  let off = 0
  const caches = chain.map(({ linear, g }, i) => {
    const z = linear.forward(A)
    const a = g.forward(z.a)
    A = a.a
    off = Math.max(off, apart(z.a, named[weights[i].name].z!), apart(a.a, named[weights[i].name].a))
    return { z: z.cache, a: a.cache }
  })
  // The start of the way back: dA_L = −y/a + (1 − y)/(1 − a), one entry for each example.
  let dA = ops.sub(ops.div(ops.sub(1, Y), ops.sub(1, A)), ops.div(Y, A))
  const rows: string[][] = []
  const shape = (t: Tensor) => `[${t.shape.join(', ')}]`
  for (let l = L; l >= 1; l--) {
    const dZ = chain[l - 1].g.backward(dA, caches[l - 1].a).dA
    const back = chain[l - 1].linear.backward(dZ, caches[l - 1].z)
    const { weight, bias } = back.gradients
    off = Math.max(off, apart(weight, gradients[l - 1].weight), apart(bias, gradients[l - 1].bias))
    const { z, a } = named[weights[l - 1].name]
    rows.unshift([`${l}`, ...[weights[l - 1].weight, weights[l - 1].bias, z!, a, dA, dZ, weight, bias].map(shape)])
    dA = back.dA
  }
  console.log(table([['layer', 'W', 'b', 'Z', 'A', 'dA', 'dZ', 'dW', 'db'], ...rows]))
  notice(
    `dW has the shape of W, db that of b, and dZ and dA have a row for each of the ${m} examples. Z, A, dW and db of ` +
      `the blocks differ from the network's by ${digits(off)}.`,
    off < 1e-14 && rows.every(([, W, b, Z, A, dA, dZ, dW, db]) => W === dW && b === db && Z === dZ && A === dA),
  )
  await save('by-hand-blocks', plot.forwardBackward(widths))

  const [a, t] = [tensor([0.8, 0.4], f64), tensor([1, 0], f64)]
  const loss = (p: Tensor) =>
    ops.neg(ops.sum(ops.add(ops.mul(t, ops.log(p)), ops.mul(ops.sub(1, t), ops.log(ops.sub(1, p))))))
  const [dAL] = grad(loss)(a)
  const dZL = ops.mul(dAL, ops.mul(a, ops.sub(1, a)))
  notice(
    `For a = 0.8, y = 1 and a = 0.4, y = 0 the derivative dA is ` +
      `${Array.from(dAL.data, (d) => d.toFixed(4)).join(' and ')}; times a(1 − a) it is a − y: ` +
      `${Array.from(dZL.data, (d) => d.toFixed(1)).join(' and ')}.`,
    apart(dAL, [-1.25, 1 / 0.6]) < 1e-14 && apart(dZL, [-0.2, 0.4]) < 1e-15,
  )
}

/** All 2ⁿ inputs of n bits, and whether an odd number of them is 1. */
function parity(n: number): { x: number[][]; y: number[] } {
  const x = Array.from({ length: 2 ** n }, (_, i) => Array.from({ length: n }, (_, bit) => (i >> bit) & 1))
  return { x, y: x.map((bits) => bits.reduce((a, b) => a ^ b)) }
}

/** XOR(a, b) = u − 2v with u = relu(a + b) and v = relu(a + b − 1): pairs of units, and pairs of pairs above them. */
function tree(n: number): Model {
  const hidden: number[] = []
  for (let width = n; width >= 2; width /= 2) hidden.push(width)
  const model = sequential({
    inputShape: [n],
    layers: [...hidden.map((units) => layers.dense({ units, activation: 'relu' })), layers.dense({ units: 1 })],
  })
  const weightsOf = (l: number, unit: number) => {
    const pair = l === 0 ? [1, 1] : [1, -2, 1, -2]
    const first = Math.floor(unit / 2) * pair.length
    return Array.from({ length: l === 0 ? n : hidden[l - 1] }, (_, k) => pair[k - first] ?? 0)
  }
  model.setWeights([
    ...hidden.map((units, l) => ({
      name: `dense_${l + 1}`,
      weight: Array.from({ length: units }, (_, unit) => weightsOf(l, unit)),
      bias: Array.from({ length: units }, (_, unit) => -(unit % 2)),
    })),
    { name: `dense_${hidden.length + 1}`, weight: [[1, -2]], bias: [0] },
  ])
  return model
}

/** XOR of many bits: by depth, with weights set by hand; and learnt. */
async function xor(): Promise<void> {
  const { x, y } = parity(8)
  using model = tree(8)
  const wrong = Array.from(model.predictSync(x).data).filter((a, i) => a !== y[i]).length
  const units = model.layers.slice(0, -1).reduce((sum, { outputShape }) => sum + outputShape[0], 0)
  notice(
    `XOR of 8 bits as a tree, its weights set by hand: ${units} hidden units in 3 layers, ` +
      `${wrong} of 256 outputs wrong.`,
    wrong === 0 && units === 14,
  )
  await save('by-hand-xor', plot.networkDiagram(model, { title: 'XOR of 8 bits' }))

  const four = parity(4)
  const best = async (hidden: number[]) => {
    let most = 0
    for (const seed of [1, 2, 3]) {
      using trained = sequential({
        inputShape: [4],
        seed,
        layers: [
          ...hidden.map((units) => layers.dense({ units, activation: 'tanh' })),
          layers.dense({ units: 1, activation: 'sigmoid' }),
        ],
      })
      const optimizer = optimizers.adam({ learningRate: 0.05 })
      trained.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
      await trained.fit(four.x, four.y, { epochs: 600, batchSize: 'all' })
      most = Math.max(most, (await trained.evaluate(four.x, four.y)).accuracy)
    }
    return most
  }
  const [deep, shallow] = [await best([16, 8]), await best([24])]
  notice(
    `Learnt instead of set, XOR of 4 bits: hidden layers of 16 and 8 get ${percent(deep, 0)} right in the best of ` +
      `three seeds, one layer of 24 ${percent(shallow, 0)}. Whether depth helps to learn is one more thing to try.`,
    deep === 1 && shallow >= 0.75,
  )
}

run(async () => {
  forward()
  slopes()
  await linearLayersCollapse()
  await backward()
  await blocks()
  await xor()
})
