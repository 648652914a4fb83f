/** Examples of two inputs as pictures take them: checked, and read in slices. */
import { requireUnchanged } from '../base/checks'
import { OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { slices, type Sliced } from '../base/slices'
import { requireFiniteRows, requireSameCount, type DataLike, type Rows } from '../data/rows'
import { rowsInSlices } from '../data/rows-in-slices'
import { around, type Interval } from './frame'

/** Rows between two yields: about a millisecond. */
const rowsAtOnce = 1 << 13

/** x [m, 2]. ShapeError for other rows. */
function* twoInputs(where: string, x: DataLike): Sliced<Rows> {
  const rows = yield* rowsInSlices(`${where}: x`, x)
  if (rows.shape.length === 2 && rows.width === 2) return rows
  throw new ShapeError(`${where}: x: expected examples of two inputs, [m, 2], got ${shapeText(rows.shape)}.`)
}

/** NonFiniteError with the place of the first number that is NaN or infinite. */
function* requireFinite(name: string, rows: Rows): Sliced<void> {
  const { data } = rows
  const { length } = data
  for (const [from, to] of slices(length)) {
    requireUnchanged(name, length, data.length)
    if (!data.subarray(from, to).every(Number.isFinite)) requireFiniteRows(name, rows)
    yield
  }
}

/** x [m, 2] and one number for each row, y [m] or [m, 1]; all finite. */
export function* numberedExamples(where: string, x: DataLike, y: DataLike): Sliced<{ x: Rows; y: Rows }> {
  const points = yield* twoInputs(where, x)
  const targets = yield* rowsInSlices(`${where}: y`, y)
  requireSameCount(where, points, targets)
  if (targets.width !== 1)
    throw new ShapeError(`${where}: y: expected one number for each example, got ${shapeText(targets.shape)}.`)
  yield* requireFinite(`${where}: x`, points)
  yield* requireFinite(`${where}: y`, targets)
  return { x: points, y: targets }
}

/** Examples by class. */
export interface ClassedExamples {
  points: { x: number; y: number; class: string }[]
  /** In the order of their numbers. */
  classes: number[]
  /** Around the first and the second input. */
  frame: [Interval, Interval]
}

const mostClasses = 20

/** x [m, 2], finite, with class numbers y [m] or [m, 1]. */
export function* classedExamples(where: string, x: DataLike, y: DataLike): Sliced<ClassedExamples> {
  const rows = yield* twoInputs(where, x)
  const labels = yield* rowsInSlices(`${where}: y`, y)
  const { count } = rows
  if (labels.count !== count || labels.width !== 1)
    throw new ShapeError(
      `${where}: y: expected ${count} class numbers, one for each row of x, got ${shapeText(labels.shape)}.`,
    )
  yield* requireFinite(`${where}: x`, rows)
  const points: ClassedExamples['points'] = []
  const known = new Set<number>()
  const low = [Infinity, Infinity]
  const high = [-Infinity, -Infinity]
  for (const [from, to] of slices(count, rowsAtOnce)) {
    requireUnchanged(`${where}: x`, 2 * count, rows.data.length)
    requireUnchanged(`${where}: y`, count, labels.data.length)
    for (let i = from; i < to; i++) {
      const [a, b, label] = [rows.data[2 * i], rows.data[2 * i + 1], labels.data[i]]
      points.push({ x: a, y: b, class: `${label}` })
      known.add(label)
      low[0] = Math.min(low[0], a)
      low[1] = Math.min(low[1], b)
      high[0] = Math.max(high[0], a)
      high[1] = Math.max(high[1], b)
    }
    const wrong = known.size > mostClasses || [...known].some((c) => !Number.isInteger(c) || c < 0)
    if (wrong) throw new OptionError(`${where}: y: expected ${classesText(known)}.`)
    yield
  }
  const frame: [Interval, Interval] = [around([low[0], high[0]]), around([low[1], high[1]])]
  return { points, classes: [...known].sort((a, b) => a - b), frame }
}

function classesText(given: Iterable<number>): string {
  const sorted = [...given].sort((a, b) => a - b)
  const text = `${sorted.slice(0, 4).join(', ')}${sorted.length > 4 ? ', …' : ''}`
  return `class numbers 0, 1, 2, …, at most ${mostClasses} of them, got ${text}`
}
