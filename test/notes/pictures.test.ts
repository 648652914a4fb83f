/** The pictures of the notes: what is drawn equals the formulas, and every picture becomes SVG. */
import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import {
  OptionError,
  ShapeError,
  data,
  diagnose,
  layers,
  ops,
  optimizers,
  regularizers,
  sequential,
  tensor,
  trace,
  type Value,
} from '../../lib'
import { History } from '../../lib/model/history'
import * as plot from '../../lib/plot'
import { bordersOf, drawn, seriesOf, showsAs, specOf, type Point, type Spec } from '../plot/support'
import { close, matrix, normal, planar, rejected, ring, thrown } from './helpers'

const bowl = (w1: Value, w2: Value) => ops.add(ops.mul(0.5, ops.mul(w1, w1)), ops.mul(5, ops.mul(w2, w2)))
const J = (a: Value, b: Value, c: Value) =>
  ops.named('J', ops.mul(3, ops.named('v', ops.add(a, ops.named('u', ops.mul(b, c))))))

describe('1.3 the picture of a learning curve', () => {
  it('shows mean and range of the seeds against the number of examples', async () => {
    const { x, y } = planar(40, 3)
    const curve = await diagnose.learningCurve({ x, y }, (_, { m, seed }) => seed / m, { sizes: [10, 40], seeds: [1, 3] }) // prettier-ignore
    const picture = plot.learningCurve({ small: curve, large: [{ m: 10, error: 0.5, errors: [0.5] }] })
    expect(drawn(picture)).to.deep.equal([
      { x: 10, y: 0.2, low: 0.1, high: 0.3, series: 'small' },
      { x: 40, y: 0.05, low: 0.025, high: 0.075, series: 'small' },
      { x: 10, y: 0.5, low: 0.5, high: 0.5, series: 'large' },
    ])
    await showsAs(picture, 'small', 'large', 'training examples m', 'error on the dev set')
  })
})

describe('2.4 the picture of gradient descent on a bowl', () => {
  it('shows the path of (w, b) that was recorded', async () => {
    const path = [[2, 1]] as [number, number][]
    for (let t = 0; t < 5; t++) path.push([0.9 * path[t][0], 0.2 * path[t][1]])
    const picture = plot.bowl(bowl, { x: [-3, 3], paths: { recorded: path }, axes: ['w', 'b'], title: 'J(w, b)' })
    const points = drawn<Point>(picture, 2)
    expect(seriesOf(points, 'recorded')).to.deep.equal(path)
    await showsAs(picture, '>w<', '>b<', 'J(w, b)')
    const wrong = { bad: [[1, NaN]] as [number, number][] }
    expect(thrown(() => plot.bowl(bowl, { paths: wrong })).message)
      .to.include("'bad': point 0")
      .and.include('NaN')
  })
})

describe('2.7 the picture of a computation graph', () => {
  it('names every node, with value and derivative', async () => {
    const picture = plot.computationGraph(trace(J, [[], [], []]), { at: [5, 3, 2] })
    await showsAs(picture, '>a<', '>b<', '>c<', 'u = b·c', 'v = a + u', 'J = 3·v', '>33<', '>11<', 'd = 9')
    const boxes = specOf(picture).layer!.find(({ mark }) => (mark as { type: string }).type === 'rect')!
    const found = drawn<{ title: string; value: string; derivative: string }>(boxes)
    const rows = found.map(({ title, value, derivative }) => [title, value, derivative])
    expect(rows).to.have.deep.members([['a', '5', 'd = 3'], ['b', '3', 'd = 6'], ['c', '2', 'd = 9'], ['u = b·c', '6', 'd = 3'], ['v = a + u', '11', 'd = 3'], ['3', '', ''], ['J = 3·v', '33', 'd = 1']]) // prettier-ignore
  })

  it('without values it shows the formulas alone; constants have theirs', async () => {
    const logistic = (w: Value, x: Value, b: Value) => ops.neg(ops.log(ops.named('a', ops.sigmoid(ops.add(ops.mul(w, x), b))))) // prettier-ignore
    const svg = await showsAs(plot.computationGraph(trace(logistic, [[], [], []])), 'a = sigmoid((w·x + b))', '−log(a)')
    expect(svg).to.not.include('d = ')
    await showsAs(plot.computationGraph(trace(J, [[], [], []])), 'J = 3·v')
  })

  it('refuses what is no graph and graphs too large to read', () => {
    expect(thrown(() => plot.computationGraph(J as never)).message).to.include('expected what trace')
    const long = (x: Value) => Array.from({ length: 70 }).reduce<Value>((v) => ops.sin(v), x)
    expect(thrown(() => plot.computationGraph(trace(long, [[]]))).message).to.include('toDot')
  })
})

