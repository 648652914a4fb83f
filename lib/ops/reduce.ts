/** Over axes. `axis`: a number or a list, negative ones count from the back; all axes by default. */
import { booleanOption, checkOptions } from '../base/checks'
import { normalizeAxes, normalizeAxis, reducedShape, sizeOf, type Shape } from '../base/shape'
import * as b from '../graph/build'
import { whereOf } from '../graph/label'
import type { Node } from '../graph/node'
import type { Tensor, Value } from '../tensor/tensor'
import { apply, checkValue, shapeOf } from './engine'

export interface ReduceOptions {
  /** Default: all axes. */
  axis?: number | readonly number[] | undefined
  /** Keep reduced axes with size 1. Default false. */
  keepDims?: boolean | undefined
}

type Build = (x: Node, axes: number[], keepDims: boolean) => Node

function reduce(op: string, x: Value, options: ReduceOptions | undefined, build: Build): Tensor {
  checkValue(op, x)
  checkOptions(op, options, ['axis', 'keepDims'])
  const keepDims = booleanOption(`${op}: keepDims`, options?.keepDims ?? false)
  const axes = normalizeAxes(whereOf(op), options?.axis, shapeOf(x).length)
  return apply(op, [x], `${axes} ${keepDims}`, ([n]) => build(n, axes, keepDims))
}

const countOver = (shape: Shape, axes: readonly number[]) => sizeOf(shape) / sizeOf(reducedShape(shape, axes, false))
const meanOf: Build = (x, axes, keepDims) => b.div(b.sum(x, axes, keepDims), countOver(x.shape, axes))

/** Sum over axes. */
export function sum(x: Value, options?: ReduceOptions): Tensor {
  return reduce('sum', x, options, b.sum)
}

/** Mean over axes. */
export function mean(x: Value, options?: ReduceOptions): Tensor {
  return reduce('mean', x, options, meanOf)
}

/** Largest element over axes; elements that tie share the derivative. */
export function max(x: Value, options?: ReduceOptions): Tensor {
  return reduce('max', x, options, b.max)
}

/** Smallest element over axes; elements that tie share the derivative. */
export function min(x: Value, options?: ReduceOptions): Tensor {
  return reduce('min', x, options, (n, axes, keepDims) => b.neg(b.max(b.neg(n), axes, keepDims)))
}

/** Mean squared deviation from the mean over axes (divided by n, not n − 1). */
export function variance(x: Value, options?: ReduceOptions): Tensor {
  return reduce('variance', x, options, (n, axes, keepDims) => {
    const deviation = b.sub(n, meanOf(n, axes, true))
    return meanOf(b.mul(deviation, deviation), axes, keepDims)
  })
}

/** log Σ exp(x) over axes, without overflow. Of −Infinity alone it is −Infinity, with derivative 0. */
export function logSumExp(x: Value, options?: ReduceOptions): Tensor {
  return reduce('logSumExp', x, options, b.logSumExp)
}

// Squares of numbers in this range, and sums of them, are in the range of float32.
const [smallestPlain, largestPlain] = [1e-15, 1e15]

/** What numbers are divided by before they are squared: 1 for plain ones, so that these keep their bits. */
function unitOf(largest: Node): Node {
  // Near to the largest, with room: what multiplies a derivative by the unit must not overflow either.
  const tiny = b.select(b.greater(smallestPlain, largest), b.mul(largest, 1e10), 1)
  const huge = b.select(b.greater(largest, largestPlain), b.mul(largest, 1e-10), tiny)
  const isNumber = b.mul(b.greater(largest, 0), b.greater(Infinity, largest))
  return b.stopGradient(b.select(isNumber, huge, 1))
}

/**
 * Euclidean norm √Σx² over axes, wherever it is in the range of the dtype; its derivative at 0 is taken as 0.
 */
export function norm(x: Value, options?: ReduceOptions): Tensor {
  return reduce('norm', x, options, (n, axes, keepDims) => {
    const unit = unitOf(b.max(b.abs(n), axes, true))
    const scaled = b.div(n, unit)
    const squares = b.sum(b.mul(scaled, scaled), axes, true)
    const zero = b.equal(squares, 0)
    const length = b.mul(unit, b.select(zero, 0, b.sqrt(b.select(zero, 1, squares))))
    return b.reshape(length, reducedShape(n.shape, axes, keepDims))
  })
}

export interface ArgOptions {
  /** Default: the last axis. */
  axis?: number | undefined
  /** Keep the axis with size 1. Default false. */
  keepDims?: boolean | undefined
}

function arg(op: string, x: Value, options: ArgOptions | undefined, prepare: (x: Node) => Node): Tensor {
  checkValue(op, x)
  checkOptions(op, options, ['axis', 'keepDims'])
  const keepDims = booleanOption(`${op}: keepDims`, options?.keepDims ?? false)
  const axis = normalizeAxis(whereOf(op), options?.axis ?? -1, shapeOf(x).length)
  return apply(op, [x], `${axis} ${keepDims}`, ([n]) =>
    b.reshape(b.argmax(prepare(n), axis), reducedShape(n.shape, [axis], keepDims)),
  )
}

/** Index of the largest element along `axis` (the last one by default), the first of equals. No derivative. */
export function argmax(x: Value, options?: ArgOptions): Tensor {
  return arg('argmax', x, options, (n) => n)
}

/** Index of the smallest element along `axis` (the last one by default), the first of equals. No derivative. */
export function argmin(x: Value, options?: ArgOptions): Tensor {
  return arg('argmin', x, options, b.neg)
}
