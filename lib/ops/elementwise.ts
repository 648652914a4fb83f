/**
 * Element by element. Operands broadcast if their ranks are equal (axes of size 1 repeat) or one is a scalar.
 * Every op takes tensors and numbers and returns a Tensor.
 */
import { checkOptions, finiteNumber } from '../base/checks'
import * as b from '../graph/build'
import type { Tensor, Value } from '../tensor/tensor'
import { apply, wide, type Builder } from './engine'

const unary = (op: string, build: Builder) => (x: Value) => apply(op, [x], '', ([n]) => build(n))

const binary = (op: string, build: Builder) => (x: Value, y: Value) => wide(op, build, [x, y])

type Unary = (x: Value) => Tensor
type Binary = (x: Value, y: Value) => Tensor

/** x + y */
export const add: Binary = binary('add', b.add)
/** x − y */
export const sub: Binary = binary('sub', b.sub)
/** x · y, element by element. For matrices see `matmul`. */
export const mul: Binary = binary('mul', b.mul)
/** x / y; x / 0 is ±Infinity or NaN as in JavaScript. */
export const div: Binary = binary('div', b.div)
/** x to the power y. Derivative towards y only for x > 0 (0 at x = 0). */
export const power: Binary = binary('power', b.power)
/** The larger one; NaN if either is. Where they tie, each gets half of the derivative. */
export const maximum: Binary = binary('maximum', b.maximum)
/** The smaller one; NaN if either is. Where they tie, each gets half of the derivative. */
export const minimum: Binary = binary('minimum', b.minimum)
/** 1 where x > y, else 0. No derivative. */
export const greater: Binary = binary('greater', b.greater)
/** 1 where x ≥ y, else 0. No derivative. */
export const greaterEqual: Binary = binary('greaterEqual', b.greaterEqual)
/** 1 where x < y, else 0. No derivative. */
export const less: Binary = binary('less', (x, y) => b.greater(y, x))
/** 1 where x ≤ y, else 0. No derivative. */
export const lessEqual: Binary = binary('lessEqual', (x, y) => b.greaterEqual(y, x))
/** 1 where x = y, else 0. No derivative. */
export const equal: Binary = binary('equal', b.equal)
/** 1 where x ≠ y, else 0. No derivative. */
export const notEqual: Binary = binary('notEqual', (x, y) => b.sub(1, b.equal(x, y)))

/** −x */
export const neg: Unary = unary('neg', b.neg)
/** eˣ */
export const exp: Unary = unary('exp', b.exp)
/** Natural logarithm: −Infinity at 0, NaN below. */
export const log: Unary = unary('log', b.log)
/** √x: NaN below 0. */
export const sqrt: Unary = unary('sqrt', b.sqrt)
/** |x|, with derivative sign(x): 0 at 0. */
export const abs: Unary = unary('abs', b.abs)
/** −1, 0 or 1. No derivative. */
export const sign: Unary = unary('sign', b.sign)
/** The largest whole number ≤ x. No derivative. */
export const floor: Unary = unary('floor', b.floor)
/** Sine of radians. */
export const sin: Unary = unary('sin', b.sin)
/** Cosine of radians. */
export const cos: Unary = unary('cos', b.cos)
/** Hyperbolic tangent. */
export const tanh: Unary = unary('tanh', b.tanh)
/** 1 / (1 + e⁻ˣ), without overflow. */
export const sigmoid: Unary = unary('sigmoid', b.sigmoid)
/** log(1 + eˣ), without overflow. */
export const softplus: Unary = unary('softplus', b.softplus)
/** max(x, 0), with derivative 1 at 0. */
export const relu: Unary = unary('relu', b.relu)
/** x² */
export const square: Unary = unary('square', (x) => b.mul(x, x))

/** x for x ≥ 0, slope·x below; derivative 1 at 0. `slope` defaults to 0.01. */
export function leakyRelu(x: Value, options?: { slope?: number }): Tensor {
  checkOptions('leakyRelu', options, ['slope'])
  const slope = finiteNumber('leakyRelu: slope', options?.slope ?? 0.01)
  return apply('leakyRelu', [x], String(slope), ([n]) => b.leakyRelu(n, slope))
}

/** `x` where the condition is not 0, `y` elsewhere: the `if` of traced functions. */
export function select(condition: Value, x: Value, y: Value): Tensor {
  return wide('select', b.select, [condition, x, y])
}

/** The same as `select`. */
export const where = select

/** x limited to [min, max]. */
export function clip(x: Value, min: Value, max: Value): Tensor {
  return wide('clip', (n, low, high) => b.minimum(b.maximum(n, low), high), [x, min, max])
}

/** y·log(1 + e⁻ᶻ) + (1 − y)·log(1 + eᶻ): the binary cross-entropy of sigmoid(z) against y, finite for any z. */
export const sigmoidCrossEntropy: Binary = binary('sigmoidCrossEntropy', b.sigmoidCrossEntropy)

/** The value of x as if it were a constant: derivatives do not flow through it. */
export function stopGradient(x: Value): Tensor {
  return apply('stopGradient', [x], '', ([n]) => b.stopGradient(n))
}
