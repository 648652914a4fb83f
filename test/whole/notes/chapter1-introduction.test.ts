/** What goes in and what comes out. */
import { expect } from 'chai'
import {
  data,
  defineLayer,
  gradientCheck,
  layers,
  ops,
  optimizers,
  sequential,
  type Tensor,
  type WeightHandle,
} from '../../../lib'
import { close, matrix, normal, rejected, thrown } from './support'

/** Size, bedrooms and price of four houses. */
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

describe('1.2 an image as a feature vector', () => {
  it('a 64×64 RGB image gives n_x = 12288: red first, then green, then blue', () => {
    const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7 + (i % 3)) % 256)
    const vector = data.flattenImage({ data: pixels, width: 64, height: 64 })
    expect(vector.length).to.equal(12288)
    for (const [row, column] of [
      [0, 0],
      [0, 63],
      [5, 17],
      [63, 63],
    ])
      for (const c of [0, 1, 2])
        expect(vector[c * 4096 + row * 64 + column]).to.equal(pixels[(row * 64 + column) * 3 + c])
    const nested = Array.from({ length: 64 }, (_, i) =>
      Array.from({ length: 64 }, (_, j) => [...pixels.subarray((i * 64 + j) * 3, (i * 64 + j) * 3 + 3)]),
    )
    expect([...data.flattenImage(nested)]).to.deep.equal([...vector])
  })

  it('leaves alpha out, takes grey images, scales, and refuses what does not fit', () => {
    const rgba = { data: [1, 2, 3, 99, 4, 5, 6, 99], width: 2, height: 1 }
    expect([...data.flattenImage(rgba)]).to.deep.equal([1, 4, 2, 5, 3, 6])
    const scaled = data.flattenImage({ data: [0, 51, 255], width: 3, height: 1 }, { scale: 1 / 255 })
    expect([...scaled]).to.deep.equal([0, Math.fround(0.2), 1])
    expect(thrown(() => data.flattenImage({ data: [1, 2, 3], width: 2, height: 1 })).message).to.include('3 numbers')
    expect(thrown(() => data.flattenImage([[1, 2]])).message).to.include('[height, width, channels]')
  })
})

