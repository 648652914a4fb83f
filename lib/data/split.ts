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
import { atOnce, inTurns, slices, type Sliced } from '../base/slices'
import type { Tensor } from '../tensor/tensor'
import { Random, rowNumbers } from './random'
import { heldRows } from './row-source'
import { refuseMisspeltWeights, requirePair, requireSameCount, toRows, type DataLike, type Rows } from './rows'
import { rowsInSlices, takenRows } from './rows-in-slices'

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
  const order = yield* random.shuffleInSlices(rowNumbers(counts.reduce((a, b) => a + b, 0)))
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

/** Numbers of y that are looked up between two yields. */
const lookupsAtOnce = 1 << 15

/** The rows of every class: every distinct row of y. */
function* classesOf(where: string, y: Rows): Sliced<number[][]> {
  const groups = new Map<string | number, number[]>()
  for (const [from, to] of slices(y.count, Math.max(1, Math.floor(lookupsAtOnce / y.width)))) {
    for (let row = from; row < to; row++) {
      const key = y.width === 1 ? y.data[row] : y.data.subarray(row * y.width, (row + 1) * y.width).join()
      const group = groups.get(key)
      if (group) group.push(row)
      else groups.set(key, [row])
    }
    yield
  }
  // Few examples of few classes are fine; as many classes as examples are a regression target.
  if (groups.size > Math.max(10, y.count / 2))
    throw new OptionError(
      `${where}: stratify needs classes in y, got ${groups.size} different values in ${y.count} rows. ` +
        `Leave stratify out for regression.`,
    )
  return [...groups.values()]
}

/** The rows of each part, with every class in its overall share, to one example. */
function* stratifiedParts(where: string, y: Rows, counts: readonly number[], random: Random): Sliced<Uint32Array[]> {
  const classes = yield* classesOf(where, y)
  // Classes of equal claims get the examples that are left over in a random order.
  const order = random.shuffle(classes.map((_, i) => i))
  const members: number[][] = []
  for (const i of order) members.push(yield* random.shuffleInSlices(classes[i]))
  const shares = apportioned(
    members.map(({ length }) => length),
    counts,
  )
  const taken = members.map(() => 0)
  const parts: Uint32Array[] = []
  for (const [part, count] of counts.entries()) {
    const rows = new Uint32Array(count)
    let at = 0
    for (const [c, group] of members.entries()) {
      for (const [from, to] of slices(shares[part][c])) {
        rows.set(group.slice(taken[c] + from, taken[c] + to), at)
        at += to - from
        yield
      }
      taken[c] += shares[part][c]
    }
    parts.push(yield* random.shuffleInSlices(rows))
  }
  return parts
}

/**
 * How many examples of each class go to each of at most three parts. Both sums are kept: of every class all examples,
 * of every part its count. A number is its exact share, rounded down or up: the parts take turns, and the largest
 * remainders are rounded up.
 */
function apportioned(sizes: readonly number[], counts: readonly number[]): number[][] {
  const m = counts.reduce((a, b) => a + b, 0)
  const shares = counts.map((count) => sizes.map((size) => Math.floor((size * count) / m)))
  const remainders = counts.map((count) => sizes.map((size) => (size * count) % m))
  // Of each class 0, 1 or 2 examples are left over, at most one for a part.
  const left = sizes.map((size, c) => size - shares.reduce((sum, share) => sum + share[c], 0))
  const open = counts.map((count, part) => count - shares[part].reduce((a, b) => a + b, 0))
  const take = (part: number, classes: readonly number[]) => {
    for (const c of classes) {
      shares[part][c]++
      left[c]--
      open[part]--
    }
  }
  for (let part = 0; part < counts.length; part++) {
    const later = counts.length - part - 1
    const claim = (c: number) => remainders[part][c] - (later === 1 ? remainders[part + 1][c] : 0)
    const ranked = sizes.map((_, c) => c).filter((c) => left[c] > 0)
    ranked.sort((a, b) => claim(b) - claim(a))
    // Classes with two left over of which this part takes none need one in each later part: no more than those have.
    const twice = ranked.filter((c) => left[c] === 2)
    const bound = later === 2 ? twice.length - Math.min(open[part + 1], open[part + 2]) : later === 1 ? twice.length : 0
    const first = new Set(twice.slice(0, Math.max(0, bound)))
    const others = ranked.filter((c) => !first.has(c)).slice(0, open[part] - first.size)
    take(part, [...first, ...others])
  }
  return shares
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
