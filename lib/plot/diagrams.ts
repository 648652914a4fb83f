/** Pictures made of boxes and lines: networks, computation graphs, matrices, weights as images. */
import type { ConfusionMatrix } from '../data'
import { checkOptions, describeValue, OptionError, positiveInteger, ShapeError, shapeText } from '../errors'
import { Model } from '../model'
import { Tensor, type TensorLike } from '../tensor'
import type { Graph } from '../trace'
import { Picture } from './picture'

const hidden = { axis: null, scale: { zero: false, nice: false } }

/** Counts of true against predicted classes, dark where many. */
export function confusionMatrix(matrix: ConfusionMatrix): Picture {
  const values = matrix.counts.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0)
    return row.map((count, j) => ({ truth: matrix.labels[i], guess: matrix.labels[j], count, share: total === 0 ? 0 : count / total })) // prettier-ignore
  })
  const place = {
    x: { field: 'guess', type: 'nominal', sort: null, title: 'predicted', axis: { labelAngle: 0, orient: 'top' } },
    y: { field: 'truth', type: 'nominal', sort: null, title: 'true' },
  }
  return new Picture('confusionMatrix', {
    title: `Accuracy ${(100 * matrix.accuracy).toFixed(1)} %`,
    width: { step: 36 },
    height: { step: 36 },
    data: { values },
    encoding: place,
    layer: [
      {
        mark: 'rect',
        encoding: { color: { field: 'share', type: 'quantitative', scale: { scheme: 'blues', domain: [0, 1] }, legend: null } }, // prettier-ignore
      },
      {
        mark: { type: 'text', fontSize: 12 },
        encoding: {
          text: { field: 'count' },
          color: { condition: { test: 'datum.share > 0.5', value: 'white' }, value: '#333333' },
        },
      },
    ],
  })
}

/** Layers wider than this are drawn with their first and last units and dots between. */
export interface NetworkDiagramOptions {
  /** Units that dropout has switched off, by layer from 0 (the input) and unit from 0: drawn faint, without edges. */
  dropped?: readonly (readonly [number, number])[]
}

const mostUnits = 64

/** Units as circles, weights as lines (figures 3.1 and 4.1 of the notes): n_x, n_1, … n_L from a list or a model. */
export function networkDiagram(network: Model | readonly number[], options: NetworkDiagramOptions = {}): Picture {
  const where = 'plot.networkDiagram'
  checkOptions(where, options, ['dropped'])
  const widths = network instanceof Model ? widthsOf(network) : network
  if (!Array.isArray(widths) || widths.length < 2)
    throw new OptionError(`${where}: expected a model or a list of layer sizes such as [3, 4, 1], got ${describeValue(network)}.`) // prettier-ignore
  for (const n of widths as readonly number[])
    if (positiveInteger(`${where}: size of a layer`, n) > mostUnits)
      throw new OptionError(
        `${where}: a layer has ${n} units; at most ${mostUnits} can be told apart. Draw a smaller one.`,
      )
  const off = new Set((options.dropped ?? []).map(([l, i]) => `${l},${i}`))
  for (const [l, i] of options.dropped ?? [])
    if (!(l in widths) || !Number.isInteger(i) || i < 0 || i >= widths[l])
      throw new OptionError(`${where}: dropped: there is no unit ${i} in layer ${l}.`)
  const units = (widths as readonly number[]).flatMap((n, l) =>
    Array.from({ length: n }, (_, i) => ({
      layer: l,
      unit: i,
      x: l,
      y: (n - 1) / 2 - i,
      off: off.has(`${l},${i}`),
      kind: l === 0 ? 'input' : l === widths.length - 1 ? 'output' : 'hidden',
    })),
  )
  const edges = units.flatMap((to) =>
    units
      .filter((from) => from.layer === to.layer - 1 && !from.off && !to.off)
      .map((from) => ({ x: from.x, y: from.y, x2: to.x, y2: to.y })),
  )
  const tallest = Math.max(...(widths as readonly number[]))
  const names = (widths as readonly number[]).map((n, l) => ({ x: l, y: tallest / 2 + 0.4, text: `${l === 0 ? 'n_x' : `n_${l}`} = ${n}` })) // prettier-ignore
  const x = { field: 'x', type: 'quantitative', axis: null, scale: { domain: [-0.35, widths.length - 0.65], nice: false, zero: false } } // prettier-ignore
  const y = { field: 'y', type: 'quantitative', axis: null, scale: { domain: [-tallest / 2 - 0.2, tallest / 2 + 0.8], nice: false, zero: false } } // prettier-ignore
  const size = Math.max(60, Math.min(900, 9000 / tallest))
  return new Picture('networkDiagram', {
    width: 130 * widths.length,
    height: Math.max(180, Math.min(900, 56 * tallest)),
    view: { stroke: null },
    layer: [
      {
        data: { values: edges },
        mark: { type: 'rule', color: '#999999', opacity: 0.6 },
        encoding: { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } },
      },
      {
        data: { values: units },
        mark: { type: 'circle', size, opacity: 1, stroke: '#333333', strokeWidth: 1.5 },
        encoding: {
          x,
          y,
          color: { field: 'kind', type: 'nominal', title: null, sort: null, legend: { symbolSize: 120 } },
          fillOpacity: { condition: { test: 'datum.off', value: 0.08 }, value: 1 },
          strokeOpacity: { condition: { test: 'datum.off', value: 0.3 }, value: 1 },
        },
      },
      {
        data: { values: names },
        mark: { type: 'text', fontSize: 13, color: '#333333' },
        encoding: { x, y, text: { field: 'text' } },
      },
    ],
  })
}

