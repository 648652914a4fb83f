/**
 * Penalties on weights. Two scales exist: the notes' (λ/2m)·… , whose coefficient is divided by the number of examples
 * m, and Keras's, which is not. The engine adds `perExample / m + absolute` to the cost; gradients follow by
 * differentiation.
 */
import { checkOptions, nonNegativeNumber, oneOf } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import type { Json } from '../base/json'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'

/** Scalars; what is absent is zero. */
export interface Penalty {
  /** To be divided by m: the batch's size in training, the number of rows in an evaluation. */
  perExample?: Tensor
  /** Added as it is. */
  absolute?: Tensor
}

/** A penalty on one weight. Made by `regularizers.*`. */
export interface Regularizer {
  readonly config: { [key: string]: Json }
  /** Records the penalty of one weight. */
  penalty(weight: Tensor): Penalty
}

/** The notes' scale (`lambda`, 5.4 of the notes) or Keras's (`l2`): one of the two. */
export type L2Options = { lambda: number } | { l2: number }
export type L1Options = { lambda: number } | { l1: number }
export type L1L2Options = { lambda1: number; lambda2: number } | { l1: number; l2: number }

const squares = (weight: Tensor, factor: number): Tensor => ops.mul(factor, ops.sumSquares(weight))
const magnitudes = (weight: Tensor, factor: number): Tensor => ops.mul(factor, ops.sum(ops.abs(weight)))

function exactlyOne(where: string, options: object | undefined, names: readonly [string, string]): string {
  checkOptions(where, options, names)
  const given = names.filter((name) => (options as Record<string, unknown> | undefined)?.[name] !== undefined)
  if (given.length === 1) return given[0]
  const came = given.length === 0 ? 'neither' : 'both'
  throw new OptionError(
    `${where}: expected exactly one of '${names[0]}' (divided by 2m) and '${names[1]}' (as it is), got ${came}.`,
  )
}

/** `l2({ lambda })`: (λ/2m)·‖W‖²_F. `l2({ l2 })`: l2·‖W‖²_F. The coefficient is at least 0. */
export function l2(options: L2Options): Regularizer {
  const where = 'regularizers.l2'
  const given = options as { lambda: number; l2: number }
  if (exactlyOne(where, options, ['lambda', 'l2']) === 'lambda') {
    const lambda = nonNegativeNumber(`${where}: lambda`, given.lambda)
    return { config: { kind: 'l2', lambda }, penalty: (weight) => ({ perExample: squares(weight, lambda / 2) }) }
  }
  const factor = nonNegativeNumber(`${where}: l2`, given.l2)
  return { config: { kind: 'l2', l2: factor }, penalty: (weight) => ({ absolute: squares(weight, factor) }) }
}

/** `l1({ lambda })`: (λ/2m)·Σ|W|. `l1({ l1 })`: l1·Σ|W|. The derivative at 0 is 0. */
export function l1(options: L1Options): Regularizer {
  const where = 'regularizers.l1'
  const given = options as { lambda: number; l1: number }
  if (exactlyOne(where, options, ['lambda', 'l1']) === 'lambda') {
    const lambda = nonNegativeNumber(`${where}: lambda`, given.lambda)
    return { config: { kind: 'l1', lambda }, penalty: (weight) => ({ perExample: magnitudes(weight, lambda / 2) }) }
  }
  const factor = nonNegativeNumber(`${where}: l1`, given.l1)
  return { config: { kind: 'l1', l1: factor }, penalty: (weight) => ({ absolute: magnitudes(weight, factor) }) }
}

/** Both: `{ lambda1, lambda2 }` is (λ₁/2m)·Σ|W| + (λ₂/2m)·‖W‖²_F; `{ l1, l2 }` is l1·Σ|W| + l2·‖W‖²_F. */
export function l1l2(options: L1L2Options): Regularizer {
  const where = 'regularizers.l1l2'
  checkOptions(where, options, ['lambda1', 'lambda2', 'l1', 'l2'])
  const given = (options ?? {}) as { lambda1?: number; lambda2?: number; l1?: number; l2?: number }
  const notes = given.lambda1 !== undefined || given.lambda2 !== undefined
  const keras = given.l1 !== undefined || given.l2 !== undefined
  if (notes === keras) {
    const came = notes ? 'a mixture' : 'neither pair'
    throw new OptionError(
      `${where}: expected either { lambda1, lambda2 } (divided by 2m) or { l1, l2 } (as they are), got ${came}.`,
    )
  }
  if (notes) {
    const lambda1 = nonNegativeNumber(`${where}: lambda1`, given.lambda1)
    const lambda2 = nonNegativeNumber(`${where}: lambda2`, given.lambda2)
    return {
      config: { kind: 'l1l2', lambda1, lambda2 },
      penalty: (weight) => ({ perExample: ops.add(magnitudes(weight, lambda1 / 2), squares(weight, lambda2 / 2)) }),
    }
  }
  const factor1 = nonNegativeNumber(`${where}: l1`, given.l1)
  const factor2 = nonNegativeNumber(`${where}: l2`, given.l2)
  return {
    config: { kind: 'l1l2', l1: factor1, l2: factor2 },
    penalty: (weight) => ({ absolute: ops.add(magnitudes(weight, factor1), squares(weight, factor2)) }),
  }
}

/** Checks an option that takes a regulariser; undefined stays undefined. */
export function checkRegularizer(where: string, value: unknown): Regularizer | undefined {
  if (
    value === undefined ||
    (typeof value === 'object' && value !== null && typeof (value as Regularizer).penalty === 'function')
  )
    return value as Regularizer | undefined
  throw new OptionError(`${where}: expected regularizers.l1, .l2 or .l1l2, got ${describeValue(value)}.`)
}

/** Rebuilds what `Regularizer.config` describes. */
export function regularizerFromConfig(config: { [key: string]: Json }): Regularizer {
  const { kind, ...options } = config
  const make = { l1, l2, l1l2 }[oneOf('regularizer', kind, ['l1', 'l2', 'l1l2'])] as (options: unknown) => Regularizer
  return make(options)
}

/** Penalties on weights. */
export const regularizers = { l1, l2, l1l2 }
