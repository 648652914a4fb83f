/** Tables of comma-separated values as x and y. */
import { checkOptions, nonEmptyString, oneOf } from '../base/checks'
import { readFile } from '../base/disk'
import { describeValue, FormatError, OptionError } from '../base/errors'
import { nearestName } from '../base/suggest'
import { tensor, type Tensor } from '../tensor/tensor'

export type ColumnKind = 'number' | 'category'
const kinds: readonly ColumnKind[] = ['number', 'category']

export interface FromCsvOptions {
  /** Name of the column to predict. */
  target: string
  /** Columns that are not what they look like: an ID made of digits is a 'category'. */
  columns?: Readonly<Record<string, ColumnKind>> | undefined
  /** Columns to leave out. */
  ignore?: readonly string[] | undefined
  /** One character. Default ','. */
  separator?: string | undefined
}

/** How a column becomes numbers. */
export interface Column {
  name: string
  kind: ColumnKind
  /** Of a category: its values, in the order of their first appearance. */
  categories: readonly string[]
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
  /**
   * x for other rows, by the names of the columns (the target may be missing), encoded like the table. OptionError for
   * a category that the table does not have.
   */
  encode(rows: readonly Readonly<Record<string, string | number>>[]): Tensor
}

/** Cells of a CSV text: quotes may hold separators, line ends and doubled quotes. */
function parseCsv(where: string, text: string, separator: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  let wasQuoted = false
  const endCell = () => {
    row.push(wasQuoted ? cell : cell.trim())
    cell = ''
    wasQuoted = false
  }
  const endRow = () => {
    endCell()
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  for (let i = 0; i < source.length; i++) {
    const c = source[i]
    if (quoted) {
      if (c !== '"') cell += c
      else if (source[i + 1] === '"') cell += source[i++]
      else quoted = false
    } else if (c === '"' && cell.trim() === '') {
      quoted = wasQuoted = true
      cell = ''
    } else if (c === separator) endCell()
    else if (c === '\n') endRow()
    else if (c !== '\r' || source[i + 1] !== '\n') cell += c
  }
  if (quoted) throw new FormatError(`${where}: a quote that opens in row ${rows.length + 1} is never closed.`)
  if (cell !== '' || row.length > 0) endRow()
  return rows
}

/** Plain decimal numbers, with an exponent at most: 0x10 is a word. */
const isNumber = (cell: string) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) && Number.isFinite(Number(cell))

/**
 * Reads a table whose first line names the columns. Columns of numbers become one feature each, all others (and those
 * that `columns` says) a feature for each category. FormatError for a file without rows, rows of other lengths, missing
 * cells and a column that has both numbers and words (unless `columns` calls it a category), with row (counted from 1,
 * the names not counted) and column; OptionError for a target or column that does not exist.
 */
export async function fromCsv(path: string, options: FromCsvOptions): Promise<Table> {
  const where = 'data.fromCsv'
  nonEmptyString(`${where}: path`, path)
  checkOptions(where, options, ['target', 'columns', 'ignore', 'separator'])
  nonEmptyString(`${where}: target`, options?.target)
  const separator = options.separator ?? ','
  if (typeof separator !== 'string' || separator.length !== 1 || separator === '"')
    throw new OptionError(`${where}: separator: expected one character, got ${describeValue(separator)}.`)
  checkColumnOptions(where, options)
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await readFile(path))
  return toTable(`${where}: ${path}`, parseCsv(`${where}: ${path}`, text, separator), options)
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
}

const separators = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'vertical bars' }

/** What else may separate the cells of a header in which a column was not found. */
function separatorHint(head: readonly string[], separator: string): string {
  const other = Object.entries(separators).find(([c]) => c !== separator && head.some((name) => name.includes(c)))
  if (other === undefined) return ''
  return ` The header holds ${other[1]}: separator: '${other[0] === '\t' ? '\\t' : other[0]}'?`
}

