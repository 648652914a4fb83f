/** Train, dev and test parts. */
import { booleanOption, checkOptions, nonNegativeNumber, positiveInteger, seedOption } from '../base/checks'
import { OptionError } from '../base/errors'
import type { Tensor } from '../tensor/tensor'
import { Random, rowNumbers } from './random'
import { takeRows, toPair, type DataLike, type Rows } from './rows'

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

/** One part of a split. */
export interface Part {
  /** [rows, ...]: shape and dtype as given, without the examples of other parts. */
  x: Tensor
  y: Tensor
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

/**
 * Splits examples at random into the named parts; every example lands in exactly one. `x` and `y` may be nested
 * arrays, typed arrays, `{ data, shape }` or Tensors, of any rank ≥ 1, examples first; the parts are Tensors of the
 * same dtype (float64 for a Float64Array, float32 for other arrays).
 *
 * Part sizes are exact: m·ratio, rounded so that they sum to m. OptionError if ratios do not sum to 1, or if a part
 * would be empty.
 */
export function split<const Options extends SplitOptions>(
  xy: { x: DataLike; y: DataLike },
  options: Options,
): Split<Options> {
  const where = 'data.split'
  checkOptions(where, options, ['train', 'dev', 'test', 'seed', 'stratify'])
  const { x, y } = toPair(where, xy)
  const names = partNames.filter((name) => options?.[name] !== undefined)
  if (!names.includes('train'))
    throw new OptionError(`${where}: the part 'train' is missing, e.g. { train: 0.8, test: 0.2 }.`)
  const shares = names.map((name) => nonNegativeNumber(`${where}: ${name}`, options[name]))
  const counts = partCounts(names, shares, x.count)
  const random = new Random(seedOption(`${where}: seed`, options.seed ?? 0))
  const stratify = booleanOption(`${where}: stratify`, options.stratify ?? false)
  const order = stratify ? stratifiedOrder(y, random) : random.shuffle(rowNumbers(x.count))

  const parts: Partial<Record<PartName, Part>> = {}
  let begin = 0
  names.forEach((name, i) => {
    const rows = order.slice(begin, begin + counts[i])
    begin += counts[i]
    // The stratified order runs through all classes in parallel; examples of a part come in random order.
    if (stratify) random.shuffle(rows)
    parts[name] = { x: takeRows(x, rows), y: takeRows(y, rows), rows }
  })
  return parts as Split<Options>
}

/** Exact numbers of examples: floors, and what is left over to the largest remainders (the first of equals). */
function partCounts(names: readonly PartName[], shares: readonly number[], m: number): number[] {
  const total = shares.reduce((a, b) => a + b, 0)
  const areCounts = total === m && shares.every(Number.isInteger)
  if (!areCounts && Math.abs(total - 1) > 1e-9) {
    const given = names.map((name, i) => `${name} ${shares[i]}`).join(' + ')
    const percent = Math.abs(total - 100) < 1e-6 ? ' Divide percentages by 100.' : ''
    throw new OptionError(
      `data.split: the parts should sum to 1 (or to the ${m} examples), got ${given} = ${total}.${percent}`,
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
        `data.split: the part '${name}' would be empty: ${shares[i]} of ${m} examples. ` +
          `Leave the part out, or give it more.`,
      )
  })
  return counts
}

/**
 * An order of all rows in which every stretch holds each class in its overall share, to one example: the i-th of the
 * n examples of a class gets the position (i + ½)/n.
 */
function stratifiedOrder(y: Rows, random: Random): Uint32Array {
  const groups = new Map<string | number, number[]>()
  for (let row = 0; row < y.count; row++) {
    const key = y.width === 1 ? y.data[row] : y.data.subarray(row * y.width, (row + 1) * y.width).join()
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  // Few examples of few classes are fine; as many classes as examples are a regression target.
  if (groups.size > Math.max(10, y.count / 2))
    throw new OptionError(
      `data.split: stratify needs classes in y, got ${groups.size} different values in ${y.count} rows. ` +
        `Leave stratify out for regression.`,
    )
  const classes = random.shuffle(Array.from(groups.keys(), (_, i) => i))
  const members = [...groups.values()]
  const position = new Float64Array(y.count)
  const order: number[] = []
  for (const i of classes) {
    const group = random.shuffle(members[i])
    group.forEach((row, place) => (position[row] = (place + 0.5) / group.length))
    for (const row of group) order.push(row)
  }
  // Sorting is stable: ties between classes keep the random order of the classes.
  return Uint32Array.from(order.sort((a, b) => position[a] - position[b]))
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