describe('2.14 the loss, the bowl and the house fit', () => {
  it('loss for y = 1 and 0: −ln a and −ln(1 − a)', async () => {
    const picture = plot.crossentropy()
    const points = drawn<Point>(picture)
    expect(points).to.have.length(2 * 197)
    for (const { x, y, series } of points)
      expect(y).to.equal(series.startsWith('y = 1') ? -Math.log(x) : -Math.log(1 - x))
    await showsAs(picture, 'y = 1: −ln a', 'y = 0: −ln(1 − a)')
  })

  it('the bowl: J is the level everywhere on a ring, and rings are evenly spaced in √J', async () => {
    const picture = plot.bowl(bowl, { x: [-2, 2] })
    const border = bordersOf(specOf(picture), 0)
    const levels = [...new Set(border.map(({ level }) => level))]
    expect(levels).to.have.length(13)
    // J is quadratic and taken as linear between nodes 0.05 apart: off by at most 10·0.05²/8.
    for (const { level, x, y } of border) expect(0.5 * x * x + 5 * y * y).to.be.closeTo(level, 10 * 0.05 ** 2 * 0.126)
    const roots = levels.map(Math.sqrt).sort((a, b) => a - b)
    for (let i = 1; i < roots.length; i++) expect(roots[i] - roots[i - 1]).to.be.closeTo(Math.sqrt(22) / 14, 1e-9)
    await showsAs(picture, 'Cost J')
  })

  it('the fit of the houses with the examples on it', async () => {
    const dots = [[2104, 400], [1600, 330], [2400, 369], [3000, 540]] as const // prettier-ignore
    const labels = { title: 'House prices', x: 'square feet', y: '1000 $' }
    const picture = plot.curve((size) => 0.15 * size + 60, { from: 0, to: 3200, ...labels, dots })
    const line = drawn<Point>(picture, 0)
    expect([line.length, line[0].x, line[240].x]).to.deep.equal([241, 0, 3200])
    for (const { x, y } of line) expect(y).to.equal(0.15 * x + 60)
    expect(drawn<Point>(picture, 1).map(({ x, y }) => [x, y])).to.deep.equal(dots)
    await showsAs(picture, 'House prices', 'square feet', '1000 $')
  })
})

describe('3.5 plots of activations and their derivatives', () => {
  const formulas = {
    sigmoid: [(z: number) => 1 / (1 + Math.exp(-z)), (z: number) => Math.exp(-z) / (1 + Math.exp(-z)) ** 2],
    tanh: [Math.tanh, (z: number) => 1 - Math.tanh(z) ** 2],
    relu: [(z: number) => Math.max(0, z), (z: number) => Number(z >= 0)],
    leakyRelu: [(z: number) => Math.max(0.01 * z, z), (z: number) => (z >= 0 ? 1 : 0.01)],
    linear: [(z: number) => z, () => 1],
  } as const
  for (const [name, [g, slope]] of Object.entries(formulas))
    it(name, async () => {
      const picture = plot.activation(name as keyof typeof formulas, { reach: 4 })
      const points = drawn<Point>(picture)
      expect(points).to.have.length(484)
      expect([points[0].x, points[241].x]).to.deep.equal([-4, 4])
      for (const { x, y, series } of points) expect(y).to.be.closeTo((series === 'g(z)' ? g : slope)(x), 1e-12)
      await showsAs(picture, name, 'g′(z)')
    })

  it('softmax is refused', () => expect(thrown(() => plot.activation('softmax')).message).to.include('several numbers'))
})

