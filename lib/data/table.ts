/** How the columns of a table become numbers, and x of rows that are encoded so. */
import type { DType } from '../base/dtype'
import { describeValue, OptionError } from '../base/errors'
import { atOnce, type Sliced } from '../base/slices'
import type { Tensor } from '../tensor/tensor'
import { writtenRows } from './transfer'

export type ColumnKind = 'number' | 'category'
export const columnKinds: readonly ColumnKind[] = ['number', 'category']

/** How a column becomes numbers. */
export interface Column {
  name: string
  kind: ColumnKind
  /** Of a category: its values, in the order of their first appearance. */
  categories: readonly string[]
}

/** A row by the names of its columns. */
export type TableRow = Readonly<Record<string, string | number>>

/** Rows of `width` numbers, one a column: the number itself, or the place of the category among those of the column. */
export interface Codes {
  values: Float64Array
  count: number
  width: number
}

/** Plain decimal numbers, with an exponent at most: 0x10 is a word. */
export function isNumberText(cell: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) && Number.isFinite(Number(cell))
}

/** The features of a column: one, or one for each category. */
function featuresOf({ kind, categories }: Column): number {
  return kind === 'number' ? 1 : categories.length
}

export function featureNames(columns: readonly Column[]): string[] {
  return columns.flatMap(({ name, kind, categories }) =>
    kind === 'number' ? [name] : categories.map((value) => `${name}=${value}`),
  )
}

/** Of each value of a category its place. */
export function placesOf(categories: readonly string[]): Map<string, number> {
  return new Map(categories.map((value, place) => [value, place]))
}

/** What is said of a category that the table does not have. */
export function unknownCategory(cell: unknown, categories: readonly string[]): string {
  const known = categories.slice(0, 10).join(', ') + (categories.length > 10 ? ', …' : '')
  return `the category ${describeValue(cell)} is not among those of the table: ${known}.`
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
  const fill = (values: Float32Array | Float64Array, from: number, to: number) => {
    let at = 0
    for (let row = from; row < to; row++)
      for (let j = 0; j < columns.length; j++) {
        const place = codes[row * stride + j]
        if (isNumber[j]) values[at] = place
        else values[at + place] = 1
        at += widths[j]
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

/** x of rows by name, encoded like the table. OptionError names the row and the column that do not fit. */
export function encodedRows(columns: readonly Column[], rows: readonly TableRow[], dtype: DType): Tensor {
  const where = 'table.encode'
  if (!Array.isArray(rows) || rows.length === 0)
    throw new OptionError(`${where}: expected a list of at least one row, got ${describeValue(rows)}.`)
  const places = columns.map(({ categories }) => placesOf(categories))
  const codes = { values: new Float64Array(rows.length * columns.length), count: rows.length, width: columns.length }
  rows.forEach((row: TableRow, i) => {
    columns.forEach((column, j) => {
      codes.values[i * columns.length + j] = codeOf(`${where}: row ${i + 1}: '${column.name}'`, row, column, places[j])
    })
  })
  return atOnce(featuresOfCodes(where, columns, codes, dtype))
}

function codeOf(where: string, row: TableRow, { name, kind, categories }: Column, places: Map<string, number>): number {
  // A row that lacks a column named 'constructor' inherits something of that name.
  const cell = row && (Object.hasOwn(row, name) || !(name in Object.prototype)) ? row[name] : undefined
  if (cell === undefined || cell === '') throw new OptionError(`${where} is missing.`)
  if (kind === 'number') {
    if (!isNumberText(String(cell))) throw new OptionError(`${where}: expected a number, got ${describeValue(cell)}.`)
    return Number(cell)
  }
  const place = places.get(String(cell))
  if (place === undefined) throw new OptionError(`${where}: ${unknownCategory(cell, categories)}`)
  return place
}
