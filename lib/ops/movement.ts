/** Other shapes and places for the same numbers. */
import { checkOptions, isInteger, isListOf, shapeOption } from '../base/checks'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { broadcastShapes, normalizeAxes, normalizeAxis, shapeText, sizeOf, type Shape } from '../base/shape'
import * as b from '../graph/build'
import { whereOf } from '../graph/label'
import { nodeOf, shareStorage, type Tensor, type Value } from '../tensor/tensor'
import { apply, checkValue, shapeOf } from './engine'

/** A whole-number list of a given length, or ShapeError. */
function integers(where: string, value: unknown, length: number, what: string): number[] {
  if (isListOf(value, isInteger) && value.length === length) return value
  throw new ShapeError(`${where}: expected ${what} as ${length} integers, got ${describeValue(value)}.`)
}

/** The same numbers, row by row, in another shape; one size may be −1. A concrete tensor is not copied. */
export function reshape(x: Value, shape: Shape): Tensor {
  checkValue('reshape', x)
  const where = whereOf('reshape')
  const from = shapeOf(x)
  const size = sizeOf(from)
  let wanted = Array.isArray(shape) ? [...(shape as number[])] : shape
  if (isListOf(wanted, isInteger) && wanted.includes(-1)) {
    const others = sizeOf(wanted.filter((d) => d !== -1))
    if (wanted.filter((d) => d === -1).length > 1)
      throw new ShapeError(`${where}: expected at most one −1, got ${shapeText(wanted)}.`)
    if (!Number.isInteger(size / others))
      throw new ShapeError(`${where}: cannot reshape ${shapeText(from)} (${size} elements) to ${shapeText(wanted)}.`)
    wanted = wanted.map((d) => (d === -1 ? size / others : d))
  }
  const to = shapeOption(where, wanted)
  if (sizeOf(to) !== size)
    throw new ShapeError(
      `${where}: cannot reshape ${shapeText(from)} (${size} elements) to ${shapeText(to)} (${sizeOf(to)}).`,
    )
  if (typeof x !== 'number' && nodeOf(x) === undefined) return shareStorage(x as Tensor, to)
  return apply('reshape', [x], to.join(), ([n]) => b.reshape(n, to))
}

/** Axes in another order; in reverse by default, which transposes a matrix. */
export function transpose(x: Value, perm?: readonly number[]): Tensor {
  checkValue('transpose', x)
  const where = whereOf('transpose')
  const rank = shapeOf(x).length
  if (perm === undefined) return apply('transpose', [x], '', ([n]) => b.transpose(n))
  const axes = integers(where, perm, rank, 'an order of the axes').map((axis) => normalizeAxis(where, axis, rank))
  normalizeAxes(where, axes, rank)
  return apply('transpose', [x], axes.join(), ([n]) => b.transpose(n, axes))
}

/** x repeated to `shape`: equal rank with axes of size 1, or a scalar. */
export function broadcastTo(x: Value, shape: Shape): Tensor {
  checkValue('broadcastTo', x)
  const to = shapeOption(whereOf('broadcastTo'), shape)
  return apply('broadcastTo', [x], to.join(), ([n]) => b.broadcast(n, to))
}

/** A new axis of size 1 at `axis` (0 by default; −1 is the end). */
export function expandDims(x: Value, axis = 0): Tensor {
  const shape = [...shapeOf(checkValue('expandDims', x))]
  shape.splice(normalizeAxis(whereOf('expandDims'), axis, shape.length + 1), 0, 1)
  return reshape(x, shape)
}

/** Without axes of size 1: all of them, or those of `axis`. */
export function squeeze(x: Value, options?: { axis?: number | readonly number[] | undefined }): Tensor {
  const shape = shapeOf(checkValue('squeeze', x))
  checkOptions('squeeze', options, ['axis'])
  const axes =
    options?.axis === undefined
      ? shape.flatMap((d, i) => (d === 1 ? [i] : []))
      : normalizeAxes(whereOf('squeeze'), options.axis, shape.length)
  const wide = axes.find((axis) => shape[axis] !== 1)
  if (wide !== undefined)
    throw new ShapeError(
      `${whereOf('squeeze')}: axis ${wide} of ${shapeText(shape)} has size ${shape[wide]}, expected 1.`,
    )
  return reshape(
    x,
    shape.filter((_, i) => !axes.includes(i)),
  )
}

