/** What functions of users give to pictures. */
import { describeValue, DTypeError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { Tensor } from '../tensor/tensor'

/** One number, bare or as a Tensor. DTypeError or ShapeError for anything else. */
export function numberOf(where: string, value: unknown): number {
  if (typeof value === 'number') return value
  if (!(value instanceof Tensor))
    throw new DTypeError(
      `${where}: expected a function that returns a number or a Tensor, got ${describeValue(value)}.`,
    )
  if (value.size === 1) return value.item()
  throw new ShapeError(
    `${where}: expected a function whose result is one number, got shape ${shapeText(value.shape)}. ` +
      'Reduce it, e.g. with ops.sum or ops.mean.',
  )
}