describe('4.8 network diagrams', () => {
  const layersOf = (picture: plot.Picture) => ({
    edges: drawn(picture, 0),
    units: drawn<{ off: boolean; layer: number }>(picture, 1),
  })

  it('nodes = Σ n_l, edges = Σ n_l·n_(l−1), from a list and from a model', async () => {
    for (const widths of [
      [3, 4, 1],
      [3, 5, 5, 3, 1],
    ]) {
      const model = sequential({
        inputShape: [widths[0]],
        layers: widths.slice(1).map((units) => layers.dense({ units, activation: 'tanh' })),
      })
      for (const picture of [plot.networkDiagram(widths), plot.networkDiagram(model)]) {
        const { units, edges } = layersOf(picture)
        expect(widths.map((_, l) => units.filter(({ layer }) => layer === l).length)).to.deep.equal(widths)
        expect(edges).to.have.length(widths.slice(1).reduce((sum, n, l) => sum + n * widths[l], 0))
      }
    }
    await showsAs(plot.networkDiagram([3, 4, 1]), 'nₓ = 3', 'n₁ = 4', 'n₂ = 1', 'x₁', 'ŷ', 'Network of 2 layers')
  })

  it('dropped units lose their edges (figure 5.2)', async () => {
    const picture = plot.networkDiagram([3, 4, 1], { dropped: [[1, 2]] })
    const { units, edges } = layersOf(picture)
    expect(edges).to.have.length(3 * 3 + 3)
    expect(units.filter(({ off }) => off)).to.have.length(1)
    await showsAs(picture)
    expect(thrown(() => plot.networkDiagram([3, 4], { dropped: [[1, 4]] }))).to.be.instanceOf(OptionError)
    expect(thrown(() => plot.networkDiagram([784, 10])).message).to.include('784')
    expect(thrown(() => plot.networkDiagram([3])).message).to.include('[3, 4, 1]')
  })

  it('forward and backward blocks (figure 4.7): what goes in and out of each, with the shapes of 4.3', async () => {
    const picture = plot.forwardBackward([2, 3, 5, 4, 2, 1])
    const parts = specOf(picture).layer!
    const boxes = parts.find(({ mark }) => (mark as { type: string }).type === 'rect')!
    expect(drawn(boxes)).to.have.length(2 * 5)
    const sizes = [2, 3, 5, 4, 2, 1]
    const texts = sizes.slice(1).flatMap((n, k) => {
      const [l, before] = ['₁₂₃₄₅'[k], '₀₁₂₃₄'[k]]
      const weight = `[${n}, ${sizes[k]}]`
      return [`W${l}  ${weight}`, `b${l}  [${n}]`, `cache z${l}`, `da${l}`, `dz${l}`, `dW${l} ${weight}, db${l} [${n}]`, ...(k ? [`a${before}`] : ['a₀ = x'])] // prettier-ignore
    })
    const written = parts.flatMap((part) => drawn<{ text?: string }>(part)).map(({ text }) => text)
    expect(written).to.include.members([...texts, 'a₅ = ŷ', 'cost'])
    await showsAs(picture, 'One iteration of gradient descent')
    expect(thrown(() => plot.forwardBackward(new Array<number>(14).fill(2))).message).to.include('13 layers')
  })
})

/** The grey values of a PNG whose rows have no filter. */
function pixelsOf(address: string): { width: number; height: number; at: (row: number, column: number) => number } {
  const png = Buffer.from(address.split(',')[1], 'base64')
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const begin = png.indexOf('IDAT')
  const rows = inflateSync(png.subarray(begin + 4, begin + 4 + png.readUInt32BE(begin - 4)))
  return { width, height, at: (row, column) => rows[row * (width + 1) + 1 + column] }
}

