/** The columns of a CSV file: which are read, and what the first pass over the file finds in them. */
import { describeValue, FormatError, OptionError } from '../base/errors'
import type { Sliced } from '../base/slices'
import { nearestName } from '../base/suggest'
import type { Wish } from './csv-options'
import { csvRows, rowText, type CsvFormat } from './csv-text'
import { ownCategory, type MissingRules } from './missing'
import { isChanged, isNumberText, type Column, type ColumnKind } from './table'

export interface File {
  where: string
  bytes: Uint8Array
  format: CsvFormat
}

/** A column that is read, and what the first pass over the file finds in it. */
export interface Found {
  name: string
  /** Its place in a row of the file. */
  at: number
  /** What it is, where that is said. */
  said: ColumnKind | Column | undefined
  isTarget: boolean
  /** A missing cell is an error, whatever the column turns out to be. */
  mustBeThere: boolean
  /** Texts that mean a missing cell, beside the empty one. */
  markers: readonly string[]
  /** Cells that are numbers, and that are missing. */
  numbers: number
  gaps: number
  /** The first number and the first cell that is none. */
  number: { row: number; cell: string } | undefined
  word: { row: number; cell: string } | undefined
  /** The first whole number that float64 would turn into another. */
  changed: { row: number; cell: string } | undefined
  /** The first missing cell. */
  missing: { row: number; cell: string } | undefined
}

export function isMissingCell({ markers }: Found, cell: string): boolean {
  return cell === '' || markers.includes(cell)
}

/** A column whose categories grow while the table is read. */
export type ReadColumn = Column & { categories: string[] }

/** The columns that are read, the target last, and the number of rows. Checks every row. */
export function* survey({ where, bytes, format }: File, wish: Wish): Sliced<{ found: Found[]; count: number }> {
  let names: string[] = []
  let found: Found[] = []
  let count = 0
  yield* csvRows(where, bytes, format, (cells, row) => {
    if (row === 0) {
      names = cells
      found = wanted(where, names, wish, format.separator)
      return
    }
    count = row
    if (cells.length !== names.length) throw wrongLength(where, row, cells.length, names.length)
    for (const column of found) {
      const cell = cells[column.at]
      if (isMissingCell(column, cell)) {
        column.missing ??= { row, cell }
        column.gaps++
        if (column.mustBeThere) throw missingCell(where, column)
      } else if (isNumberText(cell)) {
        column.numbers++
        column.number ??= { row, cell }
        if (!column.changed && isChanged(cell)) column.changed = { row, cell }
      } else column.word ??= { row, cell }
    }
  })
  if (names.length === 0) throw new FormatError(`${where}: expected a line that names the columns, got an empty file.`)
  if (count === 0) throw new FormatError(`${where}: the table has no rows.`)
  return { found, count }
}

function wrongLength(where: string, row: number, length: number, expected: number): FormatError {
  const hint = length > expected ? ' A cell that holds separators stands in quotes.' : ''
  return new FormatError(
    `${where}: ${rowText(row)}: expected ${expected} cells, as the first line names columns, got ${length}.${hint}`,
  )
}

