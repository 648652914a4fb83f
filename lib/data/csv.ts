/** Tables of comma-separated values as x and y. */
import { TextDecoder } from 'node:util'
import { checkOptions, dtypeOption, nonEmptyString, oneOf } from '../base/checks'
import { readFile } from '../base/disk'
import type { DType } from '../base/dtype'
import { describeValue, FormatError, OptionError } from '../base/errors'
import { inTurns, type Sliced } from '../base/slices'
import { nearestName } from '../base/suggest'
import type { Tensor } from '../tensor/tensor'
import { csvRows, rowText, type CsvFormat } from './csv-text'
import { beyondFloat32 } from './rows'
import {
  columnKinds,
  columnOfCodes,
  encodedRows,
  featureNames,
  featuresOfCodes,
  isNumberText,
  placesOf,
  unknownCategory,
  type Column,
  type ColumnKind,
  type TableRow,
} from './table'

interface CsvTextOptions {
  /** One character. Default ','. */
  separator?: string | undefined
  /** Of the file, by a name that TextDecoder knows: 'windows-1252', 'utf-16le'. Default 'utf-8'. */
  encoding?: string | undefined
  /** Of x and y. Default: float32; float64 for that of the two with a number that float32 cannot hold (`20200101`). */
  dtype?: DType | undefined
}

export interface FromCsvOptions extends CsvTextOptions {
  /** Name of the column to predict. */
  target: string
  /** Columns that are not what they look like: an ID made of digits is a 'category'. */
  columns?: Readonly<Record<string, ColumnKind>> | undefined
  /** Columns to leave out. */
  ignore?: readonly string[] | undefined
}

export interface FromCsvLikeOptions extends CsvTextOptions {
  /** A table, or its `{ target, columns }`: the same target and features, with the same numbers for all categories. */
  like: Pick<Table, 'target' | 'columns'>
}

export interface Table {
  /** [rows, features]: numbers as they are, a category as one 0/1 feature for each of its values. */
  x: Tensor
  /** [rows]: numbers, or class numbers into `labels`. */
  y: Tensor
  /** Names of the features: `age`, `city=Rome`. */
  features: readonly string[]
  /** Values of a target that is a category; else null. */
  labels: readonly string[] | null
  columns: readonly Column[]
  /** The column to predict. */
  target: Column
  /**
   * x for other rows, by the names of the columns (the target may be missing), encoded like the table. OptionError for
   * a category that the table does not have.
   */
  encode(rows: readonly TableRow[]): Tensor
}

const textOptions = ['separator', 'encoding', 'dtype']

/**
 * Reads a table whose first line names the columns. Columns of numbers become one feature each, all others (and those
 * that `columns` says) a feature for each category. With `like`, a second file is read as the first one was: its
 * columns may stand in another order, and further ones are left out.
 *
 * FormatError for a file without rows, rows of other lengths, missing cells, text in another encoding, a column in
 * which fewer than half of the cells are no numbers (unless `columns` calls it a category) and a category that `like`
 * does not have, with row (counted from 1, the names not counted) and column; OptionError for a target or column that
 * does not exist.
 */
export async function fromCsv(path: string, options: FromCsvOptions | FromCsvLikeOptions): Promise<Table> {
  const where = 'data.fromCsv'
  nonEmptyString(`${where}: path`, path)
  const isLike = options !== null && typeof options === 'object' && 'like' in options
  checkOptions(where, options, [...(isLike ? ['like'] : ['target', 'columns', 'ignore']), ...textOptions])
  const separator = options?.separator ?? ','
  if (typeof separator !== 'string' || separator.length !== 1 || separator === '"')
    throw new OptionError(`${where}: separator: expected one character, got ${describeValue(separator)}.`)
  const dtype = options?.dtype === undefined ? undefined : dtypeOption(where, options.dtype)
  const format = { separator, encoding: checkedEncoding(where, options?.encoding ?? 'utf-8') }
  if (isLike) checkLike(where, options.like)
  else {
    nonEmptyString(`${where}: target`, options?.target)
    checkColumnOptions(where, options)
  }
  const file = { where: `${where}: ${path}`, bytes: await readFile(path), format }
  return inTurns(tableOf(file, options, dtype))
}