describe('4.9 first-layer weights as images', () => {
  it('64 inputs become 8×8 tiles, row by row', async () => {
    const weight = tensor(matrix(5, 64, normal(49)), { dtype: 'float64' })
    const most = Math.max(...weight.data.map(Math.abs))
    const picture = plot.weightImages(weight)
    const tiles = drawn<{ unit: number; x: number; y: number; image: string }>(picture)
    expect(tiles.map(({ unit }) => unit)).to.deep.equal([1, 2, 3, 4, 5])
    const { width, height, at } = pixelsOf(tiles[4].image)
    const scale = width / 8
    expect([scale, height]).to.deep.equal([16, width])
    for (let row = 0; row < 8; row++)
      for (let column = 0; column < 8; column++) {
        const grey = 127.5 * (1 + weight.data[4 * 64 + 8 * row + column] / most)
        for (const [r, c] of [
          [0, 0],
          [scale - 1, scale - 1],
        ])
          // prettier-ignore
          expect(at(row * scale + r, column * scale + c)).to.be.closeTo(grey, 0.5)
      }
    // Three tiles in a row, one pixel between them: unit 5 is the second of the second row.
    expect([tiles[4].x, tiles[4].y]).to.deep.equal([9 * scale, 9 * scale])
    await showsAs(picture, 'First-layer weights', 'data:image/png')
    expect(thrown(() => plot.weightImages(tensor(matrix(2, 60, normal(1)))))).to.be.instanceOf(ShapeError)
    const wide = drawn<{ image: string }>(plot.weightImages(tensor(matrix(2, 60, normal(1))), { size: [6, 10] }))
    expect(pixelsOf(wide[0].image).width / pixelsOf(wide[0].image).height).to.be.closeTo(10 / 6, 1e-9)
  })
})

describe('5.10 the picture of early stopping', () => {
  it('marks the stop, and where the validation cost was least', async () => {
    const run = new History()
    for (let epoch = 1; epoch <= 6; epoch++) {
      const loss = 1 / epoch
      run.epochs.push({ epoch, loss, dataLoss: loss, learningRate: 0.1, val_loss: Math.abs(epoch - 4) + 1 })
      run.addBatches(Float64Array.of(loss))
    }
    run.stopped = 'early'
    const [cost] = specOf(plot.history(run)).vconcat!
    const marks = cost.layer!.slice(2).map((part) => drawn<{ x: number; label: string }>(part)[0])
    expect(marks.map(({ x, label }) => [x, label])).to.deep.equal([[6, 'stopped early, epoch 6'], [4, 'least validation cost, epoch 4']]) // prettier-ignore
    await showsAs(plot.history(run), 'stopped early, epoch 6', 'least validation cost, epoch 4', 'validation')
    run.stopped = 'epochs'
    expect(specOf(plot.history(run)).vconcat![0].layer).to.have.length(2)
  })
})

describe('5.17 pictures of underfitting, right and overfitting, and of what λ does', () => {
  it('figure 5.1: three boundaries on the same examples, each where its model says one half', async () => {
    const spread = normal(5)
    const noisy = ({ x, y }: ReturnType<typeof ring>) => ({ x: x.map((row) => row.map((v) => v + 0.4 * spread())), y })
    const [train, dev] = [noisy(ring(50, 1)), noisy(ring(400, 2))]
    const trained = async (widths: number[], lambda: number) => {
      const kernelRegularizer = lambda ? regularizers.l2({ lambda }) : undefined
      const model = sequential({
        inputShape: [2],
        seed: 2,
        layers: [
          ...widths.map((units) => layers.dense({ units, activation: 'tanh', kernelRegularizer })),
          layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer }),
        ],
      })
      const optimizer = optimizers.adam({ learningRate: 0.03 })
      model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
      await model.fit(train.x, train.y, { epochs: 1000, batchSize: 'all' })
      return { model, train: await model.evaluate(train.x, train.y), dev: await model.evaluate(dev.x, dev.y) }
    }
    const [under, right, over] = [await trained([], 0), await trained([20, 20], 2), await trained([40, 40], 0)]
    expect(under.train.accuracy, 'high bias').to.be.below(right.train.accuracy - 0.2)
    expect(over.train.dataLoss, 'high variance').to.be.below(right.train.dataLoss / 5)
    expect(over.dev.dataLoss, 'high variance').to.be.above(1.5 * right.dev.dataLoss)
    const models = { 'high bias': under.model, right: right.model, 'high variance': over.model }
    const picture = await plot.decisionBoundaries(models, train.x, train.y, { title: 'Bias and variance' })
    const panels = specOf(picture).concat!
    expect(panels.map(({ title }) => title)).to.deep.equal(Object.keys(models))
    for (const [k, { model }] of [under, right].entries()) {
      const half = bordersOf(panels[k], 1)
      expect(half.length).to.be.above(20)
      close(model.predictSync(half.map(({ x, y }) => [x, y])), half.map(() => 0.5), 0.03) // prettier-ignore
    }
    await showsAs(picture, 'high bias', 'high variance', 'Bias and variance')
  })

  it('‖W‖² against λ, on logarithmic axes', async () => {
    const norms = [[0.01, 40], [0.1, 7], [1, 0.5]] as const // prettier-ignore
    const picture = plot.lines({ norms }, { x: 'λ', y: '‖W‖²', logX: true, logY: true, points: true })
    expect(seriesOf(drawn<Point>(picture), 'norms')).to.deep.equal(norms)
    await showsAs(picture, '>λ<', '‖W‖²')
    expect(thrown(() => plot.lines({ norms: [[0, 1]] }, { logX: true })).message).to.include('above 0')
  })
})

