/** Which classes are taken for which. */
import { checkOptions, isListOf, isString, nonNegativeInteger } from '../base/checks'
import { markClass } from '../base/copies'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { toClasses, toLabelRows } from './labels'
import type { DataLike, Rows } from './rows'

export interface ConfusionMatrixOptions {
  /** Names of the classes, for the table. Default: their numbers. */
  labels?: readonly string[] | undefined
  /**
   * Where rows hold several labels, each yes or no: the column, from 0, of the one that the matrix is of. Its classes
   * are 0, no, and 1, yes, which is a value above 0.5. Default: rows are of one class each.
   */
  column?: number | undefined
}

/** Counts of true against predicted classes. */
export class ConfusionMatrix {
  constructor(
    /** `counts[true class][predicted class]`. */
    readonly counts: readonly (readonly number[])[],
    readonly labels: readonly string[],
  ) {}

  /** Number of examples. */
  get total(): number {
    return this.counts.flat().reduce((a, b) => a + b, 0)
  }

  /** Share of the examples on the diagonal. */
  get accuracy(): number {
    return this.counts.reduce((sum, row, i) => sum + row[i], 0) / this.total
  }

  /** Of the examples predicted to be class i, the share that is; NaN where none was. OptionError for no class. */
  precision(i: number): number {
    this.#checkClass('precision', i)
    return this.counts[i][i] / this.counts.reduce((sum, row) => sum + row[i], 0)
  }

  /** Of the examples of class i, the share found; NaN where there is none. OptionError for no class. */
  recall(i: number): number {
    this.#checkClass('recall', i)
    return this.counts[i][i] / this.counts[i].reduce((a, b) => a + b, 0)
  }

  #checkClass(what: string, i: unknown): void {
    if (Number.isInteger(i) && (i as number) >= 0 && (i as number) < this.counts.length) return
    throw new OptionError(
      `confusionMatrix.${what}: expected the number of a class, 0 to ${this.counts.length - 1}, got ` +
        `${describeValue(i)}.`,
    )
  }

  /** A table: a row per true class, a column per predicted class, recall at the right, precision below. */
  toString(): string {
    const percent = (share: number) => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`)
    const head = ['true \\ predicted', ...this.labels, 'recall']
    const body = this.counts.map((row, i) => [
      this.labels[i],
      ...row.map((n) => (n === 0 ? '·' : String(n))),
      percent(this.recall(i)),
    ])
    const foot = ['precision', ...this.labels.map((_, i) => percent(this.precision(i))), percent(this.accuracy)]
    const table = [head, ...body, foot]
    const widths = head.map((_, j) => Math.max(...table.map((row) => row[j].length)))
    return table.map((row) => row.map((cell, j) => cell.padStart(widths[j])).join('  ')).join('\n')
  }
}

markClass(ConfusionMatrix)

/** One column of rows with several. */
function columnOf(where: string, rows: Rows, column: number): Rows {
  const { data, count, width } = rows
  if (column >= width)
    throw new OptionError(`${where}: expected a column from 0 to ${width - 1}, got column: ${column}.`)
  const values = Float64Array.from({ length: count }, (_, row) => {
    const value = data[row * width + column]
    if (value >= 0 && value <= 1) return value > 0.5 ? 1 : 0
    throw new OptionError(`${where}: expected labels or probabilities in [0, 1], got ${value} in row ${row}.`)
  })
  return { data: values, shape: [count], dtype: 'float64', count, width: 1 }
}

/** OptionError for a row without a class of its own: several labels, or none. */
function requireOneClass(where: string, { data, width, count }: Rows): void {
  for (let row = 0; width > 1 && row < count; row++) {
    const entries = data.subarray(row * width, (row + 1) * width)
    let first = 0
    for (let c = 1; c < width; c++) if (entries[c] > entries[first]) first = c
    const next = entries.indexOf(entries[first], first + 1)
    if (next >= 0)
      throw new OptionError(
        `${where}: expected one class in each row, got the same for ${first} and ${next} in row ${row}. For rows of ` +
          `several labels, name the column of one: { column: ${first} }.`,
      )
  }
}

/**
 * Counts of true (rows) against predicted (columns) classes. Both sides may be class numbers [m], one-hot rows or
 * probabilities [m, classes], or probabilities of class 1 as [m] or [m, 1] (class 1 above 0.5, as in metrics). For rows
 * of several labels [m, labels], each yes or no, `column` names the label. OptionError for a true row that is of no
 * class, or of several, without it. `String(matrix)` is a table.
 */
export function confusionMatrix(
  yTrue: DataLike,
  yPred: DataLike,
  options: ConfusionMatrixOptions = {},
): ConfusionMatrix {
  const where = 'data.confusionMatrix'
  checkOptions(where, options, ['labels', 'column'])
  const column = options.column === undefined ? null : nonNegativeInteger(`${where}: column`, options.column)
  const classesOf = (name: string, value: DataLike, isTruth: boolean) => {
    const at = `${where}: ${name}`
    const rows = toLabelRows(at, value)
    if (column !== null) return { ...toClasses(at, columnOf(at, rows, column)), width: 2 }
    if (isTruth) requireOneClass(at, rows)
    return toClasses(at, rows)
  }
  const truth = classesOf('yTrue', yTrue, true)
  const guess = classesOf('yPred', yPred, false)
  if (truth.classes.length !== guess.classes.length)
    throw new ShapeError(
      `${where}: yTrue and yPred need the same number of rows, ` +
        `got ${truth.classes.length} and ${guess.classes.length}.`,
    )
  if (options.labels && !isListOf(options.labels, isString))
    throw new OptionError(`${where}: labels: expected a list of names, got ${describeValue(options.labels)}.`)
  const size = Math.max(truth.width, guess.width, options.labels?.length ?? 0)
  if (options.labels && options.labels.length < size)
    throw new OptionError(`${where}: expected a label for each of the ${size} classes, got ${options.labels.length}.`)
  if (size > 10_000) throw new OptionError(`${where}: expected at most 10000 classes, got class number ${size - 1}.`)
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  truth.classes.forEach((c, row) => counts[c][guess.classes[row]]++)
  return new ConfusionMatrix(counts, options.labels ?? counts.map((_, i) => String(i)))
}
