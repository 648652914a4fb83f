/** Splitting, regularisation, dropout. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type * as Myelin from '../../../lib'
import {
  callbacks,
  data,
  layers,
  loadModel,
  ops,
  optimizers,
  regularizers,
  sequential,
  tensor,
  type Regularizer,
} from '../../../lib'
import { close, matrix, normal, planar, thrown, uniform, warnings } from './support'

const f64 = { dtype: 'float64' } as const
const next = normal(51)

describe('5.1 train, dev and test parts', () => {
  it('any ratios, every example in exactly one part', () => {
    const m = 2000
    const x = Float32Array.from({ length: m }, (_, i) => i)
    const sizes = (options: { train: number; dev?: number; test?: number }) => {
      const parts = data.split({ x, y: x }, { ...options, seed: 3 })
      const rows = Object.values(parts).flatMap((part) => [...part!.x.data])
      expect(rows.sort((a, b) => a - b)).to.deep.equal([...x])
      return Object.values(parts).map((part) => part!.rows.length)
    }
    expect(sizes({ train: 0.6, dev: 0.2, test: 0.2 })).to.deep.equal([1200, 400, 400])
    expect(sizes({ train: 0.7, test: 0.3 })).to.deep.equal([1400, 600])
    expect(sizes({ train: 0.8, dev: 0.2 }), 'without a test part').to.deep.equal([1600, 400])
    expect(sizes({ train: 0.98, dev: 0.01, test: 0.01 })).to.deep.equal([1960, 20, 20])
    expect(sizes({ train: 0.995, dev: 0.0025, test: 0.0025 })).to.deep.equal([1990, 5, 5])
    expect(sizes({ train: 0.995, dev: 0.004, test: 0.001 })).to.deep.equal([1990, 8, 2])
  })

  it('the same seed gives the same parts; stratified parts keep the shares of the classes', () => {
    const xy = { x: matrix(100, 2, next), y: Array.from({ length: 100 }, (_, i) => Number(i % 5 === 0)) }
    const options = { train: 0.7, test: 0.3, seed: 9, stratify: true }
    const { train, test } = data.split(xy, options)
    expect([...train.rows]).to.deep.equal([...data.split(xy, options).train.rows])
    expect([...train.rows]).to.not.deep.equal([...data.split(xy, { ...options, seed: 10 }).train.rows])
    const ones = (y: ArrayLike<number>) => Array.from(y).reduce((a, b) => a + b)
    expect([ones(train.y.data), ones(test.y.data)]).to.deep.equal([14, 6])
  })

  it('recommendedSplit: dev = test = max(min(m/5, 10 000), m/400)', () => {
    expect(data.recommendedSplit(1_000_000)).to.deep.equal({ train: 980_000, dev: 10_000, test: 10_000 })
    expect(data.recommendedSplit(1000)).to.deep.equal({ train: 600, dev: 200, test: 200 })
    expect(data.recommendedSplit(4_000_000)).to.deep.equal({ train: 3_980_000, dev: 10_000, test: 10_000 })
    expect(data.recommendedSplit(1000, { dev: false })).to.deep.equal({ train: 700, test: 300 })
  })

  it('refuses ratios that do not sum to 1 and empty parts', () => {
    const xy = { x: [1, 2, 3], y: [1, 2, 3] }
    expect(thrown(() => data.split(xy, { train: 0.6, test: 0.3 })).message).to.include('sum to 1')
    expect(thrown(() => data.split(xy, { train: 0.99, test: 0.01 })).message).to.include('empty')
  })
})

/** One dense layer of two outputs on three inputs, compiled for plain gradient descent. */
function penalised(kernelRegularizer: Regularizer | undefined, learningRate = 0.1) {
  const model = sequential({
    inputShape: [3],
    seed: 2,
    dtype: 'float64',
    layers: [layers.dense({ units: 2, kernelRegularizer, biasInitializer: 'smallNormal' })],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'meanSquaredError' })
  return model
}

