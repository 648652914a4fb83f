/** Missing cells of tables: what means one, and what takes its place. */
import { booleanOption, checkOptions, isListOf, isString } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import { sliceLength, slices, type Sliced } from '../base/slices'

export interface MissingOptions {
  /** Texts that mean a missing cell, beside the empty one: `['?', 'NA']`. Default none. */
  markers?: readonly string[] | undefined
  /** In columns of numbers: the mean or median of the cells that are there, or this number. Default 'error'. */
  number?: 'error' | 'mean' | 'median' | number | undefined
  /** In categories: one of its own for missing cells (its text is ''), or the one of this name. Default 'error'. */
  category?: 'error' | 'own' | (string & {}) | undefined
  /**
   * A feature more, `age missing`, for each column with missing cells: 1 where the cell was missing, else 0. Not for
   * categories with `'own'`, which has it already. Default false.
   */
  flag?: boolean | undefined
}

/** How a column takes missing cells. */
export interface ColumnMissing {
  /** Texts that mean a missing cell, beside the empty one. */
  markers: readonly string[]
  /** The number or the category in its place. Left out: a missing cell is an error. */
  fill?: number | string
  /** The column has a feature more: 1 where the cell was missing. */
  flag?: boolean
}

export type MissingRules = Required<{ [Name in keyof MissingOptions]: NonNullable<MissingOptions[Name]> }>

/** The category of missing cells where they have one of their own: no cell that is there can be called so. */
export const ownCategory = ''

/** The checked options, with defaults; undefined where none are given. */
export function missingRules(where: string, options: MissingOptions | undefined): MissingRules | undefined {
  if (options === undefined) return undefined
  if (Array.isArray(options) || typeof options === 'string')
    throw new OptionError(
      `${where}: expected an object such as { markers: ['?', 'NA'], number: 'median' }, got ${describeValue(options)}.`,
    )
  checkOptions(where, options, ['markers', 'number', 'category', 'flag'])
  const { markers = [], number = 'error', category = 'error', flag = false } = options
  if (!isListOf(markers, isString))
    throw new OptionError(
      `${where}: markers: expected a list of texts such as ['?', 'NA'], got ${describeValue(markers)}.`,
    )
  if (!Number.isFinite(number) && !['error', 'mean', 'median'].includes(number as string))
    throw new OptionError(
      `${where}: number: expected 'error', 'mean', 'median' or a finite number, got ${describeValue(number)}.`,
    )
  if (typeof category !== 'string' || category === '')
    throw new OptionError(
      `${where}: category: expected 'error', 'own' or the name of a category, got ${describeValue(category)}.`,
    )
  return { markers: [...markers] as string[], number, category, flag: booleanOption(`${where}: flag`, flag) }
}

/** True for what `missing` of a column in JSON may be. */
export function isColumnMissing(value: unknown, kind: unknown): value is ColumnMissing | undefined {
  if (value === undefined) return true
  if (value === null || typeof value !== 'object') return false
  const { markers, fill, flag } = value as Partial<ColumnMissing>
  if (!isListOf(markers, isString)) return false
  if (flag !== undefined && typeof flag !== 'boolean') return false
  return fill === undefined || (kind === 'number' ? Number.isFinite(fill) : typeof fill === 'string')
}

/** Numbers of one column of rows of `width` numbers, without those that are missing (NaN). */
function* present(values: Float64Array, column: number, width: number): Sliced<Float64Array> {
  const found = new Float64Array(values.length / width)
  let count = 0
  for (const [from, to] of slices(found.length)) {
    for (let row = from; row < to; row++) {
      const value = values[row * width + column]
      if (!Number.isNaN(value)) found[count++] = value
    }
    yield
  }
  return found.subarray(0, count)
}

/** The mean or median of a column of rows of `width` numbers, of which at least one is not missing (NaN). */
export function* centreOf(
  rule: 'mean' | 'median',
  values: Float64Array,
  column: number,
  width: number,
): Sliced<number> {
  const found = yield* present(values, column, width)
  const { length } = found
  if (rule === 'mean') {
    let sum = 0
    for (const [from, to] of slices(length)) {
      for (let i = from; i < to; i++) sum += found[i] / length
      yield
    }
    return sum
  }
  const upper = yield* ranked(found, length >> 1)
  if (length % 2 === 1) return upper
  return (yield* ranked(found, (length >> 1) - 1)) / 2 + upper / 2
}

/** So many numbers are sorted at once: about a millisecond. */
const sortedAtOnce = 1 << 13

/** The number of this rank, counted from 0, without sorting all: those around a guess are looked at again. */
function* ranked(values: Float64Array, rank: number): Sliced<number> {
  while (values.length > sortedAtOnce) {
    const { length } = values
    const sample = Float64Array.from({ length: 1001 }, (_, i) => values[Math.floor((i * (length - 1)) / 1000)]).sort()
    const pivot = sample[Math.round((rank / length) * 1000)]
    const [below, above] = [new Float64Array(length), new Float64Array(length)]
    let [less, more] = [0, 0]
    for (const [from, to] of slices(length, sliceLength)) {
      for (let i = from; i < to; i++) {
        if (values[i] < pivot) below[less++] = values[i]
        else if (values[i] > pivot) above[more++] = values[i]
      }
      yield
    }
    if (rank < less) values = below.subarray(0, less)
    else if (rank < length - more) return pivot
    else {
      rank -= length - more
      values = above.subarray(0, more)
    }
  }
  return values.slice().sort()[rank]
}
