/** Train, dev and test parts. */
import {
  booleanOption,
  checkOptions,
  checkSignal,
  nonNegativeNumber,
  positiveInteger,
  seedOption,
  throwIfAborted,
} from '../base/checks'
import { OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { atOnce, inTurns, type Sliced } from '../base/slices'
import type { Tensor } from '../tensor/tensor'
import { countedRows, Random } from './random'
import { heldRows } from './row-source'
import { refuseMisspeltWeights, requirePair, requireSameCount, toRows, type DataLike, type Rows } from './rows'
import { rowsInSlices, takenRows } from './rows-in-slices'
import { stratifiedParts } from './split-classes'

export interface SplitOptions {
  /** Share of the examples (all parts sum to 1), or number of examples (all parts sum to m). */
  train: number
  dev?: number | undefined
  test?: number | undefined
  /** Default 0. The same seed gives the same split. */
  seed?: number | bigint | undefined
  /** Keep the share of every class (every distinct row of y) equal in all parts, to one example. Default false. */
  stratify?: boolean | undefined
}

export interface SplitAsyncOptions extends SplitOptions {
  signal?: AbortSignal | undefined
}

/** One part of a split. */
export interface Part {
  /** [rows, ...]: shape and dtype as given, without the examples of other parts. */
  x: Tensor
  y: Tensor
  /** The weights of the rows, where they were given. */
  sampleWeight?: Tensor
  /** Where each example stood in the original data. */
  rows: Uint32Array
}

type PartName = 'train' | 'dev' | 'test'
const partNames = ['train', 'dev', 'test'] as const

/** Exactly the parts that the options name. */
export type Split<Options extends SplitOptions> = {
  [Name in PartName as Name extends keyof Options ? Name : never]-?: undefined extends Options[Name]
    ? Part | undefined
    : Part
}

/** Rows of numbers, examples first, and what belongs to them. */
export interface SplitData {
  x: DataLike
  y: DataLike
  sampleWeight?: DataLike | undefined
}

/**
 * Splits examples at random into the named parts; every example lands in exactly one. `x` and `y` may be nested
 * arrays, typed arrays, `{ data, shape }` or Tensors, of any rank ≥ 1, examples first; the parts are Tensors of the
 * same dtype (float64 for a Float64Array and for numbers that float32 would round, such as the date 20200101; float32
 * for other arrays). `sampleWeight`, one number a row, is split with them.
 *
 * Part sizes are exact: m·ratio, rounded so that they sum to m. OptionError if ratios do not sum to 1, or if a part
 * would be empty.
 */
export function split<const Options extends SplitOptions>(xy: SplitData, options: Options): Split<Options> {
  return atOnce(splitting('data.split', xy, options, false))
}

/**
 * The same parts as `split`, to the bit, while the event loop goes on: for tables of more than about a million numbers.
 * Tensors may be disposed after the call; arrays have to stay as they are until the promise has settled (StateError for
 * one that was transferred or changed its length). AbortError.
 */
export async function splitAsync<const Options extends SplitAsyncOptions>(
  xy: SplitData,
  options: Options,
): Promise<Split<Options>> {
  const where = 'data.splitAsync'
  checkSignal(where, options?.signal)
  const pause = () => throwIfAborted(where, options?.signal)
  pause()
  const held = heldRows(xy as SplitData & { readonly [name: string]: DataLike })
  try {
    return await inTurns(splitting(where, held.value, options, true), pause)
  } finally {
    held.release()
  }
}

function* splitting<const Options extends SplitOptions>(
  where: string,
  xy: SplitData,
  options: Options,
  isAsync: boolean,
): Sliced<Split<Options>> {
  checkOptions(where, options, ['train', 'dev', 'test', 'seed', 'stratify', ...(isAsync ? ['signal'] : [])])
  requirePair(where, xy)
  refuseMisspeltWeights(where, xy)
  const read = function* (name: string, value: DataLike): Sliced<Rows> {
    return isAsync ? yield* rowsInSlices(`${where}: ${name}`, value) : toRows(`${where}: ${name}`, value)
  }
  const [x, y] = [yield* read('x', xy.x), yield* read('y', xy.y)]
  requireSameCount(where, x, y)
  const weights = xy.sampleWeight === undefined ? undefined : yield* read('sampleWeight', xy.sampleWeight)
  if (weights && weights.count !== x.count)
    throw new ShapeError(
      `${where}: sampleWeight: expected one for each of the ${x.count} rows, got ${shapeText(weights.shape)}.`,
    )
  const names = partNames.filter((name) => options?.[name] !== undefined)
  if (!names.includes('train'))
    throw new OptionError(`${where}: the part 'train' is missing, e.g. { train: 0.8, test: 0.2 }.`)
  const shares = names.map((name) => nonNegativeNumber(`${where}: ${name}`, options[name]))
  const counts = partCounts(where, names, shares, x.count)
  const random = new Random(seedOption(`${where}: seed`, options.seed ?? 0))
  const stratify = booleanOption(`${where}: stratify`, options.stratify ?? false)
  const rowsOfParts = yield* stratify ? stratifiedParts(where, y, counts, random) : shuffledParts(counts, random)
  const parts: Partial<Record<PartName, Part>> = {}
  const made: Tensor[] = []
  const take = function* (source: Rows, rows: Uint32Array): Sliced<Tensor> {
    const taken = yield* takenRows(where, source, rows)
    made.push(taken)
    return taken
  }
  try {
    for (const [i, name] of names.entries()) {
      const rows = rowsOfParts[i]
      parts[name] = { x: yield* take(x, rows), y: yield* take(y, rows), rows }
      if (weights) parts[name].sampleWeight = yield* take(weights, rows)
    }
  } catch (error) {
    for (const tensor of made) tensor.dispose()
    throw error
  }
  return parts as Split<Options>
}

/** The rows of each part, without a look at y. */
function* shuffledParts(counts: readonly number[], random: Random): Sliced<Uint32Array[]> {
  const order = yield* random.shuffleInSlices(yield* countedRows(counts.reduce((a, b) => a + b, 0)))
  let begin = 0
  return counts.map((count) => order.slice(begin, (begin += count)))
}

/** Exact numbers of examples: floors, and what is left over to the largest remainders (the first of equals). */
function partCounts(where: string, names: readonly PartName[], shares: readonly number[], m: number): number[] {
  const total = shares.reduce((a, b) => a + b, 0)
  const areCounts = total === m && shares.every(Number.isInteger)
  if (!areCounts && Math.abs(total - 1) > 1e-9) {
    const given = names.map((name, i) => `${name} ${shares[i]}`).join(' + ')
    const percent = Math.abs(total - 100) < 1e-6 ? ' Divide percentages by 100.' : ''
    throw new OptionError(
      `${where}: the parts should sum to 1 (or to the ${m} examples), got ${given} = ${total}.${percent}`,
    )
  }
  // The tiny term keeps 0.57·100 = 56.99999999999999 at 57.
  const exact = shares.map((share) => (areCounts ? share : share * m))
  const counts = exact.map((value) => Math.floor(value + 1e-9 * Math.max(1, value)))
  const byRemainder = names.map((_, i) => i).sort((i, j) => exact[j] - counts[j] - (exact[i] - counts[i]) || i - j)
  for (let left = m - counts.reduce((a, b) => a + b, 0), i = 0; left > 0; left--, i++)
    counts[byRemainder[i % names.length]]++
  names.forEach((name, i) => {
    if (counts[i] === 0)
      throw new OptionError(
        `${where}: the part '${name}' would be empty: ${shares[i]} of ${m} examples. ` +
          `Leave the part out, or give it more.`,
      )
  })
  return counts
}

/**
 * Usual numbers of examples in the parts of m examples: dev = test = max(min(m/5, 10 000), m/400), the rest for
 * training; 70/30 without a dev part (`{ dev: false }`). Ready for `split`: `{ ...recommendedSplit(m), seed }`.
 */
export function recommendedSplit(m: number): { train: number; dev: number; test: number }
export function recommendedSplit(
  m: number,
  options: { dev?: true | undefined },
): { train: number; dev: number; test: number }
export function recommendedSplit(m: number, options: { dev: false }): { train: number; test: number }
export function recommendedSplit(
  m: number,
  options?: { dev?: boolean | undefined },
): { train: number; dev?: number; test: number } {
  const where = 'data.recommendedSplit'
  checkOptions(where, options, ['dev'])
  const examples = positiveInteger(`${where}: m`, m)
  const withDev = booleanOption(`${where}: dev`, options?.dev ?? true)
  const fewest = withDev ? 3 : 2
  if (examples < fewest)
    throw new OptionError(`${where}: expected at least ${fewest} examples, one for each part, got ${examples}.`)
  if (!withDev) {
    const test = Math.max(1, Math.round(examples * 0.3))
    return { train: examples - test, test }
  }
  const held = Math.max(1, Math.floor(Math.max(Math.min(examples / 5, 10_000), examples / 400)))
  return { train: examples - 2 * held, dev: held, test: held }
}