function checkedEncoding(where: string, encoding: unknown): string {
  try {
    return new TextDecoder(nonEmptyString(`${where}: encoding`, encoding)).encoding
  } catch (cause) {
    if (cause instanceof OptionError) throw cause
    throw new OptionError(
      `${where}: encoding: expected the name of a text encoding such as 'utf-8' or 'windows-1252', ` +
        `got ${describeValue(encoding)}.`,
      { cause },
    )
  }
}

function checkLike(where: string, like: unknown): void {
  const { target, columns } = (like ?? {}) as Partial<Table>
  const isColumn = (column: Partial<Column> | undefined) =>
    typeof column?.name === 'string' && columnKinds.includes(column.kind!) && Array.isArray(column.categories)
  if (!isColumn(target) || !Array.isArray(columns) || columns.length === 0 || !columns.every(isColumn))
    throw new OptionError(
      `${where}: like: expected a table that fromCsv returned, or its { target, columns }, got ${describeValue(like)}.`,
    )
}

function checkColumnOptions(where: string, { ignore, columns }: FromCsvOptions): void {
  if (ignore !== undefined && !(Array.isArray(ignore) && ignore.every((name) => typeof name === 'string')))
    throw new OptionError(
      `${where}: ignore: expected a list of column names such as ['id'], got ${describeValue(ignore)}.`,
    )
  if (columns !== undefined && (columns === null || typeof columns !== 'object' || Array.isArray(columns)))
    throw new OptionError(
      `${where}: columns: expected kinds by column name such as { id: 'category' }, got ${describeValue(columns)}.`,
    )
  for (const [name, kind] of Object.entries(columns ?? {})) oneOf(`${where}: columns: '${name}'`, kind, columnKinds)
}

interface File {
  where: string
  bytes: Uint8Array
  format: CsvFormat
}

/** A column that is read, and what the first pass over the file finds in it. */
interface Found {
  name: string
  /** Its place in a row of the file. */
  at: number
  /** What it is, where that is said. */
  said: ColumnKind | Column | undefined
  numbers: number
  /** The first number and the first cell that is none. */
  number: { row: number; cell: string } | undefined
  word: { row: number; cell: string } | undefined
}

/** Two passes: the first finds out what the columns are, the second makes numbers of them. No text is kept. */
function* tableOf(file: File, options: FromCsvOptions | FromCsvLikeOptions, dtype: DType | undefined): Sliced<Table> {
  const { where } = file
  const { found, count } = yield* survey(file, options)
  const columns = found.map((column) => columnOf(where, column, count))
  const features = columns.slice(0, -1)
  const target = columns[features.length]
  const mayGrow = found.map(({ said }) => typeof said !== 'object')
  const places = columns.map(({ categories }) => placesOf(categories))
  const values = new Float64Array(count * columns.length)
  let [largeX, largeY] = [false, false]
  yield* csvRows(where, file.bytes, file.format, (cells, row) => {
    if (row === 0) return
    for (let j = 0; j < columns.length; j++) {
      const cell = cells[found[j].at]
      const at = (row - 1) * columns.length + j
      if (columns[j].kind === 'number') {
        const value = (values[at] = Number(cell))
        if (!beyondFloat32(value)) continue
        if (j === features.length) largeY = true
        else largeX = true
        continue
      }
      let place = places[j].get(cell)
      if (place === undefined) {
        if (!mayGrow[j])
          throw new FormatError(
            `${where}: row ${row}: '${columns[j].name}': ${unknownCategory(cell, columns[j].categories)}`,
          )
        place = columns[j].categories.push(cell) - 1
        places[j].set(cell, place)
      }
      values[at] = place
    }
  })
  const codes = { values, count, width: columns.length }
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
    encode: (list) => encodedRows(features, list, xType),
  }
}

