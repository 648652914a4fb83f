/** Tables of comma-separated values as x and y. */
import { nonEmptyString, throwIfAborted } from '../base/checks'
import { readFile } from '../base/disk'
import type { DType } from '../base/dtype'
import { FormatError } from '../base/errors'
import { inTurns, type Sliced } from '../base/slices'
import type { Tensor } from '../tensor/tensor'
import { columnOf, isMissingCell, survey, type File } from './csv-columns'
import { checkedCsvOptions, type FromCsvLikeOptions, type FromCsvOptions, type Wish } from './csv-options'
import { csvRows } from './csv-text'
import { numberByValue } from './category-order'
import { centreOf, ownCategory } from './missing'
import { beyondFloat32 } from './rows'
import {
  columnOfCodes,
  encodedRows,
  featureNames,
  featuresOfCodes,
  placesOf,
  unknownCategory,
  type Column,
  type TableRow,
} from './table'

export interface Table {
  /** [rows, features]: numbers as they are, a category as one 0/1 feature for each of its values. */
  x: Tensor
  /** [rows]: numbers, or class numbers into `labels`. */
  y: Tensor
  /** Names of the features: `age`, `city=Rome`. */
  features: readonly string[]
  /** Values of a target that is a category, in the order of their numbers; else null. */
  labels: readonly string[] | null
  columns: readonly Column[]
  /** The column to predict. */
  target: Column
  /**
   * x for other rows, by the names of the columns (the target may be missing), encoded like the table. OptionError for
   * a category that the table does not have, and for missing cells (left out, null, '' or a marker) that the table does
   * not fill in.
   */
  encode(rows: readonly TableRow[]): Tensor
}

export type { FromCsvLikeOptions, FromCsvOptions }

/**
 * Reads a table whose first line names the columns. Columns of numbers become one feature each, all others (and those
 * that `columns` says) a feature for each category. With `like`, a second file is read as the first one was: its
 * columns may stand in another order, and further ones are left out. `missing` says what means a missing cell and what
 * takes its place; what it learns from the first file (means, medians) holds for the second.
 *
 * FormatError for a file without rows, rows of other lengths, missing cells that `missing` does not fill in and those
 * of the target, text in another encoding, a column in
 * which fewer than half of the cells are no numbers (unless `columns` calls it a category) and a category that `like`
 * does not have, with row (counted from 1, the names not counted) and column; OptionError for a target or column that
 * does not exist; AbortError.
 */
export async function fromCsv(path: string, options: FromCsvOptions | FromCsvLikeOptions): Promise<Table> {
  const where = 'data.fromCsv'
  nonEmptyString(`${where}: path`, path)
  const { wish, format, dtype, signal } = checkedCsvOptions(where, options)
  const pause = () => throwIfAborted(where, signal)
  pause()
  const file = { where: `${where}: ${path}`, bytes: await readFile(path), format }
  pause()
  return inTurns(tableOf(file, wish, dtype), pause)
}

/** Two passes: the first finds out what the columns are, the second makes numbers of them. No text is kept. */
function* tableOf(file: File, wish: Wish, dtype: DType | undefined): Sliced<Table> {
  const { where } = file
  const { found, count } = yield* survey(file, wish)
  const rules = wish.like ? undefined : wish.missing
  const columns = found.map((column) => columnOf(where, column, count, rules))
  const features = columns.slice(0, -1)
  const target = columns[features.length]
  const mayGrow = found.map(({ said }) => typeof said !== 'object')
  const places = columns.map(({ categories }) => placesOf(categories))
  const values = new Float64Array(count * columns.length)
  let [largeX, largeY] = [false, false]
  yield* csvRows(where, file.bytes, file.format, (cells, row) => {
    if (row === 0) return
    for (let j = 0; j < columns.length; j++) {
      const { name, kind, categories, missing } = columns[j]
      const isMissing = found[j].gaps > 0 && isMissingCell(found[j], cells[found[j].at])
      const at = (row - 1) * columns.length + j
      if (kind === 'number') {
        const value = (values[at] = isMissing ? NaN : Number(cells[found[j].at]))
        if (!beyondFloat32(value)) continue
        if (j === features.length) largeY = true
        else largeX = true
        continue
      }
      const cell = isMissing ? String(missing?.fill) : cells[found[j].at]
      let place = places[j].get(cell)
      if (place === undefined) {
        if (!mayGrow[j]) {
          const problem = unknownCategory(isMissing ? ownCategory : cell, categories)
          throw new FormatError(`${where}: row ${row}: '${name}': ${problem}`)
        }
        place = categories.push(cell) - 1
        places[j].set(cell, place)
      }
      values[at] = isMissing ? NaN : place
    }
  })
  for (const [j, { kind, categories }] of columns.entries())
    if (kind === 'category' && mayGrow[j]) yield* numberByValue(categories, values, j, columns.length)
  const codes = { values, count, width: columns.length }
  const { number } = rules ?? {}
  if (number === 'mean' || number === 'median') {
    for (const [j, { kind, missing }] of features.entries())
      if (kind === 'number' && missing) missing.fill = yield* centreOf(number, values, j, columns.length)
  } else if (number !== undefined && number !== 'error' && beyondFloat32(number)) largeX = true
  const xType = dtype ?? (largeX ? 'float64' : 'float32')
  const y = yield* columnOfCodes(where, codes, features.length, dtype ?? (largeY ? 'float64' : 'float32'))
  let x: Tensor
  try {
    x = yield* featuresOfCodes(where, features, codes, xType)
  } catch (error) {
    y.dispose()
    throw error
  }
  return {
    x,
    y,
    features: featureNames(features),
    labels: target.kind === 'category' ? target.categories : null,
    columns: features,
    target,
    encode: (list) => encodedRows('table.encode', features, list, xType),
  }
}
