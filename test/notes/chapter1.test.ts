/** Chapter 1, introduction: what goes in and what comes out. */
import { expect } from 'chai'
import {
  defineLayer,
  gradientCheck,
  layers,
  ops,
  optimizers,
  sequential,
  tensor,
  type Tensor,
  type WeightHandle,
} from '../../lib'
import { close, matrix, normal } from './helpers'

/** Size, bedrooms and price of the notes' houses. */
const houses = {
  x: [
    [2104, 3],
    [1600, 3],
    [2400, 3],
    [3000, 4],
  ],
  y: [400, 330, 369, 540],
}

describe('1.1 a house price from a neuron and from a small network', () => {
  it('one linear neuron reaches the least-squares fit 370.4, 341.0, 387.7, 540.0', async () => {
    const model = sequential({
      inputShape: [2],
      seed: 1,
      dtype: 'float64',
      layers: [layers.normalize(), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.3 }), loss: 'meanSquaredError' })
    await model.fit(houses.x, houses.y, { epochs: 1500, batchSize: 'all' })
    close(await model.predict(houses.x), [370.4, 341.0, 387.7, 540.0], 0.5)
  })

  it('a network with hidden ReLUs is within 5 % of every price', async () => {
    const model = sequential({
      inputShape: [2],
      seed: 3,
      layers: [layers.normalize(), layers.dense({ units: 10, activation: 'relu' }), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 1 }), loss: 'meanSquaredError' })
    await model.fit(houses.x, houses.y, { epochs: 1500, batchSize: 'all' })
    const prices = (await model.predict(houses.x)).data
    houses.y.forEach((price, i) => expect(Math.abs(prices[i] - price) / price).to.be.below(0.05))
  })
})

describe('1.4 many classes and a table with numbers and categories', () => {
  it('1000 outputs of a softmax sum to 1 for every example', () => {
    const model = sequential({
      inputShape: [20],
      seed: 2,
      dtype: 'float64',
      layers: [layers.dense({ units: 1000, activation: 'softmax' })],
    })
    const outputs = model.predictSync(matrix(5, 20, normal(4)))
    expect(outputs.shape).to.deep.equal([5, 1000])
    close(ops.sum(outputs, { axis: 1 }), [1, 1, 1, 1, 1], 1e-12)
  })
})

/** Two-dimensional convolution without padding and strides, from slices. */
const Convolution = defineLayer<{ filters: number; size: number }, { kernel: WeightHandle; bias: WeightHandle }>({
  name: 'convolution',
  build: ([, , channels], { filters, size }, add) => ({
    kernel: add('kernel', [size * size * channels, filters], { initializer: 'he' }),
    bias: add('bias', [filters]),
  }),
  call: (x, { kernel, bias }, { config: { size, filters } }) => {
    const [m, height, width, channels] = x.shape
    const [h, w] = [height - size + 1, width - size + 1]
    const patches: Tensor[] = []
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        patches.push(ops.reshape(ops.slice(x, [0, i, j, 0], [m, h, w, channels]), [m * h * w, channels]))
    const z = ops.add(ops.matmul(ops.concat(patches, { axis: 1 }), kernel), bias)
    return ops.reshape(z, [m, h, w, filters])
  },
})

/** h_t = tanh(x_t·U + h_(t−1)·V + b) over the steps of [m, steps, inputs]; the last h. */
const Recurrence = defineLayer<{ units: number }, { u: WeightHandle; v: WeightHandle; b: WeightHandle }>({
  name: 'recurrence',
  build: ([, inputs], { units }, add) => ({
    u: add('u', [inputs, units]),
    v: add('v', [units, units]),
    b: add('b', [units], { initializer: 'smallNormal' }),
  }),
  call: (x, { u, v, b }) => {
    const [m, steps, inputs] = x.shape
    const at = (t: number) => ops.reshape(ops.slice(x, [0, t, 0], [m, 1, inputs]), [m, inputs])
    let h = ops.tanh(ops.add(ops.matmul(at(0), u), b))
    for (let t = 1; t < steps; t++) h = ops.tanh(ops.add(ops.add(ops.matmul(at(t), u), ops.matmul(h, v)), b))
    return h
  },
})

