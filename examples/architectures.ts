/**
 * Other architectures: a convolution for images, a recurrence for sequences and a network with two inputs, each written
 * as a layer with `ops`. Their gradients are derived, and checked.
 *
 *   npm run examples -- architectures
 */
import {
  defineLayer,
  gradientCheck,
  layers,
  ops,
  optimizers,
  sequential,
  tensor,
  type Layer,
  type Model,
  type Shape,
  type Tensor,
  type WeightHandle,
} from 'myelin'
import * as plot from 'myelin/plot'
import { notice, percent, run, save, table } from './support/show'

/** Every window of size × size pixels of [m, height, width] images times the same weights, for each filter. */
const Convolution = defineLayer<{ filters: number; size: number }, { kernel: WeightHandle; bias: WeightHandle }>({
  name: 'convolution',
  build: (_inputShape, { filters, size }, add) => ({
    kernel: add('kernel', [size * size, filters], { initializer: 'he' }),
    bias: add('bias', [filters]),
  }),
  call: (x, { kernel, bias }, { config: { filters, size } }) => {
    const [m, height, width] = x.shape
    const [h, w] = [height - size + 1, width - size + 1]
    const shifted: Tensor[] = []
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) shifted.push(ops.reshape(ops.slice(x, [0, i, j], [m, h, w]), [m * h * w, 1]))
    const z = ops.add(ops.matmul(ops.concat(shifted, { axis: 1 }), kernel), bias)
    return ops.reshape(z, [m, h * w, filters])
  },
})

/** How much of each filter there is anywhere: the mean over the places. */
const anywhere = () => layers.lambda((a) => ops.mean(a, { axis: 1 }), { name: 'anywhere' })

/** h_t = tanh(x_t·U + h_(t−1)·V + b) over the steps of [m, steps, inputs]; the last h comes out. */
const Recurrence = defineLayer<{ units: number }, { u: WeightHandle; v: WeightHandle; b: WeightHandle }>({
  name: 'recurrence',
  build: ([, inputs], { units }, add) => ({
    u: add('u', [inputs, units]),
    v: add('v', [units, units]),
    b: add('b', [units]),
  }),
  call: (x, { u, v, b }) => {
    const [m, steps, inputs] = x.shape
    const at = (t: number) => ops.reshape(ops.slice(x, [0, t, 0], [m, 1, inputs]), [m, inputs])
    let h = ops.tanh(ops.add(ops.matmul(at(0), u), b))
    for (let t = 1; t < steps; t++) h = ops.tanh(ops.add(ops.add(ops.matmul(at(t), u), ops.matmul(h, v)), b))
    return h
  },
})

/** Two inputs side by side in x, each with a hidden layer of its own, joined behind it. */
const TwoInputs = defineLayer<{ first: number; units: [number, number] }, { left: WeightHandle; right: WeightHandle }>({
  name: 'two_inputs',
  build: ([width], { first, units }, add) => ({
    left: add('left', [first, units[0]], { initializer: 'he' }),
    right: add('right', [width - first, units[1]], { initializer: 'he' }),
  }),
  call: (x, { left, right }, { config: { first } }) => {
    const [m, width] = x.shape
    const a = ops.relu(ops.matmul(ops.slice(x, [0, 0], [m, first]), left))
    const b = ops.relu(ops.matmul(ops.slice(x, [0, first], [m, width - first]), right))
    return ops.concat([a, b], { axis: 1 })
  },
})

interface Examples {
  x: Tensor
  y: number[]
}

function yesOrNo(inputShape: Shape, hidden: Layer[]): Model {
  const output = layers.dense({ units: 1, activation: 'sigmoid' })
  const model = sequential({ inputShape, seed: 1, layers: [...hidden, output] })
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  })
  return model
}

async function trained(model: Model, train: Examples, test: Examples, epochs: number) {
  const { verdict } = await gradientCheck(
    model,
    ops.slice(
      train.x,
      train.x.shape.map(() => 0),
      [6, ...train.x.shape.slice(1)],
    ),
    train.y.slice(0, 6),
  )
  const history = await model.fit(train.x, train.y, { epochs })
  const { accuracy } = await model.evaluate(test.x, test.y)
  return { verdict, history, error: 1 - accuracy }
}

const side = 12