describe('5.5 L2 regularisation', () => {
  const [x, y] = [matrix(6, 3, next), matrix(6, 2, next)]
  const lambda = 0.7
  const m = x.length

  it('adds (λ/2m)·‖W‖²_F to the cost and (λ/m)·W to the gradient; biases are left out', async () => {
    const [with_, without] = [penalised(regularizers.l2({ lambda })), penalised(undefined)]
    const [{ weight: W, bias: b }] = with_.getWeights()
    const [a, c] = [await with_.costAndGradients(x, y), await without.costAndGradients(x, y)]
    expect(a.cost - c.cost).to.be.closeTo((lambda / (2 * m)) * ops.sumSquares(W).item(), 1e-12)
    close(ops.sub(a.gradients[0].weight, c.gradients[0].weight), ops.mul(lambda / m, W), 1e-12)
    close(a.gradients[0].bias, c.gradients[0].bias, 0)
    expect(ops.sumSquares(b).item()).to.be.above(0)
  })

  it('is weight decay under plain gradient descent: W·(1 − αλ/m) − α·dW', async () => {
    const model = penalised(regularizers.l2({ lambda }))
    const [{ weight: W }] = model.getWeights()
    const dW = (await penalised(undefined).costAndGradients(x, y)).gradients[0].weight
    await model.trainOnBatch(x, y)
    close(model.getWeights()[0].weight, ops.sub(ops.mul(W, 1 - (0.1 * lambda) / m), ops.mul(0.1, dW)), 1e-12)
  })

  it('every layer has its own λ, and biases one if asked', async () => {
    const model = sequential({
      inputShape: [3],
      seed: 1,
      dtype: 'float64',
      layers: [
        layers.dense({ units: 2, activation: 'tanh', kernelRegularizer: regularizers.l2({ lambda: 1 }) }),
        layers.dense({
          units: 2,
          kernelRegularizer: regularizers.l2({ lambda: 3 }),
          biasInitializer: 'smallNormal',
          biasRegularizer: regularizers.l2({ lambda: 5 }),
        }),
      ],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const { cost, dataLoss } = await model.costAndGradients(x, y)
    const [first, second] = model.getWeights()
    const squares = [first.weight, second.weight, second.bias].map((t) => ops.sumSquares(t).item())
    expect(cost - dataLoss).to.be.closeTo((squares[0] + 3 * squares[1] + 5 * squares[2]) / (2 * m), 1e-12)
  })
})

describe('5.6 L1 regularisation', () => {
  it('adds (λ/2m)·Σ|W| and (λ/2m)·sign W, with sign 0 = 0', async () => {
    const [x, y] = [matrix(4, 3, next), matrix(4, 2, next)]
    const set = [
      {
        name: 'dense_1',
        weight: [
          [0.5, 0, -2],
          [-0.25, 3, 0],
        ],
        bias: [0.1, 0],
      },
    ]
    const [with_, without] = [penalised(regularizers.l1({ lambda: 0.8 })), penalised(undefined)]
    with_.setWeights(set)
    without.setWeights(set)
    const [a, c] = [await with_.costAndGradients(x, y), await without.costAndGradients(x, y)]
    expect(a.cost - c.cost).to.be.closeTo((0.8 / 8) * 5.75, 1e-12)
    close(ops.sub(a.gradients[0].weight, c.gradients[0].weight), [0.1, 0, -0.1, -0.1, 0.1, 0], 1e-12)
  })
})

describe('5.7 inverted dropout', () => {
  /** The mask of a training pass over `rows` rows of ones, divided by keepProb. */
  const passOf = (rows: number, units: number, keepProb: number) =>
    sequential({ inputShape: [units], seed: 5, layers: [layers.dropout({ keepProb })] })
      .activations({ data: new Float32Array(rows * units).fill(1), shape: [rows, units] }, { training: true })
      .then(({ dropout_1: { a } }) => a.data)

  it('keeps the mean over 10⁶ entries within 1 %', async () => {
    const a = await passOf(1000, 1000, 0.8)
    expect(a.reduce((sum, v) => sum + v) / 1e6).to.be.closeTo(1, 0.01)
    expect(new Set(a)).to.deep.equal(new Set([0, Math.fround(1 / 0.8)]))
  })

  it('50 units at 0.8: 10 ± 0.15 off on average over 10⁴ masks, another mask for every example', async () => {
    const a = await passOf(10_000, 50, 0.8)
    const off = a.reduce((count, v) => count + Number(v === 0), 0)
    expect(off / 10_000).to.be.closeTo(10, 0.15)
    const masks = new Set(Array.from({ length: 1000 }, (_, i) => a.subarray(50 * i, 50 * i + 50).join()))
    expect(masks.size).to.be.above(990)
  })

  it('dA takes the same mask and 1/keepProb', async () => {
    const model = sequential({
      inputShape: [4],
      seed: 6,
      dtype: 'float64',
      layers: [layers.dense({ units: 6 }), layers.dropout({ keepProb: 0.5 })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: (_, a) => ops.sum(a) })
    const x = matrix(3, 4, next)
    const { dense_1: before, dropout_1: after } = await model.activations(x, { training: true })
    const mask = ops.div(after.a, before.a)
    expect([...new Set(mask.data)].sort()).to.deep.equal([0, 2])
    const { gradients } = await model.costAndGradients(x, matrix(3, 6, next), { training: true })
    close(gradients[0].bias, ops.sum(mask, { axis: 0 }), 1e-12)
    close(gradients[0].weight, ops.matmul(mask, tensor(x, f64), { transposeA: true }), 1e-12)
  })

  it('does nothing in prediction and evaluation, nor with keepProb 1', async () => {
    const x = matrix(20, 8, next)
    const model = sequential({
      inputShape: [8],
      seed: 1,
      dtype: 'float64',
      layers: [layers.dropout({ keepProb: 0.3 })],
    })
    close(model.predictSync(x), x, 0)
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    expect((await model.evaluate(x, x)).loss).to.equal(0)
    const whole = sequential({ inputShape: [8], seed: 1, dtype: 'float64', layers: [layers.dropout({ keepProb: 1 })] })
    close((await whole.activations(x, { training: true })).dropout_1.a, x, 0)
  })

  it('a mask stays frozen until a step is taken', async () => {
    const model = sequential({
      inputShape: [8],
      seed: 1,
      layers: [layers.dropout({ keepProb: 0.5 }), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const x = matrix(5, 8, next)
    const mask = async () => [...(await model.activations(x, { training: true })).dropout_1.a.data]
    const first = await mask()
    expect(await mask()).to.deep.equal(first)
    await model.trainOnBatch(x, [0, 0, 0, 0, 0])
    expect(await mask()).to.not.deep.equal(first)
  })
})

describe('5.8 the cost curve with dropout', () => {
  const { x, y } = planar(100, 3)
  const fitted = async (keepProb: number) => {
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [
        layers.dense({ units: 16, activation: 'tanh' }),
        layers.dropout({ keepProb }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.05 }), loss: 'binaryCrossentropy' })
    return model
  }

  it('with keepProb = 1 and the full batch J falls at every step; with 0.5 it does not', async () => {
    const rises = async (keepProb: number) => {
      const { batches } = await (await fitted(keepProb)).fit(x, y, { epochs: 100, batchSize: 'all' })
      return batches.slice(1).filter((cost, i) => cost >= batches[i]).length
    }
    expect(await rises(1)).to.equal(0)
    expect(await rises(0.5)).to.be.above(10)
  })

  /**
   * What looking at cost curves warns of in a process that has not looked at any before: `look` gets a library of its
   * own.
   */
  const warned = (look: (library: typeof Myelin) => Promise<unknown>) => {
    const folder = join(__dirname, '../../../lib')
    const loaded = Object.keys(require.cache).filter((file) => file.startsWith(folder))
    const kept = loaded.map((file) => [file, require.cache[file]] as const)
    for (const file of loaded) delete require.cache[file]
    try {
      const library = createRequire(__filename)('../../../lib') as typeof Myelin
      return warnings(() => look(library))
    } finally {
      for (const file of Object.keys(require.cache)) if (file.startsWith(folder)) delete require.cache[file]
      for (const [file, module] of kept) require.cache[file] = module
    }
  }
  const fit = async (library: typeof Myelin, keepProb: number, shown: boolean) => {
    const stream = { write: () => true, isTTY: false } as never
    const model = library.sequential({
      inputShape: [2],
      layers: [library.layers.dropout({ keepProb }), library.layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'binaryCrossentropy' })
    const shows = shown ? [library.callbacks.progressBar({ stream })] : []
    return model.fit(x, y, { epochs: 1, callbacks: shows })
  }

  it('looking at the curve warns once, whichever way; not without dropout', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-curve-'))
    const file = join(folder, 'cost.svg')
    try {
      const shown = await warned(async (library) => {
        const before = await warnings(async () => (await fit(library, 1, true)).plot(file))
        expect(before, 'with keepProb 1').to.deep.equal([])
        await fit(library, 0.5, true)
        await (await fit(library, 0.5, true)).plot(file)
      })
      const plotted = await warned(async (library) => {
        const history = await fit(library, 0.5, false)
        await history.plot(file)
        await history.plot(file)
      })
      for (const seen of [shown, plotted]) {
        expect(seen).to.have.length(1)
        expect(seen[0]).to.include('dropout').and.include('set keepProb to 1')
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('5.10 early stopping', () => {
  it('stops on the dev set and puts the best weights back bit for bit', async () => {
    const { x, y } = planar(60, 4)
    const dev = planar(60, 5)
    const model = sequential({
      inputShape: [2],
      seed: 3,
      layers: [layers.dense({ units: 40, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: 'binaryCrossentropy' })
    const seen: { val_loss: number; weights: number[] }[] = []
    const flat = () => model.getWeights().flatMap(({ weight, bias }) => [...weight.data, ...bias.data])
    const history = await model.fit(x, y, {
      epochs: 400,
      validationData: [dev.x, dev.y],
      callbacks: [callbacks.earlyStopping({ monitor: 'val_loss', patience: 12, restoreBestWeights: true })],
      onEpoch: (logs) => void seen.push({ val_loss: logs.val_loss, weights: flat() }),
    })
    expect(history.stopped).to.equal('early')
    const best = seen.reduce((a, b) => (b.val_loss < a.val_loss ? b : a))
    expect(seen.indexOf(best)).to.equal(seen.length - 13)
    expect(flat()).to.deep.equal(best.weights)
    const folder = mkdtempSync(join(tmpdir(), 'myelin-stop-'))
    try {
      await history.plot(join(folder, 'curves.svg'))
      const svg = readFileSync(join(folder, 'curves.svg'), 'utf8')
      for (const text of ['training', 'validation', 'stopped early']) expect(svg).to.include(`>${text}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('an improvement of no more than minDelta is none', async () => {
    const epochsWith = async (minDelta: number) => {
      const model = sequential({ inputShape: [1], seed: 1, dtype: 'float64', layers: [layers.dense({ units: 1 })] })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: 'meanSquaredError' })
      model.setWeights([{ name: 'dense_1', weight: [[0]], bias: [0] }])
      // w → 1 with J = (w + b − 1)² = 0.36ᵗ: every epoch improves, by less and less.
      const callback = callbacks.earlyStopping({ monitor: 'loss', minDelta, patience: 1 })
      const { epochs } = await model.fit([[1]], [1], { epochs: 20, callbacks: [callback] })
      return epochs.map(({ loss }) => loss)
    }
    close(
      await epochsWith(0),
      Array.from({ length: 20 }, (_, t) => 0.36 ** t),
      1e-12,
    )
    // 0.36 − 0.1296 = 0.23 is more than 0.1, 0.1296 − 0.0467 = 0.083 is not.
    expect(await epochsWith(0.1)).to.have.length(4)
  })
})

describe('5.11 input normalisation', () => {
  const numbers = uniform(8)
  const x = matrix(50, 3, numbers).map(([a, b]) => [100 * a + 7, 0.01 * b - 3, 42])

  it('gives mean 0 and variance 1 on the training set; σ = 0 gives 0', () => {
    const normalizer = data.normalizer.fit(tensor(x, f64))
    const z = normalizer.transform(tensor(x, f64))
    close(ops.mean(z, { axis: 0 }), [0, 0, 0], 1e-12)
    close(ops.variance(z, { axis: 0 }), [1, 1, 0], 1e-12)
    expect([...z.data].every(Number.isFinite)).to.equal(true)
  })

  it('the layer learns from the training set alone, treats all data alike and is stored in the file', async () => {
    const model = sequential({
      inputShape: [3],
      seed: 1,
      dtype: 'float64',
      layers: [layers.normalize(), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const dev = x.map((row) => row.map((v) => 2 * v + 1))
    await model.fit(
      x,
      x.map((row) => row[0]),
      { epochs: 2, validationData: [dev, dev.map((row) => row[0])] },
    )
    const expected = data.normalizer.fit(tensor(x, f64)).transform(tensor(dev, f64))
    const { normalize_1: found } = await model.activations(dev)
    close(found.a, expected, 1e-12)
    const loaded = await loadModel(model.toBytes())
    expect([...loaded.predictSync(dev).data]).to.deep.equal([...model.predictSync(dev).data])
  })
})