/** n_x and the units of every dense layer. */
function widthsOf(model: Model): number[] {
  const dense = model.layers.filter(({ kind }) => kind === 'dense')
  if (dense.length === 0) throw new OptionError('plot.networkDiagram: the model has no dense layer to draw.')
  return [dense[0].inputShape[0], ...dense.map(({ outputShape }) => outputShape[0])]
}

/**
 * A traced function as boxes from left to right (figures 2.5 to 2.7 of the notes); with `at`, one value for each
 * argument, also every value and, below it, the derivative of the result by it.
 */
export function computationGraph(graph: Graph, options: { at?: readonly TensorLike[] } = {}): Picture {
  checkOptions('plot.computationGraph', options, ['at'])
  const text = (value: unknown) => (value === undefined ? '' : typeof value === 'number' ? String(Number(value.toPrecision(6))) : JSON.stringify(value)) // prettier-ignore
  const evaluated = options.at === undefined ? null : graph.evaluate(...options.at)
  const depth = new Map<string, number>()
  for (const { name, inputs } of graph.nodes)
    depth.set(name, Math.max(-1, ...inputs.map((input) => depth.get(input)!)) + 1)
  // A source stands just left of the first node that uses it.
  for (const { name, inputs } of graph.nodes) {
    const users = graph.nodes.filter((node) => node.inputs.includes(name)).map((node) => depth.get(node.name)!)
    if (inputs.length === 0 && users.length > 0) depth.set(name, Math.min(...users) - 1)
  }
  const columns = new Map<number, string[]>()
  for (const { name } of graph.nodes) columns.set(depth.get(name)!, [...(columns.get(depth.get(name)!) ?? []), name])
  const nodes = graph.nodes.map(({ name, op }, i) => {
    const column = columns.get(depth.get(name)!)!
    const source = ['input', 'constant'].includes(op)
    return {
      name: source && op === 'input' ? name : name.startsWith('%') ? op : `${name} = ${op}`,
      x: depth.get(name)!,
      y: (column.length - 1) / 2 - column.indexOf(name),
      value: text(evaluated?.[i].value),
      derivative:
        op === 'constant' || evaluated?.[i].derivative === undefined ? '' : `d: ${text(evaluated[i].derivative)}`,
    }
  })
  const placeOf = new Map(graph.nodes.map(({ name }, i) => [name, nodes[i]]))
  const edges = graph.nodes.flatMap(
    ({ name, inputs }) =>
    inputs.map((input) => ({ x: placeOf.get(input)!.x, y: placeOf.get(input)!.y, x2: placeOf.get(name)!.x, y2: placeOf.get(name)!.y })), // prettier-ignore
  )
  const [wide, tall] = [Math.max(...columns.keys()) + 1, Math.max(...[...columns.values()].map((c) => c.length))]
  const x = { field: 'x', type: 'quantitative', ...hidden, scale: { ...hidden.scale, domain: [-0.5, wide - 0.5] } }
  const y = { field: 'y', type: 'quantitative', ...hidden, scale: { ...hidden.scale, domain: [-tall / 2, tall / 2] } }
  const label = (field: string, dy: number, color: string, weight = 'normal') => ({
    data: { values: nodes },
    mark: { type: 'text', dy, color, fontSize: 13, fontWeight: weight },
    encoding: { x, y, text: { field } },
  })
  return new Picture('computationGraph', {
    width: 140 * wide,
    height: 84 * tall,
    view: { stroke: null },
    layer: [
      { data: { values: edges }, mark: { type: 'rule', color: '#888888', strokeWidth: 1.5 }, encoding: { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } } }, // prettier-ignore
      { data: { values: nodes }, mark: { type: 'square', size: 4200, color: '#eaf0fa', opacity: 1, stroke: '#3366aa', strokeWidth: 1.5 }, encoding: { x, y } }, // prettier-ignore
      label('name', evaluated ? -16 : 0, '#222222', '600'),
      label('value', 2, '#22884f'),
      label('derivative', 19, '#bb3322'),
    ],
  })
}