/** Noisy images with a bar of 4 pixels, upright (y = 1) or lying, in the left or in the right half, off the edges. */
function bars(m: number, seed: number, left: boolean): Examples {
  const draws = ops.randomUniform([m, 2 + side * side], { seed })
  const y = Array.from({ length: m }, (_, i) => i % 2)
  const images = (draws.toArray() as number[][]).map(([a, b, ...noise], i) => {
    const upright = y[i] === 1
    const column = (left ? 2 : 6) + (upright ? Math.floor(4 * a) : 0)
    const row = 2 + Math.floor(b * (upright ? 5 : 8))
    const image = noise.map((u) => 0.3 * u)
    for (let k = 0; k < 4; k++) image[upright ? (row + k) * side + column : row * side + column + k] += 1
    return image
  })
  return { x: tensor(images.flat(), [m, side, side]), y }
}

async function convolution(): Promise<void> {
  // Learnt with bars in the left half, tested with bars in the right one.
  const [train, test] = [bars(300, 1, true), bars(300, 2, false)]
  using dense = yesOrNo([side, side], [layers.flatten(), layers.dense({ units: 32, activation: 'relu' })])
  const filters = [Convolution({ filters: 4, size: 3 }), layers.activation('relu'), anywhere()]
  using convolved = yesOrNo([side, side], filters)
  const one = await trained(dense, train, test, 300)
  const other = await trained(convolved, train, test, 300)
  console.log(convolved.summary())
  notice(
    `Is a bar upright? Trained where all bars lie on the left, a dense layer is wrong for ${percent(one.error, 0)} ` +
      `of the bars on the right, a convolution, which looks everywhere with the same weights, for ` +
      `${percent(other.error, 0)}. Gradient: ${other.verdict}.`,
    other.verdict === 'correct' && other.error < 0.02 && one.error > 0.2,
  )
  await save('architectures-convolution', plot.costCurves({ dense: one.history, convolution: other.history }))
}

/**
 * Sequences of ±1; y tells whether the last two are equal. What came before does not matter and should be forgotten.
 */
function sequences(m: number, seed: number): Examples {
  const steps = 6
  const x = ops.sign(ops.sub(ops.randomUniform([m, steps, 1], { seed }), 0.5))
  const y = (x.toArray() as number[][][]).map((row) => Number(row[steps - 1][0] === row[steps - 2][0]))
  return { x, y }
}

async function recurrence(): Promise<void> {
  const [train, test] = [sequences(300, 1), sequences(300, 2)]
  using model = yesOrNo([6, 1], [Recurrence({ units: 8 })])
  const { verdict, error } = await trained(model, train, test, 60)
  const weights = model.getWeights()[0] as unknown as Record<string, Tensor>
  const rows = Object.entries({ u: weights.u, v: weights.v, b: weights.b }).map(([name, w]) => [
    name,
    `[${w.shape.join(', ')}]`,
  ])
  console.log(table([['weight', 'shape'], ...rows]))
  notice(
    `Are the last two of six signs equal? A recurrence sees one sign at a time, the same weights at every step, and ` +
      `is wrong for ${percent(error)} of new sequences. Gradient: ${verdict}.`,
    verdict === 'correct' && error < 0.02,
  )
}

/** Inputs of two kinds, 12 numbers of one and 2 of the other. */
async function twoInputs(): Promise<void> {
  const draw = (m: number, seed: number): Examples => {
    const x = ops.randomNormal([m, 14], { seed })
    const y = (x.toArray() as number[][]).map((row) =>
      Number(Math.abs(row[12]) + Math.abs(row[13]) > 1.5 + 0.5 * row[0]),
    )
    return { x, y }
  }
  const [train, test] = [draw(1000, 1), draw(1000, 2)]
  using model = yesOrNo(
    [14],
    [TwoInputs({ first: 12, units: [4, 16] }), layers.dense({ units: 16, activation: 'relu' })],
  )
  const { verdict, error } = await trained(model, train, test, 60)
  const guess = test.y.reduce((a, b) => a + b) / test.y.length
  notice(
    `Two inputs with hidden layers of their own, 4 units for the one and 16 for the other, joined behind them: ` +
      `wrong for ${percent(error)} of new examples, where always giving the more common answer is for ` +
      `${percent(Math.min(guess, 1 - guess))}. Gradient: ${verdict}.`,
    verdict === 'correct' && error < 0.3 * Math.min(guess, 1 - guess),
  )
}

run(async () => {
  await convolution()
  await recurrence()
  await twoInputs()
})
