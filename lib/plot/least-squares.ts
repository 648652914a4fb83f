/**
 * Pictures of the mean squared error of a linear neuron with two inputs: what the scale of its inputs and the size of
 * its batches do to the way down.
 */
import {
  checkOptions,
  checkSignal,
  isRecord,
  positiveInteger,
  positiveNumber,
  seedOption,
  throwIfAborted,
} from '../base/checks'
import { describeValue, NonFiniteError, OptionError } from '../base/errors'
import { atOnce, inTurns, slices, type Sliced } from '../base/slices'
import { normalizer } from '../data/normalizer'
import { countedRows, Random } from '../data/random'
import { heldRows } from '../data/row-source'
import type { DataLike, Rows } from '../data/rows'
import { takenRows } from '../data/rows-in-slices'
import { layers } from '../layers'
import { sequential } from '../model'
import { optimizers } from '../optimizers'
import { tensor, type Tensor } from '../tensor/tensor'
import { gridOf } from './contour'
import { numberedExamples } from './examples'
import {
  around,
  axesLayer,
  framed,
  namesOption,
  pathsLayer,
  place,
  ringsInSlices,
  ringsLayer,
  type Frame,
  type Place,
} from './frame'
import { Picture } from './picture'
import type { VegaLiteSpec } from './render'

const nodes = 81

/** J(w) = wᵀSw − 2cᵀw + q: a quadratic in two weights. */
interface Quadratic {
  s11: number
  s12: number
  s22: number
  c1: number
  c2: number
  q: number
}

/** The mean squared error of x·w against y. */
function* meanSquaredError(x: ArrayLike<number>, y: ArrayLike<number>): Sliced<Quadratic> {
  const J = { s11: 0, s12: 0, s22: 0, c1: 0, c2: 0, q: 0 }
  const m = y.length
  for (const [from, to] of slices(m)) {
    for (let i = from; i < to; i++) {
      const [a, b] = [x[2 * i], x[2 * i + 1]]
      J.s11 += (a * a) / m
      J.s12 += (a * b) / m
      J.s22 += (b * b) / m
      J.c1 += (a * y[i]) / m
      J.c2 += (b * y[i]) / m
      J.q += (y[i] * y[i]) / m
    }
    yield
  }
  return J
}

const costAt = ({ s11, s12, s22, c1, c2, q }: Quadratic, a: number, b: number) =>
  s11 * a * a + 2 * s12 * a * b + s22 * b * b - 2 * (c1 * a + c2 * b) + q

/** Of the Hessian 2S: the smaller and the larger eigenvalue. */
function eigenvalues({ s11, s12, s22 }: Quadratic): [number, number] {
  const distance = Math.hypot(s11 - s22, 2 * s12)
  return [s11 + s22 - distance, s11 + s22 + distance]
}

function lowest({ s11, s12, s22, c1, c2 }: Quadratic): Place {
  const determinant = s11 * s22 - s12 * s12
  return [(c1 * s22 - c2 * s12) / determinant, (c2 * s11 - c1 * s12) / determinant]
}

/** Means taken off: the cost of the two weights where the bias is the best for each of them. */
function centred({ data, count, width }: Rows): Float64Array {
  const means = Array.from({ length: width }, (_, k) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += data[i * width + k]
    return sum / count
  })
  return Float64Array.from(data, (v, i) => v - means[i % width])
}

export interface CostContoursOptions {
  title?: string | undefined
  /** Names of the two inputs, for the axes. Default ['x₁', 'x₂']. */
  inputs?: readonly [string, string] | undefined
}

const mostSteps = 1000

/** One bowl with gradient descent from w = 0 at the best constant rate, 2/(λ_min + λ_max). */
function contoursPanel(J: Quadratic, title: string, axes: readonly [string, string]): VegaLiteSpec {
  const [low, high] = eigenvalues(J)
  const [w1, w2] = lowest(J)
  const best = costAt(J, w1, w2)
  const drop = J.q - best
  // As far as the ring through w = 0 reaches along the flattest direction; the same scale on both axes.
  const reach = 1.15 * Math.sqrt((2 * drop) / low)
  const frame: Frame = {
    x: [w1 - reach, w1 + reach],
    y: [w2 - reach, w2 + reach],
    title,
    axes,
    width: 300,
    height: 300,
  }
  const rate = 2 / (low + high)
  const path: Place[] = [[0, 0]]
  while (path.length <= mostSteps && costAt(J, ...path[path.length - 1]) - best > 0.01 * drop) {
    const [a, b] = path[path.length - 1]
    path.push([a - 2 * rate * (J.s11 * a + J.s12 * b - J.c1), b - 2 * rate * (J.s12 * a + J.s22 * b - J.c2)])
  }
  const count = path.length > mostSteps ? `more than ${mostSteps}` : String(path.length - 1)
  const grid = gridOf((a, b) => costAt(J, a, b), frame.x, frame.y, nodes)
  const condition = (high / low).toPrecision(3)
  return framed(
    frame,
    [ringsLayer(frame, grid), axesLayer(frame), pathsLayer({ 'gradient descent': path }, path.length < 100)],
    `condition number ${Number(condition)}, ${count} ${count === '1' ? 'step' : 'steps'}`,
  )
}