/** The columns that are read, the target last, and the number of rows. Checks every row. */
function* survey(
  { where, bytes, format }: File,
  options: FromCsvOptions | FromCsvLikeOptions,
): Sliced<{ found: Found[]; count: number }> {
  let names: string[] = []
  let found: Found[] = []
  let count = 0
  yield* csvRows(where, bytes, format, (cells, row) => {
    if (row === 0) {
      names = cells
      found = wanted(where, names, options, format.separator)
      return
    }
    count = row
    if (cells.length !== names.length)
      throw new FormatError(`${where}: row ${row} has ${cells.length} cells, expected ${names.length}.`)
    for (const column of found) {
      const cell = cells[column.at]
      if (cell === '')
        throw new FormatError(`${where}: row ${row}: '${column.name}' is missing. Fill it in, or leave the row out.`)
      if (isNumberText(cell)) {
        column.numbers++
        column.number ??= { row, cell }
      } else column.word ??= { row, cell }
    }
  })
  if (count === 0) throw new FormatError(`${where}: the table has no rows.`)
  return { found, count }
}

/** The columns that the options ask for, the target last. */
function wanted(
  where: string,
  names: readonly string[],
  options: FromCsvOptions | FromCsvLikeOptions,
  separator: string,
): Found[] {
  const places = new Map<string, number>()
  names.forEach((name, at) => {
    if (places.has(name)) throw new FormatError(`${where}: the column '${name}' appears twice.`)
    places.set(name, at)
  })
  const find = (name: string, said?: ColumnKind | Column): Found => {
    const at = places.get(name)
    if (at === undefined) throw noColumn(where, name, names, separator)
    return { name, at, said, numbers: 0, number: undefined, word: undefined }
  }
  if ('like' in options)
    return [...options.like.columns, options.like.target].map((column) => find(column.name, column))
  const kinds = new Map(Object.entries(options.columns ?? {}))
  const without = new Set(options.ignore)
  const target = find(options.target, kinds.get(options.target))
  for (const name of [...without, ...kinds.keys()]) find(name)
  const others = names.filter((name) => name !== target.name && !without.has(name))
  if (others.length === 0) throw new OptionError(`${where}: no column is left beside the target '${target.name}'.`)
  return [...others.map((name) => find(name, kinds.get(name))), target]
}

const separators = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'vertical bars' }

function noColumn(where: string, name: string, names: readonly string[], separator: string): OptionError {
  const other = Object.entries(separators).find(([c]) => c !== separator && names.some((text) => text.includes(c)))
  const near = nearestName(name, names)
  let hint = ''
  if (other) hint = ` The header holds ${other[1]}: separator: '${other[0] === '\t' ? '\\t' : other[0]}'?`
  else if (near) hint = ` Did you mean '${near}'?`
  else if (names.some(isNumberText)) hint = ' The first line has numbers where it should name the columns.'
  const some = names.slice(0, 50).join(', ') + (names.length > 50 ? ', …' : '')
  return new OptionError(`${where}: there is no column '${name}'.${hint} Columns: ${some}.`)
}

/** What tables write where a value is missing. */
const missingMarks = new Set(['?', '-', '.', 'na', 'n/a', 'nan', 'null', 'none'])

/** What a column is: as said, or as most of its cells are. Its categories come with the second pass. */
function columnOf(where: string, found: Found, count: number): Column & { categories: string[] } {
  const { name, said, numbers, number, word } = found
  const given = typeof said === 'object' ? said : { kind: said, categories: [] }
  // Some words among numbers are mistakes, most likely mistyped numbers, and never guessed at.
  const kind = given.kind ?? (numbers * 2 > count ? 'number' : 'category')
  if (kind === 'category' || !word) return { name, kind, categories: [...given.categories] }
  const isMark = missingMarks.has(word.cell.toLowerCase())
  const like = given.kind || !number ? 'a number' : `a number like the ${number.cell} of ${rowText(number.row)}`
  const mend = isMark
    ? ' It seems to stand for a missing value: fill it in, or leave the row out.'
    : given.kind
      ? ''
      : ` Correct it, or say columns: { '${name}': 'category' }.`
  throw new FormatError(
    `${where}: ${rowText(word.row)}: '${name}': expected ${like}, got ${describeValue(word.cell)}.${mend}`,
  )
}
