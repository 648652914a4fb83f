/** Pictures of functions of two numbers: bowls, the paths of optimisers, decision boundaries. */
import {
  checkOptions,
  describeValue,
  functionOption,
  OptionError,
  positiveInteger,
  ShapeError,
  shapeText,
} from '../errors'
import { grad } from '../grad'
import { layers } from '../layers'
import { Model, sequential } from '../model'
import type { DataLike } from '../data'
import { toRows } from '../data/rows'
import type { Optimizer } from '../optimizers'
import { tensor, type Value } from '../tensor'
import { Picture } from './picture'
import type { VegaLiteSpec } from './render'

/** [from, to] */
type Interval = readonly [number, number]

export interface SurfaceOptions {
  /** Of the first number. Default [−5, 5]. */
  x?: Interval
  /** Of the second. Default as x. */
  y?: Interval
  title?: string
  /** Names of the axes. Default ['w₁', 'w₂']. */
  axes?: readonly [string, string]
}

interface Frame {
  x: Interval
  y: Interval
  title: string
  axes: readonly [string, string]
}

const cells = 80

function interval(where: string, value: Interval): Interval {
  if (Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1]) return value
  throw new OptionError(`${where}: expected [from, to] with from below to, got ${describeValue(value)}.`)
}

function frameOf(where: string, options: SurfaceOptions, title: string): Frame {
  const x = interval(`${where}: x`, options.x ?? [-5, 5])
  const y = interval(`${where}: y`, options.y ?? x)
  return { x, y, title: options.title ?? title, axes: options.axes ?? ['w₁', 'w₂'] }
}

/** The middle of each of the cells of an interval. */
function middles([from, to]: Interval): number[] {
  return Array.from({ length: cells }, (_, i) => from + ((i + 0.5) * (to - from)) / cells)
}

/** A coloured cell for each value of the grid, in rows of x. */
function heat({ x, y, axes }: Frame, values: readonly number[], color: VegaLiteSpec): VegaLiteSpec {
  const [dx, dy] = [(x[1] - x[0]) / cells / 2, (y[1] - y[0]) / cells / 2]
  // Cells overlap a little, so that no seams show between them.
  const over = 1.15
  const ys = middles(y)
  const rows = middles(x).flatMap((cx, i) =>
    ys.map((cy, j) => ({
      x: cx - dx,
      x2: Math.min(x[1], cx + over * dx),
      y: cy - dy,
      y2: Math.min(y[1], cy + over * dy),
      value: values[i * cells + j],
    })),
  )
  const axis = (field: string, title: string, domain: Interval) => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain, nice: false, zero: false },
    axis: { grid: false },
  })
  return {
    data: { values: rows },
    mark: { type: 'rect', strokeWidth: 0 },
    encoding: {
      x: axis('x', axes[0], x),
      x2: { field: 'x2' },
      y: axis('y', axes[1], y),
      y2: { field: 'y2' },
      color: { field: 'value', type: 'quantitative', ...color },
    },
  }
}

type Cost = (w1: Value, w2: Value) => Value

function gridOf(f: (x: number, y: number) => number, { x, y }: Frame): number[] {
  return middles(x).flatMap((cx) => middles(y).map((cy) => f(cx, cy)))
}

/** Rings at equal distances of √(J − its least value): in a bowl they are evenly spaced. */
const rings = 14
const ringColors = { scale: { domain: [0, 1.6 * rings], scheme: 'blues' }, legend: null }

function bowlLayer(f: Cost, frame: Frame): VegaLiteSpec {
  const number = (value: Value) => (typeof value === 'number' ? value : value.item())
  const values = gridOf((a, b) => number(f(a, b)), frame)
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  const ringOf = (v: number) => Math.floor(rings * Math.sqrt((v - low) / (high - low || 1)))
  return heat(frame, values.map(ringOf), ringColors)
}

/** A cost J(w₁, w₂), written with `ops`, as rings (figures 2.4 and 5.3 of the notes). */
export function bowl(f: Cost, options: SurfaceOptions = {}): Picture {
  const where = 'plot.bowl'
  functionOption(where, f)
  checkOptions(where, options, ['x', 'y', 'title', 'axes'])
  const frame = frameOf(where, options, 'Cost')
  return new Picture('bowl', { title: frame.title, width: 360, height: 360, ...bowlLayer(f, frame) })
}

export interface OptimizerPathsOptions extends SurfaceOptions {
  /** Where all paths begin. */
  start: readonly [number, number]
  /** Default 50. */
  steps?: number
}

/** The points that an optimiser visits on J(w₁, w₂) from `start`: steps + 1 of them. */
function pathOf(f: Cost, optimizer: Optimizer, start: readonly [number, number], steps: number): [number, number][] {
  using model = sequential({
    inputShape: [1],
    dtype: 'float64',
    device: 'cpu',
    layers: [layers.dense({ units: 2, useBias: false })],
  })
  model.setWeights([{ name: 'dense_1', weight: [[start[0]], [start[1]]] }])
  const slope = grad(f)
  const path: [number, number][] = [[start[0], start[1]]]
  for (let t = 0; t < steps; t++) {
    const [w1, w2] = path[t]
    const [g1, g2] = slope(w1, w2)
    optimizer.apply(model, [{ name: 'dense_1', weight: [[Number(g1)], [Number(g2)]] }])
    const { data } = model.getWeights()[0].weight
    path.push([data[0], data[1]])
  }
  return path
}

