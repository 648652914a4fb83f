/** Class numbers in their three forms: numbers, one-hot rows, probabilities. */
import { checkOptions, dtypeOption, isListOf, positiveInteger } from '../base/checks'
import type { DType } from '../base/dtype'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { tensor, type Tensor } from '../tensor/tensor'
import { toRows, type DataLike, type Rows } from './rows'

/**
 * One-hot rows [m, classes] of class numbers 0 … classes − 1 given as [m] or [m, 1]. `classes` defaults to the largest
 * number + 1. OptionError names the row of a label that is no class number.
 */
export function oneHot(labels: DataLike, classes?: number, options?: { dtype?: DType | undefined }): Tensor {
  const where = 'data.oneHot'
  checkOptions(where, options, ['dtype'])
  const rows = toRows(where, labels)
  if (rows.width !== 1)
    throw new ShapeError(`${where}: expected class numbers of shape [m] or [m, 1], got ${shapeText(rows.shape)}.`)
  if (classes !== undefined) positiveInteger(`${where}: classes`, classes)
  const numbers = classNumbers(where, rows.data, classes)
  const width = classes ?? numbers.reduce((most, c) => Math.max(most, c), 0) + 1
  const result = new Float32Array(rows.count * width)
  numbers.forEach((c, row) => (result[row * width + c] = 1))
  return tensor(result, [rows.count, width], { dtype: options?.dtype ? dtypeOption(where, options.dtype) : 'float32' })
}

/** Checks that all values are class numbers (below `classes`, if given). */
function classNumbers(where: string, values: ArrayLike<number>, classes?: number): Uint32Array {
  const limit = classes ?? 2 ** 24
  return Uint32Array.from(values, (value, row) => {
    if (!Number.isInteger(value) || value < 0 || value >= limit)
      throw new OptionError(
        `${where}: expected class numbers, integers from 0 to ${limit - 1}, got ${value} in row ${row}.`,
      )
    return value
  })
}

/** Rows of class numbers, scores or labels, [m] or [m, n]. OptionError where one is NaN. @internal */
export function toLabelRows(where: string, value: DataLike): Rows {
  const rows = toRows(where, value)
  const { data, shape, width } = rows
  if (shape.length > 2) throw new ShapeError(`${where}: expected shape [m] or [m, classes], got ${shapeText(shape)}.`)
  const bad = data.findIndex(Number.isNaN)
  if (bad >= 0) throw new OptionError(`${where}: row ${Math.floor(bad / width)} holds NaN, which is no class.`)
  return rows
}

/**
 * Class numbers of labels or predictions in any form: numbers as [m] or [m, 1], probabilities of class 1 likewise
 * (class 1 above 0.5, as in metrics), or a row of scores or one-hot values per example [m, classes] (the first of the
 * largest).
 * @internal
 */
export function toClasses(where: string, { data, count, width }: Rows): { classes: Uint32Array; width: number } {
  if (width > 1) {
    const largest = (_: unknown, row: number) => {
      let best = 0
      for (let c = 1; c < width; c++) if (data[row * width + c] > data[row * width + best]) best = c
      return best
    }
    return { classes: Uint32Array.from({ length: count }, largest), width }
  }
  const areProbabilities = data.some((v) => !Number.isInteger(v)) && data.every((v) => v >= 0 && v <= 1)
  if (areProbabilities) return { classes: Uint32Array.from(data, (v) => (v > 0.5 ? 1 : 0)), width: 2 }
  const classes = classNumbers(where, data)
  return { classes, width: classes.reduce((most, c) => Math.max(most, c), 0) + 1 }
}

/** Names of classes, each once. OptionError for anything else. */
export function namesOfClasses(where: string, given: unknown): string[] {
  const isName = (name: unknown): name is string => typeof name === 'string' && name !== ''
  if (!isListOf(given, isName) || given.length === 0)
    throw new OptionError(`${where}: expected a list of names of classes, got ${describeValue(given)}.`)
  const twice = given.find((name, i) => given.indexOf(name) < i)
  if (twice !== undefined)
    throw new OptionError(`${where}: expected each class once, got ${describeValue(twice)} twice.`)
  return given
}