/** The columns that are asked for, the target last. */
function wanted(where: string, names: readonly string[], wish: Wish, separator: string): Found[] {
  const places = new Map<string, number>()
  names.forEach((name, at) => {
    if (places.has(name)) {
      const problem = name === '' ? 'two columns have no name' : `the column '${name}' appears twice`
      throw new FormatError(`${where}: ${problem}. Name each by itself.`)
    }
    places.set(name, at)
  })
  const find = (
    name: string,
    rest: Pick<Found, 'said' | 'mustBeThere' | 'isTarget'>,
    markers: readonly string[] = [],
  ) => {
    const at = places.get(name)
    if (at === undefined) throw noColumn(where, name, names, separator)
    const none = { number: undefined, word: undefined, changed: undefined, missing: undefined }
    return { name, at, ...rest, markers, numbers: 0, gaps: 0, ...none }
  }
  if (wish.like) {
    const { columns, target } = wish.like
    return [...columns, target].map((said) => {
      const isTarget = said === target
      return find(said.name, { said, mustBeThere: said.missing?.fill === undefined, isTarget }, said.missing?.markers)
    })
  }
  const { columns: kinds, ignore, labels, missing } = wish
  const column = (name: string, isTarget = false) => {
    if (isTarget && labels)
      return find(
        name,
        { said: { name, kind: 'category', categories: labels }, mustBeThere: true, isTarget },
        missing?.markers,
      )
    const said = kinds.get(name)
    const rules = said ? [missing?.[said]] : [missing?.number, missing?.category]
    const mustBeThere = isTarget || rules.every((rule) => rule === undefined || rule === 'error')
    return find(name, { said, mustBeThere, isTarget }, missing?.markers)
  }
  const target = column(wish.target, true)
  for (const name of [...ignore, ...kinds.keys()]) column(name)
  const others = names.filter((name) => name !== target.name && !ignore.has(name))
  if (others.length === 0) throw new OptionError(`${where}: no column is left beside the target '${target.name}'.`)
  return [...others.map((name) => column(name)), target]
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

function missingCell(where: string, { name, missing, said, isTarget }: Found): FormatError {
  const { row, cell } = missing!
  const mend = isTarget
    ? 'A target is not filled in: leave the row out'
    : typeof said === 'object'
      ? "The table of 'like' says nothing to take its place. Fill it in, or leave the row out"
      : `Fill it in, leave the row out, or say what takes its place: missing: { number: 'median', category: 'own' }`
  return new FormatError(
    `${where}: ${rowText(row)}: '${name}' is missing${cell === '' ? '' : ` (${describeValue(cell)})`}. ${mend}.`,
  )
}

/** What a column is: as said, or as most of its cells are. Its categories come with the second pass. */
export function columnOf(where: string, found: Found, count: number, rules: MissingRules | undefined): ReadColumn {
  const { name, said, numbers, gaps } = found
  if (typeof said === 'object') {
    if (said.kind === 'number' && found.word) throw noNumber(where, found, true)
    return { ...said, categories: [...said.categories] }
  }
  if (gaps === count && !said)
    throw new FormatError(`${where}: '${name}' is missing in every row. Leave it out: ignore: ['${name}'].`)
  // Some words among numbers are mistakes, most likely mistyped numbers, and never guessed at.
  const kind = said ?? (numbers * 2 > count - gaps ? 'number' : 'category')
  if (kind === 'number' && found.word) throw noNumber(where, found, said !== undefined)
  if (kind === 'number' && !said && found.changed) throw changedNumber(where, found)
  const column: ReadColumn = { name, kind, categories: [] }
  if (!rules) return column
  column.missing = { markers: rules.markers }
  const rule = rules[kind]
  if (found.isTarget || (rule === 'error' && gaps === 0)) return column
  if (rule === 'error') throw missingCell(where, found)
  if (kind === 'number' && gaps === count && typeof rule === 'string')
    throw new FormatError(`${where}: '${name}' has no number whose ${rule} could take the place of missing cells.`)
  const isOwn = kind === 'category' && rule === 'own'
  // The mean and the median come with the second pass.
  if (kind === 'category' || typeof rule === 'number') column.missing.fill = isOwn ? ownCategory : rule
  if (rules.flag && gaps > 0 && !isOwn) column.missing.flag = true
  return column
}

/** FormatError for the first word among numbers. `isSaid`: that they are numbers was said. */
function noNumber(where: string, { name, number, word }: Found, isSaid: boolean): FormatError {
  const { row, cell } = word!
  const isMark = missingMarks.has(cell.toLowerCase())
  const like = isSaid || !number ? 'a number' : `a number like the ${number.cell} of ${rowText(number.row)}`
  const mend = isMark
    ? ` It seems to stand for a missing value: fill it in, leave the row out, or say missing: { markers: ` +
      `['${cell}'], number: 'median' }.`
    : isSaid
      ? /^[+-]?[\d.]*,\d+$/.test(cell)
        ? ' Numbers have a decimal point, and nothing between thousands.'
        : ''
      : ` Correct it, or say columns: { '${name}': 'category' }.`
  return new FormatError(`${where}: ${rowText(row)}: '${name}': expected ${like}, got ${describeValue(cell)}.${mend}`)
}

/** FormatError for the first whole number that float64 would change. */
function changedNumber(where: string, { name, changed, isTarget }: Found): FormatError {
  const { row, cell } = changed!
  const read = isTarget ? 'Read it' : `Leave it out: ignore: ['${name}']. Or read it`
  return new FormatError(
    `${where}: ${rowText(row)}: '${name}': expected numbers that float64 holds (whole ones up to 2^53), got ${cell}, ` +
      `which would become ${BigInt(Number(cell))}. ${read} as texts: ` +
      `columns: { '${name}': 'category' }; or as numbers that are rounded: columns: { '${name}': 'number' }.`,
  )
}