function toTable(where: string, [head, ...rows]: string[][], options: FromCsvOptions): Table {
  if (head === undefined || rows.length === 0) throw new FormatError(`${where}: the table has no rows.`)
  const twice = head.find((name, i) => head.indexOf(name) !== i)
  if (twice !== undefined) throw new FormatError(`${where}: the column '${twice}' appears twice.`)
  for (const name of [options.target, ...(options.ignore ?? []), ...Object.keys(options.columns ?? {})])
    if (!head.includes(name)) {
      const near = nearestName(name, head)
      const hint = separatorHint(head, options.separator ?? ',') || (near ? ` Did you mean '${near}'?` : '')
      throw new OptionError(`${where}: there is no column '${name}'.${hint} Columns: ${head.join(', ')}.`)
    }
  rows.forEach((row, i) => {
    if (row.length !== head.length)
      throw new FormatError(`${where}: row ${i + 1} has ${row.length} cells, expected ${head.length}.`)
    const missing = head.find((name, j) => row[j] === '' && !options.ignore?.includes(name))
    if (missing !== undefined)
      throw new FormatError(`${where}: row ${i + 1}: '${missing}' is missing. Fill it in, or leave the row out.`)
  })
  const column = (name: string): Column => {
    const cells = rows.map((row) => row[head.indexOf(name)])
    const said = options.columns?.[name]
    const kind = oneOf(`${where}: columns: '${name}'`, said ?? guess(where, name, cells), kinds)
    if (kind === 'category') return { name, kind, categories: [...new Set(cells)] }
    const bad = cells.findIndex((cell) => !isNumber(cell))
    if (bad >= 0)
      throw new FormatError(`${where}: row ${bad + 1}: '${name}': expected a number, got ${describeValue(cells[bad])}.`)
    return { name, kind, categories: [] }
  }
  const target = column(options.target)
  const columns = head.filter((name) => name !== target.name && !options.ignore?.includes(name)).map(column)
  if (columns.length === 0) throw new OptionError(`${where}: no column is left beside the target '${target.name}'.`)
  const records = rows.map((row) => Object.fromEntries(head.map((name, j) => [name, row[j]])))
  const encode = (where: string, list: readonly Readonly<Record<string, string | number>>[]) =>
    encoded(where, columns, list)
  return {
    x: encode(where, records),
    y: tensor(records.map((record) => numberOf(target, record[target.name]))),
    features: columns.flatMap(({ name, kind, categories }) =>
      kind === 'number' ? [name] : categories.map((value) => `${name}=${value}`),
    ),
    labels: target.kind === 'category' ? target.categories : null,
    columns,
    encode: (list) => encode('table.encode', list),
  }
}

/** A column of numbers and words is taken for a mistake, most likely a mistyped number, and never guessed at. */
function guess(where: string, name: string, cells: readonly string[]): ColumnKind {
  const number = cells.findIndex(isNumber)
  if (number < 0) return 'category'
  const other = cells.findIndex((cell) => !isNumber(cell))
  if (other < 0) return 'number'
  throw new FormatError(
    `${where}: row ${other + 1}: '${name}': expected a number like the ${cells[number]} of row ${number + 1}, ` +
      `got ${describeValue(cells[other])}. Correct it, or say columns: { '${name}': 'category' }.`,
  )
}

function numberOf({ kind, categories }: Column, cell: string): number {
  return kind === 'number' ? Number(cell) : categories.indexOf(cell)
}

function encoded(
  where: string,
  columns: readonly Column[],
  rows: readonly Readonly<Record<string, string | number>>[],
): Tensor {
  if (!Array.isArray(rows) || rows.length === 0)
    throw new OptionError(`${where}: expected a list of at least one row, got ${describeValue(rows)}.`)
  const width = columns.reduce((n, { kind, categories }) => n + (kind === 'number' ? 1 : categories.length), 0)
  const values = new Float32Array(rows.length * width)
  rows.forEach((row: Readonly<Record<string, string | number>>, i) => {
    let at = i * width
    for (const { name, kind, categories } of columns) {
      const cell = row?.[name]
      if (cell === undefined || cell === '') throw new OptionError(`${where}: row ${i + 1}: '${name}' is missing.`)
      if (kind === 'number') {
        if (!isNumber(String(cell)))
          throw new OptionError(`${where}: row ${i + 1}: '${name}': expected a number, got ${describeValue(cell)}.`)
        values[at++] = Number(cell)
        continue
      }
      const place = categories.indexOf(String(cell))
      if (place < 0) {
        const known = categories.slice(0, 10).join(', ') + (categories.length > 10 ? ', …' : '')
        throw new OptionError(
          `${where}: row ${i + 1}: '${name}': the category ${describeValue(cell)} is not among those of the table: ` +
            `${known}.`,
        )
      }
      values[at + place] = 1
      at += categories.length
    }
  })
  return tensor(values, [rows.length, width])
}