describe('5.19 the picture of cost contours with raw and with normalised inputs', () => {
  const next = normal(19)
  const x = Array.from({ length: 60 }, () => [100 + 40 * next(), 0.5 + 4 * next()])
  const y = x.map(([a, b]) => 0.02 * a + 0.3 * b + 0.1 * next())

  it('each bowl with its condition number, and gradient descent on it by hand', async () => {
    const picture = plot.costContours(x, y, { inputs: ['size', 'rooms'] })
    const f64 = { dtype: 'float64' } as const
    const inputs = [tensor(x, f64), data.normalizer.fit(tensor(x, f64)).transform(tensor(x, f64))]
    const steps: number[] = []
    specOf(picture).hconcat!.forEach((panel, k) => {
      // The bias at its best: means taken off both sides.
      const X = ops.sub(inputs[k], ops.mean(inputs[k], { axis: 0, keepDims: true }))
      const Y = ops.sub(tensor(y, [60, 1], f64), ops.mean(tensor(y, f64)))
      const cost = (w: Value) => ops.mean(ops.square(ops.sub(ops.matmul(X, w), Y)))
      const { conditionNumber, eigenvalues } = diagnose.curvature(cost, [[[0], [0]]])
      const { subtitle } = panel.title as { subtitle: string }
      expect(Number(/condition number ([\d.e+]+)/.exec(subtitle)![1]) / conditionNumber).to.be.closeTo(1, 0.005)
      const path = seriesOf(drawn<Point>(panel, 2), 'gradient descent')
      steps.push(path.length - 1)
      const rate = 2 / (eigenvalues[0] + eigenvalues[1])
      const [a, b] = path[0]
      const gradient = ops.mul(2 / 60, ops.matmul(X, ops.sub(ops.matmul(X, tensor([[a], [b]], f64)), Y), { transposeA: true })) // prettier-ignore
      close(path[1], [a - rate * gradient.data[0], b - rate * gradient.data[1]], 1e-6)
      for (const { level, ...at } of bordersOf(panel, 0).filter((_, i) => i % 97 === 0))
        expect(ops.mean(ops.square(ops.sub(ops.matmul(X, tensor([[at.x], [at.y]], f64)), Y))).item() / level).to.be.closeTo(1, 0.05) // prettier-ignore
    })
    expect(steps[1]).to.be.below(steps[0])
    await showsAs(picture, 'Raw inputs', 'Normalised inputs', 'weight of size', 'condition number')
  })

  it('refuses inputs that do not fit', () => {
    expect(thrown(() => plot.costContours([[1, 2, 3]], [1])).message).to.include('[1, 3]')
    expect(thrown(() => plot.costContours(x, y.slice(1))).message).to.include('same number of rows')
    expect(thrown(() => plot.costContours(x.map(([a]) => [a, 1]), y)).message).to.include('constant') // prettier-ignore
  })
})