/**
 * The rows of a weight matrix [units, n] as grey images, one tile a unit (figure 4.4 of the notes). `size` is
 * [height, width] of a tile; by default a square.
 */
export function weightImages(weight: Tensor, options: { size?: readonly [number, number] } = {}): Picture {
  const where = 'plot.weightImages'
  checkOptions(where, options, ['size'])
  if (!(weight instanceof Tensor) || weight.rank !== 2)
    throw new ShapeError(`${where}: expected a weight [units, inputs], got ${weight instanceof Tensor ? shapeText(weight.shape) : describeValue(weight)}.`) // prettier-ignore
  const [units, inputs] = weight.shape
  const side = Math.sqrt(inputs)
  const [height, width] = options.size ?? [side, side]
  if (!Number.isInteger(height) || !Number.isInteger(width) || height * width !== inputs)
    throw new ShapeError(
      `${where}: ${inputs} inputs are no image of ${height}×${width}. Give { size: [height, width] }.`,
    )
  const columns = Math.ceil(Math.sqrt(units))
  const { data } = weight
  const values = Array.from(data, (value, k) => {
    const unit = Math.floor(k / inputs)
    const pixel = k % inputs
    const left = (unit % columns) * (width + 1) + (pixel % width)
    const top = Math.floor(unit / columns) * (height + 1) + Math.floor(pixel / width)
    return { unit, value, x: left, x2: left + 1, y: top, y2: top + 1 }
  })
  const most = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1
  const rows = Math.ceil(units / columns)
  const scale = Math.max(2, Math.min(12, Math.floor(640 / (columns * (width + 1)))))
  return new Picture('weightImages', {
    width: columns * (width + 1) * scale,
    height: rows * (height + 1) * scale,
    view: { stroke: null },
    data: { values },
    mark: { type: 'rect', strokeWidth: 0 },
    encoding: {
      x: { field: 'x', type: 'quantitative', ...hidden },
      x2: { field: 'x2' },
      y: { field: 'y', type: 'quantitative', ...hidden, sort: 'descending' },
      y2: { field: 'y2' },
      color: {
        field: 'value',
        type: 'quantitative',
        title: 'weight',
        scale: { scheme: 'greys', domain: [-most, most] },
      },
    },
  })
}
