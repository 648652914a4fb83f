/** Which classes are taken for which. */
import { checkOptions } from '../base/checks'
import { markClass } from '../base/copies'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { toClasses } from './labels'
import type { DataLike } from './rows'

export interface ConfusionMatrixOptions {
  /** Names of the classes, for the table. Default: their numbers. */
  labels?: readonly string[] | undefined
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

/**
 * Counts of true (rows) against predicted (columns) classes. Both sides may be class numbers [m], one-hot rows or
 * probabilities [m, classes], or probabilities of class 1 as [m] or [m, 1] (class 1 from 0.5 on).
 * `String(matrix)` is a table.
 */
export function confusionMatrix(
  yTrue: DataLike,
  yPred: DataLike,
  options: ConfusionMatrixOptions = {},
): ConfusionMatrix {
  const where = 'data.confusionMatrix'
  checkOptions(where, options, ['labels'])
  const truth = toClasses(`${where}: yTrue`, yTrue)
  const guess = toClasses(`${where}: yPred`, yPred)
  if (truth.classes.length !== guess.classes.length)
    throw new ShapeError(
      `${where}: yTrue and yPred need the same number of rows, ` +
        `got ${truth.classes.length} and ${guess.classes.length}.`,
    )
  const size = Math.max(truth.width, guess.width, options.labels?.length ?? 0)
  if (options.labels && options.labels.length < size)
    throw new OptionError(`${where}: expected a label for each of the ${size} classes, got ${options.labels.length}.`)
  if (size > 10_000) throw new OptionError(`${where}: expected at most 10000 classes, got class number ${size - 1}.`)
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  truth.classes.forEach((c, row) => counts[c][guess.classes[row]]++)
  return new ConfusionMatrix(counts, options.labels ?? counts.map((_, i) => String(i)))
}
