/** What models with two inputs say about the plane. */
import { checkOptions, checkSignal, throwIfAborted } from '../base/checks'
import { describeValue, NonFiniteError, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { inTurns, type Sliced } from '../base/slices'
import { heldRows } from '../data/row-source'
import type { DataLike } from '../data/rows'
import { Model } from '../model'
import { withInputs } from '../model/calls'
import { bareInput, type OpenInputs } from '../model/data/inputs'
import { defaultChunk } from '../model/infer/chunks'
import { predict } from '../model/infer/predict'
import type { Job } from '../model/queue/job'
import type { Tensor } from '../tensor/tensor'
import { areaBelow, gridOf, type Grid } from './contour'
import { classedExamples, type ClassedExamples } from './examples'
import { areasLayer, axesLayer, framed, insideLines, namesOption, type Area, type Frame } from './frame'
import { Picture } from './picture'
import type { VegaLiteSpec } from './render'
import { background, diverging, ink, palette, soft } from './theme'

export interface DecisionBoundaryOptions {
  title?: string | undefined
  /** Names of the two inputs. Default ['x₁', 'x₂']. */
  axes?: readonly [string, string] | undefined
  signal?: AbortSignal | undefined
}

/** Nodes of the grid along each side. */
const nodes = 121

/** Models whose output is one probability, or one of each class, for two numbers. */
function checkModel(where: string, model: unknown): asserts model is Model {
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, got ${describeValue(model)}.`,
    )
  const { network } = model.internals(where).engine
  const { dtype } = bareInput(where, network)
  if (network.namedOutputs || model.inputShape.join() !== '2' || model.outputShape.length !== 1)
    throw new ShapeError(
      `${where}: expected a model of two inputs whose output is one probability or one of each class, ` +
        `got ${shapeText(model.inputShape)} → ${shapeText(model.outputShape)}.`,
    )
  if (dtype === 'int32')
    throw new OptionError(`${where}: expected a model of two numbers of any size, got one that takes whole numbers.`)
}

/** What the model says at the nodes of a grid over the frame, [nodes², outputs]. */
async function saidBy(
  where: string,
  model: Model,
  frame: Frame,
  signal: AbortSignal | undefined,
): Promise<{ grid: Grid; said: Tensor }> {
  const { engine } = model.internals(where)
  const beyond = [...frame.x, ...frame.y].find((v) => !Number.isFinite(engine.dtype === 'float32' ? Math.fround(v) : v))
  if (beyond !== undefined)
    throw new NonFiniteError(`${where}: x: the frame around the examples reaches to ${beyond}, beyond ${engine.dtype}.`)
  const grid = gridOf(() => 0, frame.x, frame.y, nodes)
  const places = Float64Array.from({ length: 2 * nodes * nodes }, (_, i) => {
    const [column, row] = [Math.floor(i / (2 * nodes)), (i >> 1) % nodes]
    return i % 2 === 0 ? grid.xs[column] : grid.ys[row]
  })
  const x = { data: places, shape: [nodes * nodes, 2] }
  const work = async (job: Job, rows: OpenInputs) => (await predict(engine, job, rows, defaultChunk)) as Tensor
  return { grid, said: await withInputs(engine, where, 'read', x, signal, work) }
}

/** The areas of the plane, from what the model says. */
function* areasOf(frame: Frame, grid: Grid, said: Tensor): Sliced<VegaLiteSpec[]> {
  const [out, width] = [said.data, said.size / (nodes * nodes)]
  if (width === 1) return yield* probabilityAreas(frame, { ...grid, values: out })
  // Class k is where its margin over the best other one is positive.
  const areas: Area[] = []
  for (let k = 0; k < width; k++) {
    const margins = new Float64Array(nodes * nodes)
    for (let i = 0; i < margins.length; i++) {
      let best = -Infinity
      for (let c = 0; c < width; c++) if (c !== k) best = Math.max(best, out[i * width + c])
      margins[i] = best - out[i * width + k]
    }
    yield
    areas.push({ rings: areaBelow({ ...grid, values: margins }, 0), fill: soft[k % soft.length], level: k })
    yield
  }
  const edges = areas.map((area) => edge(frame, area))
  return [areasLayer(frame, areas, { stroke: null }), areasLayer(frame, edges, { stroke: ink, strokeWidth: 1.2 })]
}

/** The border of an area, but for the frame's. */
function edge(frame: Frame, { rings, level }: Omit<Area, 'fill'>): Area {
  return { rings: insideLines(frame, rings), fill: 'none', level }
}

/** Ten bands of probability, and the line where it is one half. */
function* probabilityAreas(frame: Frame, grid: Grid): Sliced<VegaLiteSpec[]> {
  const bands: Area[] = []
  for (let k = 0; k < diverging.length; k++) {
    const level = (diverging.length - k) / diverging.length
    const rings = areaBelow(grid, k === 0 ? Infinity : level)
    bands.push({ rings, fill: diverging[diverging.length - 1 - k], level })
    yield
  }
  const half = edge(frame, { rings: areaBelow(grid, 0.5), level: 0.5 })
  yield
  return [
    areasLayer(frame, bands, { stroke: background, strokeWidth: 0.4 }),
    areasLayer(frame, [half], { stroke: ink, strokeWidth: 1.8 }),
  ]
}

function examplesLayer({ points, classes }: ClassedExamples): VegaLiteSpec {
  const names = classes.map(String)
  // Class 1 is blue, as in the bands.
  const colors = classes.map((c) => palette[c < 2 ? 1 - c : c % palette.length])
  return {
    data: { values: points },
    mark: {
      type: 'point',
      filled: true,
      size: points.length > 400 ? 18 : 45,
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
  examples: ClassedExamples,
  title: string,
  size: number,
  { axes, signal }: { axes: readonly [string, string]; signal: AbortSignal | undefined },
): Promise<VegaLiteSpec> {
  const frame: Frame = { x: examples.frame[0], y: examples.frame[1], title, axes, width: size, height: size }
  const { grid, said } = await saidBy(where, model, frame, signal)
  using held = said
  const areas = await inTurns(areasOf(frame, grid, held), () => throwIfAborted(where, signal))
  return framed(frame, [...areas, axesLayer(frame), examplesLayer(examples)])
}

/** The examples, read while the event loop goes on; tensors may be disposed meanwhile. */
async function examplesOf(
  where: string,
  x: DataLike,
  y: DataLike,
  signal: AbortSignal | undefined,
): Promise<ClassedExamples> {
  throwIfAborted(where, signal)
  const [heldX, heldY] = [heldRows(x), heldRows(y)]
  try {
    return await inTurns(classedExamples(where, heldX.value, heldY.value), () => throwIfAborted(where, signal))
  } finally {
    heldX.release()
    heldY.release()
  }
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
  checkOptions(where, options, ['title', 'axes', 'signal'])
  checkSignal(where, options.signal)
  checkModel(where, model)
  const run = { axes: namesOption(`${where}: axes`, options.axes ?? ['x₁', 'x₂']), signal: options.signal }
  const examples = await examplesOf(where, x, y, options.signal)
  return new Picture(where, await panel(where, model, examples, options.title ?? 'Decision boundary', 400, run))
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
  checkOptions(where, options, ['title', 'axes', 'signal'])
  checkSignal(where, options.signal)
  const run = { axes: namesOption(`${where}: axes`, options.axes ?? ['x₁', 'x₂']), signal: options.signal }
  const entries = Object.entries(models ?? {})
  if (entries.length === 0) throw new OptionError(`${where}: expected { name: model, … }, got no model.`)
  for (const [name, model] of entries) checkModel(`${where}: '${name}'`, model)
  const examples = await examplesOf(where, x, y, options.signal)
  const panels: VegaLiteSpec[] = []
  for (const [name, model] of entries) panels.push(await panel(`${where}: '${name}'`, model, examples, name, 250, run))
  const { title } = options
  return new Picture(where, {
    ...(title ? { title } : {}),
    columns: 3,
    concat: panels,
    resolve: { scale: { color: 'shared', shape: 'shared' } },
  })
}
