/** What `data.fromCsv` is asked for, checked. */
import { TextDecoder } from 'node:util'
import { checkOptions, checkSignal, dtypeOption, isListOf, isString, nonEmptyString, oneOf } from '../base/checks'
import type { DType } from '../base/dtype'
import { describeValue, OptionError } from '../base/errors'
import type { CsvFormat } from './csv-text'
import { namesOfClasses } from './labels'
import { missingRules, type MissingOptions, type MissingRules } from './missing'
import { areColumns, columnKinds, isColumn, type Column, type ColumnKind } from './table'

export interface CsvTextOptions {
  /** One character. Default ','. */
  separator?: string | undefined
  /** Of the file, by a name that TextDecoder knows: 'windows-1252', 'utf-16le'. Default 'utf-8'. */
  encoding?: string | undefined
  /** Of x and y. Default: float32; float64 for that of the two with a number that float32 cannot hold (`20200101`). */
  dtype?: DType | undefined
  signal?: AbortSignal | undefined
}

export interface FromCsvOptions extends CsvTextOptions {
  /** Name of the column to predict. */
  target: string
  /**
   * The classes of the target, in the order of their numbers: `['no', 'yes']` makes yes 1. Any other is a FormatError.
   * Default: by size, if all are numbers, else in the order of the alphabet (of code units).
   */
  labels?: readonly string[] | undefined
  /** Columns that are not what they look like: an ID made of digits is a 'category'. */
  columns?: Readonly<Record<string, ColumnKind>> | undefined
  /** Columns to leave out. */
  ignore?: readonly string[] | undefined
  /** What means a missing cell, and what takes its place. Default: the empty cell, which is an error. */
  missing?: MissingOptions | undefined
}

export interface FromCsvLikeOptions extends CsvTextOptions {
  /**
   * A table, or its `{ target, columns }`: the same target and features, with the same numbers for all categories and
   * for missing cells.
   */
  like: { target: Column; columns: readonly Column[] }
}

/** What is read: the columns of another table, or those that are named. */
export type Wish =
  | { like: FromCsvLikeOptions['like'] }
  | {
      like?: undefined
      target: string
      labels: readonly string[] | undefined
      columns: ReadonlyMap<string, ColumnKind>
      ignore: ReadonlySet<string>
      missing: MissingRules | undefined
    }

const textOptions = ['separator', 'encoding', 'dtype', 'signal']

/** OptionError for what is none of the options, or not what they take. */
export function checkedCsvOptions(
  where: string,
  options: FromCsvOptions | FromCsvLikeOptions,
): { wish: Wish; format: CsvFormat; dtype: DType | undefined; signal: AbortSignal | undefined } {
  const isLike = options !== null && typeof options === 'object' && 'like' in options
  checkOptions(where, options, [
    ...(isLike ? ['like'] : ['target', 'labels', 'columns', 'ignore', 'missing']),
    ...textOptions,
  ])
  const separator = options?.separator ?? ','
  if (typeof separator !== 'string' || separator.length !== 1 || separator === '"')
    throw new OptionError(`${where}: separator: expected one character, got ${describeValue(separator)}.`)
  const dtype = options?.dtype === undefined ? undefined : dtypeOption(where, options.dtype)
  const signal = options?.signal
  checkSignal(where, signal)
  const format = { separator, encoding: checkedEncoding(where, options?.encoding ?? 'utf-8') }
  if (isLike) {
    checkLike(where, options.like)
    return { wish: { like: options.like }, format, dtype, signal }
  }
  const target = nonEmptyString(`${where}: target`, options?.target)
  checkColumnOptions(where, options)
  const { columns, ignore } = options
  const missing = missingRules(`${where}: missing`, options.missing)
  const labels = options.labels === undefined ? undefined : namesOfClasses(`${where}: labels`, options.labels)
  const kinds = new Map(Object.entries(columns ?? {}))
  if (labels && kinds.get(target) === 'number')
    throw new OptionError(`${where}: labels: expected none for the target '${target}', which columns calls a number.`)
  return { wish: { target, labels, columns: kinds, ignore: new Set(ignore), missing }, format, dtype, signal }
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
  const { target, columns } = (like ?? {}) as Partial<FromCsvLikeOptions['like']>
  if (!isColumn(target) || !areColumns(columns))
    throw new OptionError(
      `${where}: like: expected a table that fromCsv returned, or its { target, columns }, got ${describeValue(like)}.`,
    )
}

function checkColumnOptions(where: string, { ignore, columns }: FromCsvOptions): void {
  if (ignore !== undefined && !isListOf(ignore, isString))
    throw new OptionError(
      `${where}: ignore: expected a list of column names such as ['id'], got ${describeValue(ignore)}.`,
    )
  if (columns !== undefined && (columns === null || typeof columns !== 'object' || Array.isArray(columns)))
    throw new OptionError(
      `${where}: columns: expected kinds by column name such as { id: 'category' }, got ${describeValue(columns)}.`,
    )
  for (const [name, kind] of Object.entries(columns ?? {})) oneOf(`${where}: columns: '${name}'`, kind, columnKinds)
}
