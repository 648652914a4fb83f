/** Shapes: their type, their arithmetic and its errors. */
import { OptionError, ShapeError, describeValue } from './errors'

/** Sizes of the axes, the first one outermost; `[]` is a scalar. */
export type Shape = readonly number[]

/** Axes that a tensor may have at most. */
export const maxRank = 6

/** The longest axis: an encoded graph has 32 bits for each. */
export const maxDimension = 2 ** 32 - 1

/** `[2, 3]`; a scalar is `[]`. */
export function shapeText(shape: readonly (number | string | null)[]): string {
  return `[${shape.map((d) => (d === null ? 'any' : d)).join(', ')}]`
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const d of shape) size *= d
  return size
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i])
}

/**
 * The common shape of element-wise operands: equal ranks, axis by axis equal or one of them 1, and scalars with
 * anything. Ranks never adapt: a list and a column would otherwise become a table without anybody asking.
 */
export function broadcastShapes(where: string, shapes: readonly Shape[]): Shape {
  let result: Shape = []
  for (const shape of shapes) {
    if (shape.length === 0) continue
    if (result.length === 0) {
      result = shape
      continue
    }
    if (shape.length !== result.length)
      throw new ShapeError(
        `${where}: shapes ${shapes.map(shapeText).join(' and ')} have different ranks, ` +
          `and only equal ranks and scalars broadcast. ` +
          `Reshape one of them first, e.g. ops.reshape(x, ${shapeText(expandExample(shape, result))}).`,
      )
    result = result.map((d, axis) => {
      const other = shape[axis]
      if (d === other || other === 1) return d
      if (d === 1) return other
      throw new ShapeError(
        `${where}: shapes ${shapes.map(shapeText).join(' and ')} do not broadcast: ` +
          `axis ${axis} has sizes ${d} and ${other}, ` +
          'which must be equal or one of them 1.',
      )
    })
  }
  return result
}

function expandExample(a: Shape, b: Shape): number[] {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return [...Array<number>(long.length - short.length).fill(1), ...short]
}

/** An axis counted from the front; negative ones count from the back. */
export function normalizeAxis(where: string, axis: unknown, rank: number): number {
  if (!Number.isInteger(axis)) throw new OptionError(`${where}: expected an integer axis, got ${describeValue(axis)}.`)
  const n = axis as number
  if (n < -rank || n >= rank)
    throw new ShapeError(
      rank === 0
        ? `${where}: axis ${n} does not exist: the tensor is a scalar.`
        : `${where}: axis ${n} does not exist: expected ${-rank}…${rank - 1} for rank ${rank}.`,
    )
  return n < 0 ? n + rank : n
}

/** All axes for undefined; otherwise the given ones, normalised, ascending, each once. */
export function normalizeAxes(where: string, axis: number | readonly number[] | undefined, rank: number): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, i) => i)
  // Holes of a list are undefined.
  const axes = Array.from(Array.isArray(axis) ? axis : [axis], (a) => normalizeAxis(where, a, rank))
  axes.sort((a, b) => a - b)
  const twice = axes.find((a, i) => axes[i - 1] === a)
  if (twice !== undefined) throw new OptionError(`${where}: axis ${twice} is given twice.`)
  return axes
}

/** The shape after reducing `axes` (normalised). */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i))
}