/** The block that starts at `begin` and has `size` elements on each axis (−1, the default: up to the end). */
export function slice(x: Value, begin: readonly number[], size?: readonly number[]): Tensor {
  checkValue('slice', x)
  const where = whereOf('slice')
  const from = shapeOf(x)
  const start = integers(where, begin, from.length, 'begin').map((d, i) => (d < 0 ? d + from[i] : d))
  const wanted = size === undefined ? from.map(() => -1) : integers(where, size, from.length, 'size')
  const block = wanted.map((d, i) => (d === -1 ? from[i] - start[i] : d))
  if (block.some((d, i) => d < 1 || start[i] < 0 || start[i] + d > from[i]))
    throw new ShapeError(
      `${where}: begin ${shapeText(begin)}${size ? ` with size ${shapeText(size)}` : ''} ` +
        `is not a block inside ${shapeText(from)}.`,
    )
  return apply('slice', [x], `${start} ${block}`, ([n]) => b.slice(n, start, block))
}

function tensorList(op: string, tensors: unknown): readonly Value[] {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new OptionError(`${whereOf(op)}: expected an array of at least one tensor, got ${describeValue(tensors)}.`)
  // Holes of a list are undefined.
  return Array.from(tensors, (t) => checkValue(op, t))
}

/** Tensors one after the other along `axis` (0 by default); the other sizes must be equal. */
export function concat(tensors: readonly Value[], options?: { axis?: number | undefined }): Tensor {
  const list = tensorList('concat', tensors)
  checkOptions('concat', options, ['axis'])
  const axis = normalizeAxis(whereOf('concat'), options?.axis ?? 0, shapeOf(list[0]).length)
  return apply('concat', list, String(axis), (nodes) => b.concat(nodes, axis))
}

/** Tensors of one shape along a new axis (0 by default). */
export function stack(tensors: readonly Value[], options?: { axis?: number | undefined }): Tensor {
  const list = tensorList('stack', tensors)
  checkOptions('stack', options, ['axis'])
  const shape = shapeOf(list[0])
  const axis = normalizeAxis(whereOf('stack'), options?.axis ?? 0, shape.length + 1)
  const other = list.find((t) => shapeOf(t).join() !== shape.join())
  if (other !== undefined)
    throw new ShapeError(
      `${whereOf('stack')}: expected tensors of one shape, got ${shapeText(shape)} and ${shapeText(shapeOf(other))}.`,
    )
  const raised = [...shape.slice(0, axis), 1, ...shape.slice(axis)]
  return apply('stack', list, String(axis), (nodes) =>
    b.concat(
      nodes.map((n) => b.reshape(n, raised)),
      axis,
    ),
  )
}

/** x with zeros around it: one [before, after] for each axis. */
export function pad(x: Value, widths: readonly (readonly [number, number])[]): Tensor {
  checkValue('pad', x)
  const where = whereOf('pad')
  const from = shapeOf(x)
  const good =
    isListOf(widths, (w) => isListOf(w, (n) => isInteger(n) && n >= 0) && w.length === 2) &&
    widths.length === from.length
  if (!good)
    throw new ShapeError(
      `${where}: expected a [before, after] pair of integers of at least 0 for each of ${from.length} axes, ` +
        `got ${describeValue(widths)}.`,
    )
  const before = widths.map((w) => w[0])
  const to = from.map((d, i) => d + widths[i][0] + widths[i][1])
  return apply('pad', [x], `${before} ${to}`, ([n]) => b.pad(n, before, to))
}

/** The shape to which operands broadcast; ShapeError where they do not. */
export function broadcastShape(...shapes: Shape[]): Shape {
  return broadcastShapes('broadcastShape', shapes)
}