/**
 * The mean squared error of a linear neuron on x [m, 2], y [m] over its two weights, the bias being the best for each
 * of them: with the inputs as they are, and normalised to mean 0 and variance 1. Over each, gradient descent from w = 0
 * at the rate that is best for that bowl, 2/(λ_min + λ_max) of the Hessian, until 99 % of the way down is done. Both
 * axes of a panel have the same scale, so that a long bowl looks long.
 */
export function costContours(x: DataLike, y: DataLike, options: CostContoursOptions = {}): Picture {
  const where = 'plot.costContours'
  checkOptions(where, options, ['title', 'inputs'])
  const [first, second] = namesOption(`${where}: inputs`, options.inputs ?? ['x₁', 'x₂'])
  const pair = atOnce(numberedExamples(where, x, y))
  const [rawX, centredY] = [centred(pair.x), centred(pair.y)]
  const raw = atOnce(meanSquaredError(rawX, centredY))
  const [low, high] = eigenvalues(raw)
  if (!(low > 1e-12 * high))
    throw new OptionError(
      `${where}: x: one input is constant or a multiple of the other, so the cost has no single lowest point.`,
    )
  if (raw.c1 === 0 && raw.c2 === 0)
    throw new OptionError(
      `${where}: y: expected targets that depend on x; the best weights are zero, where the path starts.`,
    )
  const scaled = normalizer.fit(tensor(rawX, [pair.x.count, 2], { dtype: 'float64' }))
  const axes = (unit: string): [string, string] => [`weight of ${first}${unit}`, `weight of ${second}${unit}`]
  const normalised = scaled.transform(tensor(rawX, [pair.x.count, 2], { dtype: 'float64' })).data
  return new Picture(where, {
    title: options.title ?? 'Cost J',
    hconcat: [
      contoursPanel(raw, 'Raw inputs', axes('')),
      contoursPanel(atOnce(meanSquaredError(normalised, centredY)), 'Normalised inputs', axes(' (normalised)')),
    ],
  })
}

export interface ConvergencePathsOptions {
  /**
   * Batch sizes by name. The noisiest first: later ones are drawn over it. Default { stochastic: 1, 'mini-batch': about
   * √m, batch: 'all' }.
   */
  batchSizes?: Readonly<Record<string, number | 'all'>> | undefined
  /** Default 0.05. */
  learningRate?: number | undefined
  /** Updates of each path. Default 60. */
  steps?: number | undefined
  /** Where all paths begin. Default [0, 0]. */
  start?: Place | undefined
  /** Of the order of the examples. Default 0. */
  seed?: number | undefined
  title?: string | undefined
  signal?: AbortSignal | undefined
}

/** The weights before and after each of `steps` updates on batches of the examples. */
async function trainedPath(
  where: string,
  pair: { x: Rows; y: Rows },
  batchSize: number,
  start: Place,
  options: { learningRate: number; steps: number; seed: bigint; pause: () => void },
): Promise<Place[]> {
  using model = sequential({
    inputShape: [2],
    dtype: 'float64',
    device: 'cpu',
    layers: [layers.dense({ units: 1, useBias: false })],
  })
  const optimizer = optimizers.gradientDescent({ learningRate: options.learningRate })
  model.compile({ optimizer, loss: 'meanSquaredError' })
  model.setWeights([{ name: 'dense_1', weight: [[...start]] }])
  const next = batchesOf(where, pair, batchSize, options.seed)
  const path: Place[] = [start]
  while (path.length <= options.steps) {
    options.pause()
    const batch = await inTurns(next(), options.pause)
    using x = batch.x
    using y = batch.y
    try {
      await model.trainOnBatch(x, y)
    } catch (cause) {
      if (!(cause instanceof NonFiniteError)) throw cause
      const place = `[${path[path.length - 1].join(', ')}]`
      throw new NonFiniteError(
        `${where}: gradient descent diverges: step ${path.length}, from ${place}, is not finite. ` +
          `Lower the learning rate, ${options.learningRate}, or scale the inputs.`,
        { cause },
      )
    }
    const [w1, w2] = model.getWeights()[0].weight.data
    path.push([w1, w2])
  }
  return path
}

