/** How the columns of a table become numbers, and x of rows that are encoded so. */
import { checkOptions, dtypeOption, isListOf, isRecord, isString } from '../base/checks'
import type { DType } from '../base/dtype'
import { describeValue, OptionError } from '../base/errors'
import { atOnce, type Sliced } from '../base/slices'
import { nearestName } from '../base/suggest'
import type { Tensor } from '../tensor/tensor'
import { isColumnMissing, ownCategory, type ColumnMissing } from './missing'
import { beyondFloat32 } from './rows'
import { writtenRows } from './transfer'

export type ColumnKind = 'number' | 'category'
export const columnKinds: readonly ColumnKind[] = ['number', 'category']

/** How a column becomes numbers. */
export interface Column {
  name: string
  kind: ColumnKind
  /** Of a category: its values, in the order of their numbers. */
  categories: readonly string[]
  /** What means a missing cell and what takes its place, where the options said so. */
  missing?: ColumnMissing
}

export function isColumn(value: unknown): value is Column {
  const column = value as Partial<Column> | null | undefined
  return (
    typeof column?.name === 'string' &&
    columnKinds.includes(column.kind!) &&
    isListOf(column.categories, isString) &&
    isColumnMissing(column.missing, column.kind)
  )
}

export function areColumns(value: unknown): value is Column[] {
  return isListOf(value, isColumn) && value.length > 0
}

/** A row by the names of its columns. */
export type TableRow = Readonly<Record<string, string | number | null | undefined>>

/**
 * Rows of `width` numbers, one a column: the number itself, or the place of the category among those of the column; NaN
 * for a missing cell that is filled in.
 */
export interface Codes {
  values: Float64Array
  count: number
  width: number
}

/** Plain decimal numbers, with an exponent at most: 0x10 is a word. */
export function isNumberText(cell: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) && Number.isFinite(Number(cell))
}

/** Whether a text is a whole number beyond 2^53 that float64 turns into another: an id of 17 digits. */
export function isChanged(cell: string): boolean {
  if (cell.length < 16 || !/^[+-]?\d+(\.0*)?$/.test(cell)) return false
  return BigInt(cell.split('.', 1)[0]) !== BigInt(Number(cell))
}

/** The features of a column: one, or one for each category; and one for missing cells, where that is asked for. */
function featuresOf({ kind, categories, missing }: Column): number {
  return (kind === 'number' ? 1 : categories.length) + (missing?.flag ? 1 : 0)
}

export function featureNames(columns: readonly Column[]): string[] {
  return columns.flatMap(({ name, kind, categories, missing }) => [
    ...(kind === 'number' ? [name] : categories.map((value) => `${name}=${value}`)),
    ...(missing?.flag ? [`${name} missing`] : []),
  ])
}

/** Of each value of a category its place. */
export function placesOf(categories: readonly string[]): Map<string, number> {
  return new Map(categories.map((value, place) => [value, place]))
}

/** What is said of a category that the table does not have. */
export function unknownCategory(cell: unknown, categories: readonly string[]): string {
  const known =
    categories
      .filter((text) => text !== ownCategory)
      .slice(0, 10)
      .join(', ') + (categories.length > 10 ? ', …' : '')
  if (cell === ownCategory)
    return 'the cell is missing, and the table has no category for that. Fill it in, or leave the row out.'
  return `the category ${describeValue(cell)} is not among those of the table: ${known}.`
}

/** The code of what takes the place of missing cells. */
function codeOfFill({ kind, categories, missing }: Column): number {
  return kind === 'number' ? Number(missing?.fill) : categories.indexOf(String(missing?.fill))
}

/** x of coded rows, one 0/1 feature for each category: [rows, features], written in slices. */
export function* featuresOfCodes(
  where: string,
  columns: readonly Column[],
  { values: codes, count, width: stride }: Codes,
  dtype: DType,
): Sliced<Tensor> {
  const widths = columns.map(featuresOf)
  const width = widths.reduce((a, b) => a + b, 0)
  const isNumber = columns.map(({ kind }) => kind === 'number')
  const fills = columns.map(codeOfFill)
  const fill = (values: Float32Array | Float64Array, from: number, to: number) => {
    let at = 0
    for (let row = from; row < to; row++)
      for (let j = 0; j < columns.length; j++) {
        const code = codes[row * stride + j]
        const isMissing = Number.isNaN(code)
        const place = isMissing ? fills[j] : code
        if (isNumber[j]) values[at] = place
        else values[at + place] = 1
        at += widths[j]
        if (isMissing && columns[j].missing?.flag) values[at - 1] = 1
      }
  }
  return yield* writtenRows(where, [count, width], dtype, columns.length, fill)
}

