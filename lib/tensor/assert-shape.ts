import { isListOf } from '../base/checks'
import { describeValue, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { Tensor, type AnyTensor } from './tensor'

/**
 * Throws ShapeError unless `t` has this shape; `null` stands for any size. Returns `t`. Works on traced tensors too,
 * so it can stand inside layers and losses.
 */
export function assertShape<T extends AnyTensor>(t: T, expected: readonly (number | null)[], name = 'tensor'): T {
  if (!(t instanceof Tensor))
    throw new ShapeError(`assertShape: expected a Tensor as ${name}, got ${describeValue(t)}.`)
  if (!isListOf(expected, (d) => d === null || (Number.isInteger(d) && (d as number) > 0)))
    throw new ShapeError(
      `assertShape: expected a shape such as [3, null] with null for any size, got ${describeValue(expected)}.`,
    )
  if (t.rank !== expected.length)
    throw new ShapeError(
      `${name}: expected shape ${shapeText(expected)} of rank ${expected.length}, ` +
        `got ${shapeText(t.shape)} of rank ${t.rank}.`,
    )
  const axis = expected.findIndex((d, i) => d !== null && d !== t.shape[i])
  if (axis >= 0)
    throw new ShapeError(
      `${name}: expected shape ${shapeText(expected)}, got ${shapeText(t.shape)}: ` +
        `axis ${axis} has size ${t.shape[axis]}.`,
    )
  return t
}
