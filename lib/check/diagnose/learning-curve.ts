/** Performance against the number of training examples. */
import {
  checkOptions,
  finiteNumber,
  functionOption,
  positiveInteger,
  seedOption,
  throwIfAborted,
} from '../../base/checks'
import { OptionError } from '../../base/errors'
import { inTurns, type Sliced } from '../../base/slices'
import { countedRows, Random } from '../../data/random'
import { heldRows } from '../../data/row-source'
import { requirePair, requireSameCount, type DataLike, type Rows } from '../../data/rows'
import { rowsInSlices, takenRows } from '../../data/rows-in-slices'
import type { Tensor } from '../../tensor/tensor'

export interface LearningCurveOptions {
  /** Numbers of examples, growing. Default: m/16, m/8, m/4, m/2 and m. */
  sizes?: readonly number[] | undefined
  /** A run for each; its examples are drawn by it, every larger part containing the smaller ones. Default [1, 2, 3]. */
  seeds?: readonly number[] | undefined
  signal?: AbortSignal | undefined
}

export interface LearningCurvePoint {
  /** Training examples. */
  m: number
  /** Mean over the seeds. */
  error: number
  /** Of every seed. */
  errors: number[]
}

interface TrainingPart {
  x: Tensor
  y: Tensor
}

/**
 * Calls `train` with the first m rows of a seeded order of the training set, for every size and seed, one run after the
 * other; it trains a new network on them and returns (a promise of) its error on the dev set. The tensors that `train`
 * gets are freed after it. Tensors may be disposed after the call; arrays have to stay as they are until the promise
 * has settled (StateError for one that was transferred or changed its length).
 */
export async function learningCurve(
  xy: { x: DataLike; y: DataLike },
  train: (part: TrainingPart, run: { m: number; seed: number }) => number | Promise<number>,
  options: LearningCurveOptions = {},
): Promise<LearningCurvePoint[]> {
  const where = 'diagnose.learningCurve'
  checkOptions(where, options, ['sizes', 'seeds', 'signal'])
  functionOption(`${where}: train`, train)
  requirePair(where, xy)
  const pause = () => throwIfAborted(where, options.signal)
  const held = heldRows<{ readonly [name: string]: DataLike }>({ x: xy.x, y: xy.y })
  try {
    const { x, y } = held.value
    const data = await inTurns(readPair(where, x, y), pause)
    const { count } = data.x
    const { sizes, seeds } = checkedRuns(where, options, count)
    const points: LearningCurvePoint[] = []
    for (const m of sizes) {
      const errors: number[] = []
      for (const seed of seeds) {
        pause()
        const part = await inTurns(drawn(where, data, m, seed), pause)
        try {
          errors.push(finiteNumber(`${where}: what train returned for m = ${m}`, await train(part, { m, seed })))
        } finally {
          part.x.dispose()
          part.y.dispose()
        }
      }
      points.push({ m, errors, error: errors.reduce((a, b) => a + b) / errors.length })
    }
    return points
  } finally {
    held.release()
  }
}

function checkedRuns(
  where: string,
  options: LearningCurveOptions,
  count: number,
): Required<Omit<LearningCurveOptions, 'signal'>> {
  const sizes = options.sizes ?? [16, 8, 4, 2, 1].map((part) => Math.ceil(count / part))
  const seeds = options.seeds ?? [1, 2, 3]
  if (!Array.isArray(sizes) || !Array.isArray(seeds) || sizes.length === 0 || seeds.length === 0)
    throw new OptionError(`${where}: expected at least one size and seed.`)
  for (const m of sizes)
    if (positiveInteger(`${where}: sizes`, m) > count)
      throw new OptionError(`${where}: sizes: ${m} is more than the ${count} examples given.`)
  for (const seed of seeds) seedOption(`${where}: seeds`, seed)
  return { sizes, seeds }
}

interface Pair {
  x: Rows
  y: Rows
}

function* readPair(where: string, x: DataLike, y: DataLike): Sliced<Pair> {
  const rows = { x: yield* rowsInSlices(`${where}: x`, x), y: yield* rowsInSlices(`${where}: y`, y) }
  requireSameCount(where, rows.x, rows.y)
  return rows
}

/** The first m rows of the seed's order. */
function* drawn(where: string, { x, y }: Pair, m: number, seed: number): Sliced<TrainingPart> {
  const order = yield* new Random(BigInt(seed)).shuffleInSlices(yield* countedRows(x.count))
  const rows = order.subarray(0, m)
  const taken = yield* takenRows(where, x, rows)
  try {
    return { x: taken, y: yield* takenRows(where, y, rows) }
  } catch (error) {
    taken.dispose()
    throw error
  }
}
