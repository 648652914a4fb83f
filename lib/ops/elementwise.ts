/**
 * Element by element, of more than one op of the table. Operands broadcast if their ranks are equal (axes of size 1
 * repeat) or one is a scalar.
 */
import * as b from '../graph/build'
import type { Tensor, Value } from '../tensor/tensor'
import { apply } from './engine'
import { fromTable, wide } from './from-table'

/** 1 where x < y, else 0. No derivative. */
export function less(x: Value, y: Value): Tensor {
  return wide('less', (n, m) => b.greater(m, n), [x, y])
}

/** 1 where x ≤ y, else 0. No derivative. */
export function lessEqual(x: Value, y: Value): Tensor {
  return wide('lessEqual', (n, m) => b.greaterEqual(m, n), [x, y])
}

/** 1 where x ≠ y, else 0. No derivative. */
export function notEqual(x: Value, y: Value): Tensor {
  return wide('notEqual', (n, m) => b.sub(1, b.equal(n, m)), [x, y])
}

/** x² */
export function square(x: Value): Tensor {
  return apply('square', [x], '', ([n]) => b.mul(n, n))
}

/** The same as `select`. */
export const where = fromTable.select

/** x limited to [min, max]. */
export function clip(x: Value, min: Value, max: Value): Tensor {
  return wide('clip', (n, low, high) => b.minimum(b.maximum(n, low), high), [x, min, max])
}

/** The value of x as if it were a constant: derivatives do not flow through it. */
export function stopGradient(x: Value): Tensor {
  return apply('stopGradient', [x], '', ([n]) => b.stopGradient(n))
}