describe('6.2 pictures of batch against mini-batch', () => {
  const { x, y } = planar(60, 2)
  const fitted = async (batchSize: number | 'all') => {
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy' })
    return model.fit(x, y, { epochs: 5, batchSize })
  }

  it('figure 6.1: J of every step, on one scale; and J of every epoch', async () => {
    const [batch, mini] = [await fitted('all'), await fitted(10)]
    const picture = plot.batchVsMiniBatch(batch, mini)
    const [left, right] = specOf(picture).hconcat!.map((panel: Spec) => drawn<Point>(panel).map(({ x: t, y: cost }) => [t, cost])) // prettier-ignore
    expect(left).to.deep.equal([...batch.batches].map((cost, i) => [i + 1, cost]))
    expect(right).to.deep.equal([...mini.batches].map((cost, i) => [i + 1, cost]))
    await showsAs(picture, 'All examples', 'Mini-batches')
    const costs = plot.costCurves({ batch, 'mini-batch': mini })
    const wanted = [batch, mini].flatMap(({ epochs }) => epochs.map(({ epoch, loss }) => [epoch, loss]))
    expect(drawn<Point>(costs).map(({ x: epoch, y: cost }) => [epoch, cost])).to.deep.equal(wanted)
    await showsAs(costs, 'mini-batch', 'cost J')
    expect(thrown(() => plot.costCurves({ batch }, { key: 'accuracy' })).message).to.include('loss')
  })

  it('figure 6.2: every point is a step on its batch; the smaller the batch, the noisier the path', async () => {
    const next = normal(62)
    const examples = matrix(64, 2, next)
    const targets = examples.map(([a, b]) => 2 * a - b + 0.5 * next())
    const picture = await plot.convergencePaths(examples, targets, { learningRate: 0.1, steps: 40, seed: 5 })
    const points = drawn<Point>(picture, 2)
    for (const [name, batchSize] of [
      ['stochastic (1)', 1],
      ['mini-batch (8)', 8],
      ['batch (64)', 64],
    ] as const) {
      // prettier-ignore
      const path = seriesOf(points, name)
      expect(path).to.have.length(41)
      const passes = data.batches({ x: tensor(examples), y: tensor(targets) }, { batchSize, seed: 5 })
      let [w1, w2] = [0, 0]
      let t = 0
      for (const batch of [...passes, ...passes].slice(0, 3)) {
        close(path[t++], [w1, w2], 1e-6)
        const rows = batch.x.toArray() as number[][]
        const off = rows.map(([a, b], i) => a * w1 + b * w2 - batch.y.data[i])
        const slope = (k: number) => (2 / rows.length) * off.reduce((sum, d, i) => sum + d * rows[i][k], 0)
        ;[w1, w2] = [w1 - 0.1 * slope(0), w2 - 0.1 * slope(1)]
      }
    }
    const roughness = (name: string) => {
      const path = seriesOf(points, name).slice(-15)
      return path.slice(1).reduce((sum, [a, b], i) => sum + Math.hypot(a - path[i][0], b - path[i][1]), 0)
    }
    expect(roughness('stochastic (1)')).to.be.above(roughness('mini-batch (8)'))
    expect(roughness('mini-batch (8)')).to.be.above(roughness('batch (64)'))
    await showsAs(picture, 'stochastic (1)', 'batch (64)', 'w₁')
  })
})