/** A WAV file of 16-bit samples. */
function wav(samples: number[], { channels = 1, format = 1, bits = 16 } = {}): Uint8Array {
  const bytes = Buffer.alloc(44 + samples.length * 2)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(format, 20)
  bytes.writeUInt16LE(channels, 22)
  bytes.writeUInt32LE(8000, 24)
  bytes.writeUInt16LE(bits, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(samples.length * 2, 40)
  samples.forEach((sample, i) => bytes.writeInt16LE(sample, 44 + 2 * i))
  return bytes
}

describe('1.5 sound and text', () => {
  it('a WAV file becomes samples from −1 to 1', async () => {
    const { sampleRate, samples } = await data.readWav(wav([0, 16384, -32768, 32767]))
    expect(sampleRate).to.equal(8000)
    expect(samples.toArray()).to.deep.equal([[0], [0.5], [-1], [32767 / 32768]])
    const stereo = await data.readWav(wav([1, 2, 3, 4], { channels: 2 }))
    expect(stereo.samples.toArray()).to.deep.equal([
      [1 / 32768, 2 / 32768],
      [3 / 32768, 4 / 32768],
    ])
  })

  it('samples of 8, 24 and 32 bits and floats become the same numbers', async () => {
    const file = (format: number, bits: number, bytes: Buffer) => {
      const header = Buffer.from(wav([], { format, bits }))
      header.writeUInt32LE(36 + bytes.length, 4)
      header.writeUInt32LE(bytes.length, 40)
      return Buffer.concat([header, bytes])
    }
    const floats = Buffer.alloc(12)
    ;[-1, 0, 0.5].forEach((v, i) => floats.writeFloatLE(v, 4 * i))
    for (const bytes of [
      file(1, 8, Buffer.of(0, 128, 192)),
      file(1, 24, Buffer.of(0, 0, 0x80, 0, 0, 0, 0, 0, 0x40)),
      file(1, 32, Buffer.of(0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x40)),
      file(3, 32, floats),
    ])
      expect((await data.readWav(bytes)).samples.toArray()).to.deep.equal([[-1], [0], [0.5]])
  })

  it('what is no WAV file, cut off or compressed is refused', async () => {
    expect((await rejected(data.readWav(new Uint8Array(100)))).message).to.include('no WAV file')
    expect((await rejected(data.readWav(wav([1, 2, 3]).subarray(0, 47)))).message).to.include('cut off')
    expect((await rejected(data.readWav(wav([1], { format: 17 })))).message).to.include('format 17')
    expect((await rejected(data.readWav('/no/such/file.wav'))).message).to.include('/no/such/file.wav')
  })

  it('texts become counts of the words of a vocabulary', () => {
    const words = data.bagOfWords.fit(["The cat sat. The dog didn't!", 'A cat, a dog; a Übermaß'], { maxWords: 4 })
    expect(words.vocabulary).to.deep.equal(['a', 'cat', 'dog', 'the'])
    expect(words.transform(['the the cat', 'A fish']).toArray()).to.deep.equal([
      [0, 1, 0, 2],
      [1, 0, 0, 0],
    ])
    const all = data.bagOfWords.fit(["didn't Übermaß"])
    expect(all.vocabulary).to.deep.equal(["didn't", 'übermaß'])
    expect(thrown(() => data.bagOfWords.fit(['…'])).message).to.include('no words')
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

  /** One image [height][width][channels] through a convolution, number by number. */
  const convolved = (image: number[][][], { kernel, bias }: Record<string, Tensor>, size: number): number[][][] => {
    const filters = bias.size
    const [height, width, channels] = [image.length, image[0].length, image[0][0].length]
    return Array.from({ length: height - size + 1 }, (_, i) =>
      Array.from({ length: width - size + 1 }, (__, j) =>
        Array.from({ length: filters }, (___, f) => {
          let z = bias.data[f]
          for (let di = 0; di < size; di++)
            for (let dj = 0; dj < size; dj++)
              for (let c = 0; c < channels; c++)
                z += image[i + di][j + dj][c] * kernel.data[((di * size + dj) * channels + c) * filters + f]
          return z
        }),
      ),
    )
  }

  it('two convolutions match explicit loops and their gradients are correct', async () => {
    const model = sequential({
      inputShape: [5, 6, 2],
      seed: 1,
      dtype: 'float64',
      layers: [
        Convolution({ filters: 2, size: 2 }),
        layers.activation('tanh'),
        Convolution({ filters: 3, size: 3 }),
        layers.flatten(),
        layers.dense({ units: 1 }),
      ],
    })
    model.compile(compiled)
    const x = Array.from({ length: 2 }, () => Array.from({ length: 5 }, () => matrix(6, 2, next)))
    const { convolution_1: first, convolution_2: second } = await model.activations(x)
    const [inner, outer] = model.getWeights() as unknown as Record<string, Tensor>[]
    const z1 = x.map((image) => convolved(image, inner, 2))
    const a1 = z1.map((image) => image.map((row) => row.map((pixel) => pixel.map(Math.tanh))))
    expect([first.a.shape, second.a.shape]).to.deep.equal([
      [2, 4, 5, 2],
      [2, 2, 3, 3],
    ])
    close(first.a, z1, 1e-12)
    close(
      second.a,
      a1.map((image) => convolved(image, outer, 3)),
      1e-12,
    )
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
    const expected = x.map((row) =>
      [0, 1, 2].map((k) => {
        let z = 0
        for (let i = 0; i < 2; i++) z += row[i] * left.data[i * 3 + k]
        for (let i = 2; i < 5; i++) z += row[i] * right.data[(i - 2) * 3 + k]
        return Math.tanh(z)
      }),
    )
    close((await model.activations(x)).two_inputs_1.a, expected, 1e-12)
    expect((await gradientCheck(model, x, row(3))).verdict).to.equal('correct')
  })
})