/** Two inputs, side by side in x, each with weights of its own, joined by their sum. */
const TwoInputs = defineLayer<{ first: number; units: number }, { left: WeightHandle; right: WeightHandle }>({
  name: 'two_inputs',
  build: ([width], { first, units }, add) => ({
    left: add('left', [first, units]),
    right: add('right', [width - first, units]),
  }),
  call: (x, { left, right }, { config: { first } }) => {
    const [m, width] = x.shape
    const a = ops.matmul(ops.slice(x, [0, 0], [m, first]), left)
    const b = ops.matmul(ops.slice(x, [0, first], [m, width - first]), right)
    return ops.tanh(ops.add(a, b))
  },
})

describe('1.6 a convolution, a recurrent cell and a two-input network from defineLayer', () => {
  const next = normal(11)
  const row = (n: number) => Array.from({ length: n }, next)
  const compiled = { optimizer: 'gradientDescent' as const, loss: 'meanSquaredError' as const }

  it('the convolution matches explicit loops and its gradient is correct', async () => {
    const model = sequential({
      inputShape: [5, 6, 2],
      seed: 1,
      dtype: 'float64',
      layers: [Convolution({ filters: 3, size: 3 }), layers.flatten(), layers.dense({ units: 1 })],
    })
    model.compile(compiled)
    const x = Array.from({ length: 2 }, () => Array.from({ length: 5 }, () => matrix(6, 2, next)))
    const { convolution_1: found } = await model.activations(x)
    const { kernel, bias } = model.getWeights()[0]
    const expected = x.flatMap((image) =>
      [0, 1, 2].flatMap((i) =>
        [0, 1, 2, 3].flatMap((j) =>
          [0, 1, 2].map((f) => {
            let z = bias.data[f]
            for (let di = 0; di < 3; di++)
              for (let dj = 0; dj < 3; dj++)
                for (let c = 0; c < 2; c++) z += image[i + di][j + dj][c] * kernel.data[((di * 3 + dj) * 2 + c) * 3 + f]
            return z
          }),
        ),
      ),
    )
    expect(found.a.shape).to.deep.equal([2, 3, 4, 3])
    close(found.a, expected, 1e-12)
    expect((await gradientCheck(model, x, row(2))).verdict).to.equal('correct')
  })

  it('the recurrence matches its loop and its gradient is correct', async () => {
    const model = sequential({
      inputShape: [4, 3],
      seed: 5,
      dtype: 'float64',
      layers: [Recurrence({ units: 2 }), layers.dense({ units: 1 })],
    })
    model.compile(compiled)
    const x = [matrix(4, 3, next), matrix(4, 3, next)]
    const { u, v, b } = model.getWeights()[0]
    const expected = x.map((steps) => {
      let h = [0, 0]
      for (const values of steps)
        h = [0, 1].map((k) => {
          const fromX = values.reduce((sum, value, i) => sum + value * u.data[i * 2 + k], 0)
          const fromH = h.reduce((sum, value, i) => sum + value * v.data[i * 2 + k], 0)
          return Math.tanh(fromX + fromH + b.data[k])
        })
      return h
    })
    close((await model.activations(x)).recurrence_1.a, expected, 1e-12)
    expect((await gradientCheck(model, x, row(2))).verdict).to.equal('correct')
  })

  it('the two-input network matches its sum and its gradient is correct', async () => {
    const model = sequential({
      inputShape: [5],
      seed: 6,
      dtype: 'float64',
      layers: [TwoInputs({ first: 2, units: 3 }), layers.dense({ units: 1 })],
    })
    model.compile(compiled)
    const x = matrix(3, 5, next)
    const { left, right } = model.getWeights()[0]
    const whole = ops.concat([left, right])
    close(
      (await model.activations(x)).two_inputs_1.a,
      ops.tanh(ops.matmul(tensor(x, { dtype: 'float64' }), whole)),
      1e-12,
    )
    expect((await gradientCheck(model, x, row(3))).verdict).to.equal('correct')
  })
})