/** The numbers of one column of coded rows: [rows]. */
export function* columnOfCodes(
  where: string,
  { values: codes, count, width }: Codes,
  column: number,
  dtype: DType,
): Sliced<Tensor> {
  return yield* writtenRows(where, [count], dtype, 1, (values, from, to) => {
    for (let row = from; row < to; row++) values[row - from] = codes[row * width + column]
  })
}

/**
 * x of new rows, [rows, features], as `table.encode` makes it, where only the `columns` of the table are at hand: from
 * JSON, say, in a service that predicts. `dtype`: float32, or float64 where float32 cannot hold a number (`20200101`).
 * OptionError names the row and the column that do not fit.
 */
export function encodeRows(
  table: { readonly columns: readonly Column[] },
  rows: readonly TableRow[],
  options: { dtype?: DType | undefined } = {},
): Tensor {
  const where = 'data.encodeRows'
  checkOptions(where, options, ['dtype'])
  const columns: unknown = table?.columns
  if (!areColumns(columns))
    throw new OptionError(
      `${where}: expected a table that fromCsv returned, or its { columns }, got ${describeValue(table)}.`,
    )
  return encodedRows(where, columns, rows, options.dtype && dtypeOption(`${where}: dtype`, options.dtype))
}

/** The same in the words of `where`. */
export function encodedRows(
  where: string,
  columns: readonly Column[],
  rows: readonly TableRow[],
  dtype: DType | undefined,
): Tensor {
  if (!Array.isArray(rows) || rows.length === 0)
    throw new OptionError(`${where}: expected a list of at least one row, got ${describeValue(rows)}.`)
  const places = columns.map(({ categories }) => placesOf(categories))
  const known = new Set(columns.map(({ name }) => name))
  const codes = { values: new Float64Array(rows.length * columns.length), count: rows.length, width: columns.length }
  for (const [i, row] of (rows as readonly TableRow[]).entries()) {
    if (!isRecord(row))
      throw new OptionError(
        `${where}: row ${i + 1}: expected cells by the names of columns, { ${columns[0].name}: …, … }, ` +
          `got ${describeValue(row)}.`,
      )
    columns.forEach((column, j) => {
      const place = `${where}: row ${i + 1}: '${column.name}'`
      // A row that lacks a column named 'constructor' inherits something of that name.
      if (!Object.hasOwn(row, column.name) && (!(column.name in row) || column.name in Object.prototype))
        throw new OptionError(`${place} is missing.${keyText(row, column, known)}`)
      codes.values[i * columns.length + j] = codeOf(place, row[column.name], column, places[j])
    })
  }
  const isLarge = (value: number, i: number) => columns[i % columns.length].kind === 'number' && beyondFloat32(value)
  const wanted = dtype ?? (codes.values.some(isLarge) ? 'float64' : 'float32')
  return atOnce(featuresOfCodes(where, columns, codes, wanted))
}

function codeOf(where: string, cell: TableRow[string], column: Column, places: Map<string, number>): number {
  const { kind, categories, missing } = column
  if (cell === undefined || cell === null || cell === '' || missing?.markers.includes(String(cell))) {
    if (missing?.fill === undefined || (kind === 'category' && !places.has(String(missing.fill))))
      throw new OptionError(`${where} is missing.`)
    return NaN
  }
  if (kind === 'number') {
    if (!isNumberText(String(cell))) throw new OptionError(`${where}: expected a number, got ${describeValue(cell)}.`)
    return Number(cell)
  }
  const place = places.get(String(cell))
  if (place === undefined) throw new OptionError(`${where}: ${unknownCategory(cell, categories)}`)
  return place
}

/** What to do about a row that lacks a column: it may be spelled in another way, or have nothing to say. */
function keyText(row: TableRow, { name, missing }: Column, known: ReadonlySet<string>): string {
  const others = Object.keys(row).filter((key) => !known.has(key))
  const near = nearestName(name, others)
  if (near !== undefined) return ` The row has '${near}'.`
  return missing?.fill === undefined ? '' : ' Give null for a cell that is missing.'
}
