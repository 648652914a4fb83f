/** Pictures of a cost of two numbers: bowls and the paths down them. */
import { checkOptions, functionOption, positiveInteger } from '../base/checks'
import { describeValue, NonFiniteError, OptionError } from '../base/errors'
import { grad } from '../functions/grad'
import { layers } from '../layers'
import { sequential } from '../model'
import type { Optimizer } from '../optimizers'
import { Tensor, tensor, type Value } from '../tensor/tensor'
import { gridOf, type Grid } from './contour'
import { numberOf } from './function-values'
import {
  axesLayer,
  framed,
  interval,
  namesOption,
  pathsLayer,
  place,
  ringsLayer,
  type Frame,
  type Interval,
  type Place,
} from './frame'
import { Picture } from './picture'

export interface SurfaceOptions {
  /** Of the first number. Default [−5, 5]. */
  x?: Interval | undefined
  /** Of the second. Default as x. */
  y?: Interval | undefined
  title?: string | undefined
  /** Names of the axes. Default ['w₁', 'w₂']. */
  axes?: readonly [string, string] | undefined
}

export interface BowlOptions extends SurfaceOptions {
  /** Points that were visited, by name: drawn as lines. Default none. */
  paths?: Readonly<Record<string, readonly Place[]>> | undefined
}

type Cost = (w1: Value, w2: Value) => Value

/** Nodes of the grid along each side. */
const nodes = 81

function frameOf(where: string, options: SurfaceOptions, title: string): Frame {
  const x = interval(`${where}: x`, options.x ?? [-5, 5])
  const y = interval(`${where}: y`, options.y ?? x)
  const height = Math.round(Math.min(400, Math.max(220, (440 * (y[1] - y[0])) / (x[1] - x[0]))))
  const axes = namesOption(`${where}: axes`, options.axes ?? ['w₁', 'w₂'])
  return { x, y, title: options.title ?? title, axes, width: 440, height }
}

function costLayer(where: string, f: Cost, frame: Frame) {
  const number = (value: Value) => numberOf(where, value)
  const at = (a: number, b: number) => number(f(a, b))
  const grid = gridOf(() => 0, frame.x, frame.y, nodes)
  return ringsLayer(frame, { ...grid, values: atOnce(f, at, grid) ?? gridOf(at, frame.x, frame.y, nodes).values })
}

/**
 * J at all nodes in one evaluation, where f works on lists of weights as it does on single ones. Functions that reduce
 * or reshape their arguments do not, which probes at some nodes tell: null.
 */
function atOnce(f: Cost, at: (a: number, b: number) => number, { xs, ys }: Grid): ArrayLike<number> | null {
  const count = xs.length * ys.length
  const list = (values: number[]) => tensor(values, [count], { dtype: 'float64' })
  try {
    const all = f(list(xs.flatMap((x) => ys.map(() => x))), list(xs.flatMap(() => [...ys])))
    if (!(all instanceof Tensor) || all.shape.join() !== String(count)) return null
    const values = all.data
    for (const k of [0, 0.21, 0.5, 0.83].map((share) => Math.floor(share * count))) {
      const wanted = at(xs[Math.floor(k / ys.length)], ys[k % ys.length])
      if (!(Math.abs(values[k] - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)))) return null
    }
    return values
  } catch {
    return null // whatever is wrong with f itself, single weights will say
  }
}

/**
 * A cost J(w₁, w₂), written with `ops`, as rings: the palest is lowest, and rings
 * lie at equal distances of √(J − its least value). `paths` are drawn over it.
 */
export function bowl(f: Cost, options: BowlOptions = {}): Picture {
  const where = 'plot.bowl'
  functionOption(where, f)
  checkOptions(where, options, ['x', 'y', 'title', 'axes', 'paths'])
  const frame = frameOf(where, options, 'Cost J')
  const paths = options.paths ?? {}
  for (const [name, points] of Object.entries(paths)) {
    if (!Array.isArray(points) || points.length === 0)
      throw new OptionError(
        `${where}: paths: '${name}': expected a list of points [w₁, w₂], got ${describeValue(points)}.`,
      )
    points.forEach((point, i) => place(`${where}: paths: '${name}': point ${i}`, point as Place))
  }
  const over = Object.keys(paths).length > 0 ? [pathsLayer(paths)] : []
  return new Picture(where, framed(frame, [costLayer(where, f, frame), axesLayer(frame), ...over]))
}

export interface OptimizerPathsOptions extends SurfaceOptions {
  /** Where all paths begin. */
  start: readonly [number, number]
  /** Default 50. */
  steps?: number | undefined
}

/** The points that an optimiser visits on J(w₁, w₂) from `start`: steps + 1 of them. */
function pathOf(where: string, f: Cost, optimizer: Optimizer, start: Place, steps: number): Place[] {
  using model = sequential({
    inputShape: [1],
    dtype: 'float64',
    device: 'cpu',
    layers: [layers.dense({ units: 2, useBias: false })],
  })
  model.setWeights([{ name: 'dense_1', weight: [[start[0]], [start[1]]] }])
  const slope = grad(f)
  const path: Place[] = [[start[0], start[1]]]
  for (let t = 0; t < steps; t++) {
    const [w1, w2] = path[t]
    const [g1, g2] = slope(w1, w2)
    try {
      optimizer.apply(model, [{ name: 'dense_1', weight: [[Number(g1)], [Number(g2)]] }])
    } catch (cause) {
      if (!(cause instanceof NonFiniteError)) throw cause
      throw new NonFiniteError(
        `${where}: the path diverges: step ${t + 1}, from [${w1}, ${w2}], where the gradient is [${g1}, ${g2}], ` +
          'is not finite. Lower the learning rate, or take fewer steps.',
        { cause },
      )
    }
    const { data } = model.getWeights()[0].weight
    path.push([data[0], data[1]])
  }
  return path
}

/**
 * How optimisers, by name, walk down J(w₁, w₂) from one point. The steps are those
 * of the optimisers themselves, on a model with two weights.
 */
export function optimizerPaths(
  f: Cost,
  optimizers: Readonly<Record<string, Optimizer>>,
  options: OptimizerPathsOptions,
): Picture {
  const where = 'plot.optimizerPaths'
  functionOption(where, f)
  checkOptions(where, options, ['x', 'y', 'title', 'axes', 'start', 'steps'])
  const start = place(`${where}: start`, options?.start)
  const steps = positiveInteger(`${where}: steps`, options.steps ?? 50)
  const frame = frameOf(where, options, 'Paths of optimisers')
  const known = optimizersOf(where, optimizers)
  const cost = costLayer(where, f, frame)
  const paths = Object.fromEntries(
    known.map(([name, optimizer]) => [name, pathOf(`${where}: '${name}'`, f, optimizer, start, steps)]),
  )
  return new Picture(where, framed(frame, [cost, axesLayer(frame), pathsLayer(paths)]))
}

function optimizersOf(where: string, given: Readonly<Record<string, Optimizer>>): [string, Optimizer][] {
  const example = '{ momentum: optimizers.momentum({ learningRate: 0.1 }) }'
  const entries = Object.entries(given ?? {})
  if (entries.length === 0) throw new OptionError(`${where}: expected optimisers by name, e.g. ${example}, got none.`)
  for (const [name, optimizer] of entries)
    if (typeof optimizer?.apply !== 'function')
      throw new OptionError(
        `${where}: '${name}': expected an optimiser, e.g. ${example}, got ${describeValue(optimizer)}.`,
      )
  return entries
}