/** The batches that data.batches gives, each made in slices: pass after pass, every one in another order. */
function batchesOf(
  where: string,
  pair: { x: Rows; y: Rows },
  batchSize: number,
  seed: bigint,
): () => Sliced<{ x: Tensor; y: Tensor }> {
  const { count } = pair.x
  let order: Uint32Array = new Uint32Array()
  let [from, pass] = [0, 0]
  return function* () {
    if (from >= order.length) {
      order = yield* new Random(seed, ++pass).shuffleInSlices(yield* countedRows(count))
      from = 0
    }
    const rows = order.subarray(from, from + batchSize)
    from += batchSize
    const x = yield* takenRows(`${where}: x`, pair.x, rows)
    const y = yield* takenRows(`${where}: y`, pair.y, rows)
    return { x, y }
  }
}

/** Sizes by name, with the number of rows in place of 'all'. */
function batchSizesOf(where: string, given: unknown, m: number): [name: string, size: number][] {
  if (!isRecord(given) || Object.keys(given).length === 0) {
    const what = isRecord(given) ? 'none' : describeValue(given)
    throw new OptionError(`${where}: expected sizes by name, e.g. { stochastic: 1, batch: 'all' }, got ${what}.`)
  }
  return Object.entries(given).map(([name, size]) => [
    name,
    size === 'all' ? m : positiveInteger(`${where}: '${name}'`, size),
  ])
}

/**
 * How the two weights of a linear neuron (no bias) walk down its mean squared error on x [m, 2], y [m] with all
 * examples, with mini-batches and with single examples a step: the smaller the batch, the noisier the path.
 */
export async function convergencePaths(
  x: DataLike,
  y: DataLike,
  options: ConvergencePathsOptions = {},
): Promise<Picture> {
  const where = 'plot.convergencePaths'
  checkOptions(where, options, ['batchSizes', 'learningRate', 'steps', 'start', 'seed', 'title', 'signal'])
  const { signal } = options
  checkSignal(where, signal)
  const pause = () => throwIfAborted(where, signal)
  pause()
  const run = {
    learningRate: positiveNumber(`${where}: learningRate`, options.learningRate ?? 0.05),
    steps: positiveInteger(`${where}: steps`, options.steps ?? 60),
    seed: seedOption(`${where}: seed`, options.seed ?? 0),
    pause,
  }
  const start = place(`${where}: start`, options.start ?? [0, 0])
  const [heldX, heldY] = [heldRows(x), heldRows(y)]
  let pair: { x: Rows; y: Rows }
  try {
    pair = await inTurns(numberedExamples(where, heldX.value, heldY.value), pause)
  } finally {
    heldX.release()
    heldY.release()
  }
  const m = pair.x.count
  const sizes = options.batchSizes ?? { stochastic: 1, 'mini-batch': Math.ceil(Math.sqrt(m)), batch: 'all' }
  const paths: Record<string, Place[]> = {}
  for (const [name, size] of batchSizesOf(`${where}: batchSizes`, sizes, m))
    paths[`${name} (${size})`] = await trainedPath(`${where}: '${name}'`, pair, Math.min(size, m), start, run)
  const J = await inTurns(meanSquaredError(pair.x.data, pair.y.data))
  const all = [...Object.values(paths).flat(), lowest(J)].filter((point) => point.every(Number.isFinite))
  const frame: Frame = {
    x: around(all.map(([a]) => a)),
    y: around(all.map(([, b]) => b)),
    title: options.title ?? 'Convergence by batch size',
    axes: ['w₁', 'w₂'],
    width: 440,
    height: 340,
  }
  const grid = gridOf((a, b) => costAt(J, a, b), frame.x, frame.y, nodes)
  const subtitle = `${run.steps} updates each, α = ${run.learningRate}; in brackets: examples per update`
  const layer = [await inTurns(ringsInSlices(frame, grid)), axesLayer(frame), pathsLayer(paths)]
  return new Picture(where, framed(frame, layer, subtitle))
}
