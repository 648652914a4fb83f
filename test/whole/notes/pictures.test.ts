/** Pictures of functions, graphs and networks: what is drawn equals the formulas, and every picture becomes SVG. */
import { inflateSync } from 'node:zlib'
import { expect } from 'chai'
import { diagnose, layers, ops, OptionError, sequential, ShapeError, tensor, trace, type Value } from '../../../lib'
import * as plot from '../../../lib/plot'
import { bordersOf, drawn, seriesOf, showsAs, specOf, type Point } from '../../plot/support'
import { matrix, normal, planar, thrown } from './support'

const bowl = (w1: Value, w2: Value) => ops.add(ops.mul(0.5, ops.mul(w1, w1)), ops.mul(5, ops.mul(w2, w2)))
const J = (a: Value, b: Value, c: Value) =>
  ops.named('J', ops.mul(3, ops.named('v', ops.add(a, ops.named('u', ops.mul(b, c))))))

describe('1.3 the picture of a learning curve', () => {
  it('shows mean and range of the seeds against the number of examples', async () => {
    const { x, y } = planar(40, 3)
    const curve = await diagnose.learningCurve({ x, y }, (_, { m, seed }) => seed / m, {
      sizes: [10, 40],
      seeds: [1, 3],
    })
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
    await showsAs(picture, '>a<', '>b<', '>c<', 'u = b × c', 'v = a + u', 'J = 3 × v', '>33<', '>11<', 'd = 9')
    const boxes = specOf(picture).layer!.find(({ mark }) => (mark as { type: string }).type === 'rect')!
    const found = drawn<{ title: string; value: string; derivative: string }>(boxes)
    const rows = found.map(({ title, value, derivative }) => [title, value, derivative])
    expect(rows).to.have.deep.members([
      ['a', '5', 'd = 3'],
      ['b', '3', 'd = 6'],
      ['c', '2', 'd = 9'],
      ['u = b × c', '6', 'd = 3'],
      ['v = a + u', '11', 'd = 3'],
      ['3', '', ''],
      ['J = 3 × v', '33', 'd = 1'],
    ])
  })

  it('without values it shows the formulas alone; constants have theirs', async () => {
    const logistic = (w: Value, x: Value, b: Value) =>
      ops.neg(ops.log(ops.named('a', ops.sigmoid(ops.add(ops.mul(w, x), b)))))
    const svg = await showsAs(
      plot.computationGraph(trace(logistic, [[], [], []])),
      'a = sigmoid((w × x) + b)',
      '−log(a)',
    )
    expect(svg).to.not.include('d = ')
    await showsAs(plot.computationGraph(trace(J, [[], [], []])), 'J = 3 × v')
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
    const dots = [
      [2104, 400],
      [1600, 330],
      [2400, 369],
      [3000, 540],
    ] as const
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

  it('the slope of a leaky ReLU is in its title where it was chosen', () =>
    showsAs(plot.activation({ name: 'leakyRelu', slope: 0.2 }), '>leakyRelu, slope 0.2<'))

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

  it('dropped units lose their edges', async () => {
    const picture = plot.networkDiagram([3, 4, 1], { dropped: [[1, 2]] })
    const { units, edges } = layersOf(picture)
    expect(edges).to.have.length(3 * 3 + 3)
    expect(units.filter(({ off }) => off)).to.have.length(1)
    await showsAs(picture)
    expect(thrown(() => plot.networkDiagram([3, 4], { dropped: [[1, 4]] }))).to.be.instanceOf(OptionError)
    expect(thrown(() => plot.networkDiagram([784, 10])).message).to.include('784')
    expect(thrown(() => plot.networkDiagram([3])).message).to.include('[3, 4, 1]')
  })

  it('forward and backward blocks: what goes in and out of each, with the shapes of 4.3', async () => {
    const picture = plot.forwardBackward([2, 3, 5, 4, 2, 1])
    const parts = specOf(picture).layer!
    const boxes = parts.find(({ mark }) => (mark as { type: string }).type === 'rect')!
    expect(drawn(boxes)).to.have.length(2 * 5)
    const sizes = [2, 3, 5, 4, 2, 1]
    const texts = sizes.slice(1).flatMap((n, k) => {
      const [l, before] = ['₁₂₃₄₅'[k], '₀₁₂₃₄'[k]]
      const weight = `[${n}, ${sizes[k]}]`
      return [
        `W${l}  ${weight}`,
        `b${l}  [${n}]`,
        `cache z${l}`,
        `da${l}`,
        `dz${l}`,
        `dW${l} ${weight}, db${l} [${n}]`,
        ...(k ? [`a${before}`] : ['a₀ = x']),
      ]
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
