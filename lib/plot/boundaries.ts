/** What models with two inputs say about the plane. */
import { checkOptions } from '../base/checks'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { toRows, type DataLike, type Rows } from '../data/rows'
import { Model } from '../model'
import { bareInput } from '../model/data/inputs'
import { tensor } from '../tensor/tensor'
import { areaBelow, gridOf, type Grid } from './contour'
import { areasLayer, around, axesLayer, framed, insideLines, type Area, type Frame } from './frame'
import { Picture } from './picture'
import type { VegaLiteSpec } from './render'
import { background, diverging, ink, palette, soft } from './theme'

export interface DecisionBoundaryOptions {
  title?: string | undefined
  /** Names of the two inputs. Default ['x₁', 'x₂']. */
  axes?: readonly [string, string] | undefined
}

/** Nodes of the grid along each side. */
const nodes = 121

interface Examples {
  x: Rows
  y: Rows
  /** In the order of their numbers. */
  classes: number[]
}

function examplesOf(where: string, x: DataLike, y: DataLike): Examples {
  const points = toRows(`${where}: x`, x)
  const labels = toRows(`${where}: y`, y)
  if (points.shape.length !== 2 || points.width !== 2)
    throw new ShapeError(`${where}: x: expected examples of two inputs, [m, 2], got ${shapeText(points.shape)}.`)
  if (labels.count !== points.count || labels.width !== 1)
    throw new ShapeError(
      `${where}: y: expected ${points.count} class numbers, one for each row of x, got ${shapeText(labels.shape)}.`,
    )
  const classes = [...new Set(labels.data)].sort((a, b) => a - b)
  if (classes.some((c) => !Number.isInteger(c) || c < 0) || classes.length > 20) {
    const given = `${classes.slice(0, 4).join(', ')}${classes.length > 4 ? ', …' : ''}`
    throw new OptionError(`${where}: y: expected class numbers 0, 1, 2, …, at most 20 of them, got ${given}.`)
  }
  return { x: points, y: labels, classes }
}