describe('6.9 pictures of optimiser paths on a bowl', () => {
  it('every point is a step of the optimiser', async () => {
    const picture = plot.optimizerPaths(
      bowl,
      {
        'gradient descent': optimizers.gradientDescent({ learningRate: 0.15 }),
        momentum: optimizers.momentum({ learningRate: 0.15 }),
        RMSprop: optimizers.rmsprop({ learningRate: 0.2 }),
        Adam: optimizers.adam({ learningRate: 0.4 }),
      },
      { start: [-4, 1.5], steps: 12, y: [-3, 3] },
    )
    const points = drawn<Point>(picture, 2)
    expect(points).to.have.length(4 * 13)
    let [w1, w2, v1, v2] = [-4, 1.5, 0, 0]
    for (const at of seriesOf(points, 'gradient descent')) {
      close(at, [w1, w2], 1e-12)
      ;[w1, w2] = [w1 - 0.15 * w1, w2 - 0.15 * 10 * w2]
    }
    ;[w1, w2] = [-4, 1.5]
    for (const at of seriesOf(points, 'momentum')) {
      close(at, [w1, w2], 1e-12)
      ;[v1, v2] = [0.9 * v1 + 0.1 * w1, 0.9 * v2 + 0.1 * 10 * w2]
      ;[w1, w2] = [w1 - 0.15 * v1, w2 - 0.15 * v2]
    }
    ;[w1, w2, v1, v2] = [-4, 1.5, 0, 0]
    for (const at of seriesOf(points, 'RMSprop')) {
      close(at, [w1, w2], 1e-9)
      ;[v1, v2] = [0.9 * v1 + 0.1 * w1 ** 2, 0.9 * v2 + 0.1 * (10 * w2) ** 2]
      ;[w1, w2] = [w1 - (0.2 * w1) / (Math.sqrt(v1) + 1e-8), w2 - (0.2 * 10 * w2) / (Math.sqrt(v2) + 1e-8)]
    }
    // Adam's first step is α along each axis.
    close(seriesOf(points, 'Adam')[1], [-3.6, 1.1], 1e-6)
    await showsAs(picture, 'gradient descent', 'momentum', 'RMSprop', 'Adam')
  })

  it('the decision boundary of a trained model, and a confusion matrix', async () => {
    const { x, y } = planar(60, 2)
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    const boundary = await plot.decisionBoundary(model, x, y)
    const dots = drawn<{ x: number; y: number; class: string }>(boundary, 3)
    expect(dots.map((p) => [p.x, p.y, p.class])).to.deep.equal(x.map((row, i) => [...row.map(Math.fround), String(y[i])])) // prettier-ignore
    for (const { level, ...at } of bordersOf(specOf(boundary), 0))
      expect(model.predictSync([[at.x, at.y]]).item()).to.be.closeTo(level, 0.01)
    await showsAs(boundary, 'Decision boundary')
    expect(await rejected(plot.decisionBoundary(model, [[1, 2, 3]], [1]))).to.be.instanceOf(ShapeError)
    const picture = plot.confusionMatrix(data.confusionMatrix([0, 1, 1, 2], [0, 1, 2, 2]))
    expect(drawn<{ count: number }>(picture).map(({ count }) => count)).to.deep.equal([1, 0, 0, 0, 1, 1, 0, 0, 1])
    await showsAs(picture, 'accuracy 75.0 %')
  })
})

describe('6.11 the picture of a plateau', () => {
  // −σ(2(w − 5)) − w/50
  const cost = (w: Value) => ops.sub(ops.neg(ops.sigmoid(ops.mul(2, ops.sub(w, 5)))), ops.mul(0.02, w))
  const sigma = (w: number) => 1 / (1 + Math.exp(-2 * (w - 5)))
  const slope = (w: number) => -2 * sigma(w) * (1 - sigma(w)) - 0.02

  it('shades where the slope is small; the steps of gradient descent are short there', async () => {
    const picture = plot.plateau(cost, { from: -2, to: 10, learningRate: 4, steps: 70, slope: 0.05 })
    for (const { x, y } of drawn<Point>(picture, 1)) expect(y).to.be.closeTo(-sigma(x) - 0.02 * x, 1e-12)
    const flats = drawn<{ x: number; x2: number }>(picture, 0)
    expect(flats).to.have.length(2)
    for (const { x, x2 } of flats) for (const at of [x, (x + x2) / 2, x2]) expect(Math.abs(slope(at))).to.be.below(0.05)
    // Nothing flat is left out: one node (0.05) further it is steeper.
    expect(Math.abs(slope(flats[0].x2 + 0.05))).to.be.above(0.05)
    expect(Math.abs(slope(flats[1].x - 0.05))).to.be.above(0.05)
    let w = -2
    const path = drawn<Point>(picture, 2)
    expect(path).to.have.length(71)
    for (const { x, y } of path) {
      close([x, y], [w, -sigma(w) - 0.02 * w], 1e-9)
      w -= 4 * slope(w)
    }
    const inFlat = path.filter(({ x }) => x < flats[0].x2)
    expect(inFlat.length).to.be.above(0.7 * path.length)
    await showsAs(picture, 'plateau', 'gradient descent', 'cost J')
  })

  it('is saved as SVG, and a slice of any cost can be drawn', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-plateau-'))
    try {
      const picture = plot.curve((w) => 1 - sigma(w), { from: -6, to: 10, title: 'A slice', x: 'w', y: 'J(w)' })
      const path = join(folder, 'plateau.svg')
      await picture.save(path)
      expect(readFileSync(path, 'utf8')).to.match(/^<svg/).and.include('A slice').and.include('J(w)')
      for (const { x, y } of drawn<Point>(picture, 0)) expect(y).to.equal(1 - sigma(x))
      expect((await rejected(picture.save(join(folder, 'plateau.jpg')))).message).to.include('.svg')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
