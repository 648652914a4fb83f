/** The pictures of the notes: what is drawn equals the formulas, and every picture becomes SVG. */
import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  OptionError,
  ShapeError,
  data,
  diagnose,
  layers,
  ops,
  optimizers,
  sequential,
  tensor,
  trace,
  type Value,
} from '../../lib'
import * as plot from '../../lib/plot'
import { matrix, normal, planar, rejected, thrown } from './helpers'

interface Spec {
  data?: { values: Record<string, never>[] }
  layer?: Spec[]
  hconcat?: Spec[]
}
/** The drawn numbers of a picture, or of one of its layers. */
function drawn<T>(picture: plot.Picture, layer?: number): T[] {
  const spec = picture.spec as Spec
  return ((layer === undefined ? spec : spec.layer![layer]).data?.values ?? []) as unknown as T[]
}
type Point = { x: number; y: number; series: string }

/** The picture as SVG: one element, well formed as far as tags go, with these texts. */
async function showsAs(picture: plot.Picture, ...texts: string[]): Promise<string> {
  const svg = await picture.svg()
  const open: string[] = []
  for (const [, closing, name, self] of svg.matchAll(/<(\/?)([a-zA-Z][\w:-]*)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
    if (closing) expect(open.pop()).to.equal(name)
    else if (!self) open.push(name)
  }
  expect(open).to.deep.equal([])
  expect(svg).to.match(/^<svg/)
  for (const text of texts) expect(svg).to.include(text)
  return svg
}

const bowl = (w1: Value, w2: Value) => ops.add(ops.mul(0.5, ops.mul(w1, w1)), ops.mul(5, ops.mul(w2, w2)))
const J = (a: Value, b: Value, c: Value) =>
  ops.named('J', ops.mul(3, ops.named('v', ops.add(a, ops.named('u', ops.mul(b, c))))))

describe('2.7 the picture of a computation graph', () => {
  it('names every node, with value and derivative', async () => {
    const picture = plot.computationGraph(trace(J, [[], [], []]), { at: [5, 3, 2] })
    await showsAs(picture, '>a<', '>b<', '>c<', 'u = mul', 'v = add', 'J = mul', '>33<', '>11<', 'd: 9')
    const nodes = drawn<{ name: string; value: string; derivative: string }>(picture, 2)
    expect(nodes.find(({ name }) => name === 'u = mul')).to.include({ value: '6', derivative: 'd: 3' })
  })
})

describe('2.14 the loss, the bowl and the house fit', () => {
  it('loss for y = 1 and 0: −ln a and −ln(1 − a)', async () => {
    const picture = plot.crossentropy()
    for (const { x, y, series } of drawn<Point>(picture))
      expect(y).to.equal(series.startsWith('y = 1') ? -Math.log(x) : -Math.log(1 - x))
    await showsAs(picture, 'y = 1', 'y = 0')
  })

  it('the bowl: rings of J', async () => {
    const picture = plot.bowl(bowl, { x: [-2, 2] })
    const cells = drawn<{ x: number; x2: number; y: number; y2: number; value: number }>(picture)
    const at = (w1: number, w2: number) => cells.find((c) => c.x <= w1 && w1 < c.x2 && c.y <= w2 && w2 < c.y2)!.value
    expect(at(0.01, 0.01)).to.equal(0)
    const edge = Math.floor(14 * Math.sqrt((0.5 * 0.025 ** 2 + 5 * 1.975 ** 2) / (5.5 * 1.975 ** 2)))
    expect(at(0.01, 1.99)).to.equal(edge)
    expect(at(1.99, 0.01)).to.be.below(edge)
    await showsAs(picture)
  })

  it('the fit of the houses with the examples on it', async () => {
    const dots = [[2104, 400], [1600, 330], [2400, 369], [3000, 540]] as const // prettier-ignore
    const picture = plot.curve((size) => 0.15 * size + 60, {
      from: 0,
      to: 3200,
      title: 'House prices',
      x: 'square feet',
      dots,
    })
    for (const { x, y } of drawn<Point>(picture, 0)) expect(y).to.equal(0.15 * x + 60)
    expect(drawn<Point>(picture, 1).map(({ x, y }) => [x, y])).to.deep.equal(dots)
    await showsAs(picture, 'House prices', 'square feet')
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
      expect(points).to.have.length(482)
      for (const { x, y, series } of points) expect(y).to.be.closeTo((series === 'g(z)' ? g : slope)(x), 1e-12)
      await showsAs(picture, name, 'g′(z)')
    })

  it('softmax is refused', () => expect(thrown(() => plot.activation('softmax')).message).to.include('several numbers'))
})

describe('4.8 network diagrams', () => {
  it('nodes = Σ n_l, edges = Σ n_l·n_(l−1), from a list and from a model', async () => {
    for (const widths of [
      [3, 4, 1],
      [3, 5, 5, 3, 1],
    ]) {
      // prettier-ignore
      const model = sequential({
        inputShape: [widths[0]],
        layers: widths.slice(1).map((units) => layers.dense({ units, activation: 'tanh' })),
      })
      for (const picture of [plot.networkDiagram(widths), plot.networkDiagram(model)]) {
        expect(drawn(picture, 1)).to.have.length(widths.reduce((a, b) => a + b))
        expect(drawn(picture, 0)).to.have.length(widths.slice(1).reduce((sum, n, l) => sum + n * widths[l], 0))
      }
    }
    await showsAs(plot.networkDiagram([3, 4, 1]), 'n_x = 3', 'n_2 = 1')
  })

  it('dropped units lose their edges', () => {
    const picture = plot.networkDiagram([3, 4, 1], { dropped: [[1, 2]] })
    expect(drawn(picture, 0)).to.have.length(3 * 3 + 3)
    expect(drawn<{ off: boolean }>(picture, 1).filter(({ off }) => off)).to.have.length(1)
    expect(thrown(() => plot.networkDiagram([3, 4], { dropped: [[1, 4]] }))).to.be.instanceOf(OptionError)
    expect(thrown(() => plot.networkDiagram([784, 10])).message).to.include('784')
  })
})

describe('4.9 first-layer weights as images', () => {
  it('64 inputs become 8×8 tiles, row by row', async () => {
    const weight = tensor(matrix(5, 64, normal(49)), { dtype: 'float64' })
    const picture = plot.weightImages(weight)
    const cells = drawn<{ unit: number; value: number; x: number; y: number }>(picture)
    expect(cells).to.have.length(320)
    // Three tiles in a row, one pixel between them: unit 4 is the second of the second row.
    for (const [row, column] of [[0, 0], [2, 5], [7, 7]]) // prettier-ignore
      expect(cells.find((c) => c.x === 9 + column && c.y === 9 + row)).to.include({ unit: 4, value: weight.data[4 * 64 + 8 * row + column] }) // prettier-ignore
    await showsAs(picture)
    expect(thrown(() => plot.weightImages(tensor(matrix(2, 60, normal(1)))))).to.be.instanceOf(ShapeError)
    expect(drawn(plot.weightImages(tensor(matrix(2, 60, normal(1))), { size: [6, 10] }))).to.have.length(120)
  })
})

describe('6.2 costs and learning curves', () => {
  const { x, y } = planar(60, 2)
  const fitted = async (batchSize: number | 'all') => {
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy' })
    return { model, history: await model.fit(x, y, { epochs: 5, batchSize }) }
  }

  it('batch against mini-batch (figure 6.1): J of every step', async () => {
    const [batch, mini] = [await fitted('all'), await fitted(10)]
    const picture = plot.batchVsMiniBatch(batch.history, mini.history)
    const [left, right] = (picture.spec as Spec).hconcat!.map((panel) => panel.data!.values.map(({ y: cost }) => cost))
    expect(left).to.deep.equal([...batch.history.batches])
    expect(right).to.deep.equal([...mini.history.batches])
    await showsAs(picture, 'Mini-batches')
    const costs = plot.costCurves({ batch: batch.history, 'mini-batch': mini.history })
    const wanted = [batch, mini].flatMap(({ history }) => history.epochs.map(({ loss }) => loss))
    expect(drawn<Point>(costs).map(({ y: cost }) => cost)).to.deep.equal(wanted)
    await showsAs(costs, 'mini-batch', 'cost J')
    expect(thrown(() => plot.costCurves({ batch: batch.history }, { key: 'accuracy' })).message).to.include('loss')
  })

  it('the decision boundary, a confusion matrix and a learning curve', async () => {
    const { model } = await fitted('all')
    const boundary = await plot.decisionBoundary(model, x, y)
    expect(drawn<{ x: number; y: number; class: string }>(boundary, 1).map((p) => [Math.fround(p.x), Math.fround(p.y), p.class])).to.deep.equal(x.map((row, i) => [...row.map(Math.fround), String(y[i])])) // prettier-ignore
    const cells = drawn<{ x: number; y: number; value: number }>(boundary, 0)
    expect(cells.every(({ value }) => value >= 0 && value <= 1)).to.equal(true)
    await showsAs(boundary, 'Decision boundary')
    expect(await rejected(plot.decisionBoundary(model, [[1, 2, 3]], [1]))).to.be.instanceOf(ShapeError)
    const matrixPicture = plot.confusionMatrix(data.confusionMatrix([0, 1, 1, 2], [0, 1, 2, 2]))
    expect(drawn<{ count: number }>(matrixPicture).map(({ count }) => count)).to.deep.equal([1, 0, 0, 0, 1, 1, 0, 0, 1])
    await showsAs(matrixPicture, 'Accuracy 75.0 %')
    const curve = await diagnose.learningCurve({ x, y }, (_, { m }) => 1 / m, { sizes: [10, 20], seeds: [1] })
    expect(drawn<Point>(plot.learningCurve({ small: curve })).map((p) => [p.x, p.y])).to.deep.equal([[10, 0.1], [20, 0.05]]) // prettier-ignore
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
    const points = drawn<Point & { step: number }>(picture, 1)
    expect(points).to.have.length(4 * 13)
    const walk = (series: string) => points.filter((p) => p.series === series).map(({ x, y }) => [x, y])
    let [w1, w2, v1, v2] = [-4, 1.5, 0, 0]
    for (const [x, y] of walk('gradient descent')) {
      expect([x, y].map((v, i) => Math.abs(v - [w1, w2][i]) < 1e-12)).to.deep.equal([true, true])
      ;[w1, w2] = [w1 - 0.15 * w1, w2 - 0.15 * 10 * w2]
    }
    ;[w1, w2] = [-4, 1.5]
    for (const [x, y] of walk('momentum')) {
      expect([x, y].map((v, i) => Math.abs(v - [w1, w2][i]) < 1e-12)).to.deep.equal([true, true])
      ;[v1, v2] = [0.9 * v1 + 0.1 * w1, 0.9 * v2 + 0.1 * 10 * w2]
      ;[w1, w2] = [w1 - 0.15 * v1, w2 - 0.15 * v2]
    }
    await showsAs(picture, 'gradient descent', 'momentum', 'RMSprop', 'Adam')
  })
})

describe('6.11 the picture of a plateau', () => {
  it('a slice of a cost that is flat for long, saved as SVG', async () => {
    const cost = (w: number) => 1 / (1 + Math.exp(4 - w)) + 0.002 * w
    const folder = mkdtempSync(join(tmpdir(), 'myelin-plateau-'))
    try {
      const picture = plot.curve((w) => 1 - cost(w), { from: -6, to: 10, title: 'A plateau', x: 'w', y: 'J(w)' })
      const path = join(folder, 'plateau.svg')
      await picture.save(path)
      expect(readFileSync(path, 'utf8')).to.match(/^<svg/).and.include('A plateau').and.include('J(w)')
      for (const { x, y } of drawn<Point>(picture, 0)) expect(y).to.equal(1 - cost(x))
      expect((await rejected(picture.save(join(folder, 'plateau.jpg')))).message).to.include('.svg')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