/** The areas of the plane, from what the model says at the nodes of a grid. */
async function areasOf(where: string, model: Model, frame: Frame): Promise<VegaLiteSpec[]> {
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, got ${describeValue(model)}.`,
    )
  const { network } = model.internals.engine
  bareInput(where, network)
  if (network.namedOutputs || model.inputShape.join() !== '2' || model.outputShape.length !== 1)
    throw new ShapeError(
      `${where}: expected a model of two inputs whose output is one probability or one of each class, ` +
        `got ${shapeText(model.inputShape)} → ${shapeText(model.outputShape)}.`,
    )
  const grid = gridOf(() => 0, frame.x, frame.y, nodes)
  const places = grid.xs.flatMap((a) => grid.ys.map((b) => [a, b]))
  using said = await model.predict(tensor(places, { dtype: model.dtype }))
  const [out, width] = [said.data, said.size / places.length]
  if (width === 1) return probabilityAreas(frame, { ...grid, values: out })
  // Class k is where its margin over the best other one is positive.
  const areas = Array.from({ length: width }, (_, k) => {
    const margin = (i: number) => {
      let best = -Infinity
      for (let c = 0; c < width; c++) if (c !== k) best = Math.max(best, out[i * width + c])
      return best - out[i * width + k]
    }
    return {
      rings: areaBelow({ ...grid, values: places.map((_, i) => margin(i)) }, 0),
      fill: soft[k % soft.length],
      level: k,
    }
  })
  const edges = areas.map((area) => edge(frame, area))
  return [areasLayer(frame, areas, { stroke: null }), areasLayer(frame, edges, { stroke: ink, strokeWidth: 1.2 })]
}

/** The border of an area, but for the frame's. */
function edge(frame: Frame, { rings, level }: Omit<Area, 'fill'>): Area {
  return { rings: insideLines(frame, rings), fill: 'none', level }
}

/** Ten bands of probability, and the line where it is one half. */
function probabilityAreas(frame: Frame, grid: Grid): VegaLiteSpec[] {
  const bands = diverging.map((_, k) => {
    const level = (diverging.length - k) / diverging.length
    return { rings: areaBelow(grid, k === 0 ? Infinity : level), fill: diverging[diverging.length - 1 - k], level }
  })
  const half = edge(frame, { rings: areaBelow(grid, 0.5), level: 0.5 })
  return [
    areasLayer(frame, bands, { stroke: background, strokeWidth: 0.4 }),
    areasLayer(frame, [half], { stroke: ink, strokeWidth: 1.8 }),
  ]
}

function examplesLayer({ x, y, classes }: Examples): VegaLiteSpec {
  const values = Array.from({ length: x.count }, (_, i) => ({
    x: x.data[2 * i],
    y: x.data[2 * i + 1],
    class: `${y.data[i]}`,
  }))
  const names = classes.map(String)
  // Class 1 is blue, as in the bands.
  const colors = classes.map((c) => palette[c < 2 ? 1 - c : c % palette.length])
  return {
    data: { values },
    mark: {
      type: 'point',
      filled: true,
      size: x.count > 400 ? 18 : 45,
      opacity: 1,
      stroke: background,
      strokeWidth: 0.8,
      clip: true,
    },
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative' },
      color: {
        field: 'class',
        type: 'nominal',
        title: 'y',
        scale: { domain: names, range: colors },
        legend: { symbolSize: 70, symbolStrokeWidth: 0 },
      },
      shape: { field: 'class', type: 'nominal', title: 'y', scale: { domain: names } },
    },
  }
}

async function panel(
  where: string,
  model: Model,
  examples: Examples,
  title: string,
  axes: readonly [string, string],
  size: number,
): Promise<VegaLiteSpec> {
  const column = (k: number) => Array.from({ length: examples.x.count }, (_, i) => examples.x.data[2 * i + k])
  const frame: Frame = { x: around(column(0)), y: around(column(1)), title, axes, width: size, height: size }
  return framed(frame, [...(await areasOf(where, model, frame)), axesLayer(frame), examplesLayer(examples)])
}

/**
 * The plane coloured by what a model with two inputs says, and examples x [m, 2] on it by their class y [m]. For a
 * model with one output, ten bands of the probability of class 1 and a line where it is one half; for one with several,
 * the area where each class is the likeliest.
 */
export async function decisionBoundary(
  model: Model,
  x: DataLike,
  y: DataLike,
  options: DecisionBoundaryOptions = {},
): Promise<Picture> {
  const where = 'plot.decisionBoundary'
  checkOptions(where, options, ['title', 'axes'])
  const examples = examplesOf(where, x, y)
  const title = options.title ?? 'Decision boundary'
  return new Picture(where, await panel(where, model, examples, title, options.axes ?? ['x₁', 'x₂'], 400))
}

/**
 * Decision boundaries of several models by name, side by side on the same examples: underfitting, right and
 * overfitting, or a sweep over λ.
 */
export async function decisionBoundaries(
  models: Readonly<Record<string, Model>>,
  x: DataLike,
  y: DataLike,
  options: DecisionBoundaryOptions = {},
): Promise<Picture> {
  const where = 'plot.decisionBoundaries'
  checkOptions(where, options, ['title', 'axes'])
  const examples = examplesOf(where, x, y)
  const entries = Object.entries(models ?? {})
  if (entries.length === 0) throw new OptionError(`${where}: expected { name: model, … }, got no model.`)
  const panels: VegaLiteSpec[] = []
  for (const [name, model] of entries)
    panels.push(await panel(`${where}: '${name}'`, model, examples, name, options.axes ?? ['x₁', 'x₂'], 250))
  const { title } = options
  return new Picture(where, {
    ...(title ? { title } : {}),
    columns: 3,
    concat: panels,
    resolve: { scale: { color: 'shared', shape: 'shared' } },
  })
}
