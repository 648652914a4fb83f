/** Probabilities of classes and what is computed from them. */
import { checkOptions, positiveInteger } from '../base/checks'
import { OptionError, ShapeError } from '../base/errors'
import { normalizeAxis, shapeText } from '../base/shape'
import * as b from '../graph/build'
import { whereOf } from '../graph/label'
import type { Node } from '../graph/node'
import { nodeOf, valuesOf, type Tensor, type Value } from '../tensor/tensor'
import { apply, checkValue, shapeOf } from './engine'

export interface AxisOptions {
  /** Default: the last axis. */
  axis?: number | undefined
}

function alongAxis(
  op: string,
  x: Value,
  options: AxisOptions | undefined,
  build: (x: Node, axis: number) => Node,
): Tensor {
  checkValue(op, x)
  checkOptions(op, options, ['axis'])
  const axis = normalizeAxis(whereOf(op), options?.axis ?? -1, shapeOf(x).length)
  return apply(op, [x], String(axis), ([n]) => build(n, axis))
}

/**
 * exp(x) / Σ exp(x) along `axis` (the last one by default), without overflow. −Infinity masks a place: it gets 0. Where
 * all places are masked, all get 0, and no derivative. A place of +Infinity is NaN, and so are those beside it.
 */
export function softmax(x: Value, options?: AxisOptions): Tensor {
  return alongAxis('softmax', x, options, (n, axis) => {
    const last = n.shape.length - 1
    if (axis === last) return b.softmax(n)
    const swap = n.shape.map((_, i) => (i === axis ? last : i === last ? axis : i))
    return b.transpose(b.softmax(b.transpose(n, swap)), swap)
  })
}

/**
 * x − log Σ exp(x) along `axis` (the last one by default): the logarithm of softmax, without overflow, as exact for
 * large x as for small. A place that −Infinity masks stays −Infinity, also where all are masked.
 */
export function logSoftmax(x: Value, options?: AxisOptions): Tensor {
  return alongAxis('logSoftmax', x, options, (n, axis) => b.logSoftmax(n, axis))
}

/**
 * Rows with a 1 at the class number: labels [m] (or [m, 1]) in 0…classes−1, of any dtype → [m, classes]. No derivative.
 */
export function oneHot(labels: Value, classes: number): Tensor {
  checkValue('oneHot', labels)
  const where = whereOf('oneHot')
  positiveInteger(`${where}: classes`, classes)
  const shape = shapeOf(labels)
  if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1))
    throw new ShapeError(`${where}: expected class numbers of shape [m] or [m, 1], got ${shapeText(shape)}.`)
  if (typeof labels === 'number') checkLabels(where, [labels], classes)
  else if (nodeOf(labels) === undefined) checkLabels(where, valuesOf(labels), classes)
  const numbers = Array.from({ length: classes }, (_, i) => i)
  return apply('oneHot', [labels], String(classes), ([n]) => {
    // Class numbers are exact in any dtype: of whole numbers nothing else can be rounded to one.
    const label = n.dtype === 'int32' ? b.cast(n) : n
    const hot = b.equal(b.reshape(label, [shape[0] ?? 1, 1]), b.constantArray(numbers, [1, classes]))
    return shape.length === 0 ? b.reshape(hot, [classes]) : hot
  })
}

function checkLabels(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++)
    if (!Number.isInteger(labels[i]) || labels[i] < 0 || labels[i] >= classes)
      throw new OptionError(`${where}: expected class numbers 0…${classes - 1}, got ${labels[i]} in row ${i}.`)
}