/** How optimisers, by name, walk down J(w₁, w₂) from one point (figures 6.3 and 6.4 of the notes). */
export function optimizerPaths(
  f: Cost,
  optimizers: Readonly<Record<string, Optimizer>>,
  options: OptimizerPathsOptions,
): Picture {
  const where = 'plot.optimizerPaths'
  functionOption(where, f)
  checkOptions(where, options, ['x', 'y', 'title', 'axes', 'start', 'steps'])
  const { start } = options ?? {}
  if (!Array.isArray(start) || start.length !== 2 || !start.every(Number.isFinite))
    throw new OptionError(`${where}: start: expected two numbers [w₁, w₂], got ${describeValue(start)}.`)
  const steps = positiveInteger(`${where}: steps`, options.steps ?? 50)
  const frame = frameOf(where, options, 'Paths of optimisers')
  const values = Object.entries(optimizers).flatMap(([series, optimizer]) =>
    pathOf(f, optimizer, options.start, steps).map(([x, y], step) => ({ x, y, series, step })),
  )
  const paths = {
    data: { values },
    mark: { type: 'line', strokeWidth: 2, point: { size: 18 }, clip: true },
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative' },
      order: { field: 'step', type: 'quantitative' },
      color: { field: 'series', type: 'nominal', title: null, sort: null, scale: { range: ['#111111', '#dd2222', '#22884f', '#aa33aa', '#cc7700'] } }, // prettier-ignore
    },
  }
  return new Picture('optimizerPaths', {
    title: frame.title,
    width: 480,
    height: 320,
    resolve: { scale: { color: 'independent' } },
    layer: [bowlLayer(f, frame), paths],
  })
}

/**
 * The plane coloured by what a model with two inputs and one probability (or two or more classes) says, and examples
 * x [m, 2] on it by their class y.
 */
export async function decisionBoundary(
  model: Model,
  x: DataLike,
  y: DataLike,
  options: { title?: string; axes?: readonly [string, string] } = {},
): Promise<Picture> {
  const where = 'plot.decisionBoundary'
  if (!(model instanceof Model))
    throw new OptionError(`${where}: expected a model made by sequential or loadModel, got ${describeValue(model)}.`)
  checkOptions(where, options, ['title', 'axes'])
  const { data, shape, count } = toRows(`${where}: x`, x)
  const labels = toRows(`${where}: y`, y)
  if (model.inputShape.join() !== '2' || shape.length !== 2 || shape[1] !== 2)
    throw new ShapeError(`${where}: expected a model and examples of two inputs, got ${shapeText(model.inputShape)} and x ${shapeText(shape)}.`) // prettier-ignore
  if (labels.count !== count || labels.width !== 1)
    throw new ShapeError(`${where}: y: expected ${count} class numbers, got ${shapeText(labels.shape)}.`)
  const reach = (column: number): Interval => {
    const values = Array.from({ length: count }, (_, i) => data[2 * i + column])
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const margin = 0.08 * (high - low || 1)
    return [low - margin, high + margin]
  }
  const frame = frameOf(where, { ...options, x: reach(0), y: reach(1), axes: options.axes ?? ['x₁', 'x₂'] }, 'Decision boundary') // prettier-ignore
  const grid = middles(frame.x).flatMap((a) => middles(frame.y).map((b) => [a, b]))
  using probabilities = await model.predict(tensor(grid, { dtype: model.dtype }))
  const width = probabilities.size / grid.length
  const out = probabilities.data
  const chosen = grid.map((_, i) => {
    if (width === 1) return out[i]
    const row = out.subarray(i * width, (i + 1) * width)
    return row.indexOf(Math.max(...row))
  })
  const color =
    width === 1
      ? { title: 'probability of 1', scale: { domain: [0, 1], scheme: 'blueorange', reverse: false } }
      : { type: 'nominal', title: 'class', scale: { scheme: 'pastel1' } }
  const dots = {
    data: { values: Array.from({ length: count }, (_, i) => ({ x: data[2 * i], y: data[2 * i + 1], class: `${labels.data[i]}` })) }, // prettier-ignore
    mark: { type: 'point', filled: true, size: 45, opacity: 1, stroke: 'white', strokeWidth: 0.8 },
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative' },
      color: { field: 'class', type: 'nominal', title: 'y' },
      shape: { field: 'class', type: 'nominal', legend: null },
    },
  }
  return new Picture('decisionBoundary', {
    title: frame.title,
    width: 400,
    height: 400,
    resolve: { scale: { color: 'independent' } },
    layer: [heat(frame, chosen, color), dots],
  })
}
