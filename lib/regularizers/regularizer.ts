/**
 * The contract of penalties on weights. They come on two scales: (λ/2m)·…, whose coefficient is divided by the number
 * of examples m, and Keras's, which is not. The cost gains `perExample / m + absolute`; gradients follow by
 * differentiation.
 */
import { checkOptions } from '../base/checks'
import { OptionError } from '../base/errors'
import type { JsonObject } from '../base/json'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'

/** Scalars; what is absent is zero. */
export interface Penalty {
  /** To be divided by m: the batch's size in training, the number of rows in an evaluation. */
  perExample?: Tensor | undefined
  /** Added as it is. */
  absolute?: Tensor | undefined
}

/** A penalty on one weight. Made by `regularizers.*`. */
export interface Regularizer {
  readonly config: JsonObject
  /** Records the penalty of one weight. */
  penalty(weight: Tensor): Penalty
}

/** factor·‖W‖²_F. */
export const squares = (weight: Tensor, factor: number): Tensor => ops.mul(factor, ops.sumSquares(weight))

/** factor·Σ|W|. */
export const magnitudes = (weight: Tensor, factor: number): Tensor => ops.mul(factor, ops.sum(ops.abs(weight)))

/** Which one of two options is given: `names[0]` on the scale of 1/2m, `names[1]` on Keras's. */
export function exactlyOne<Name extends string>(
  where: string,
  options: object | undefined,
  names: readonly [Name, Name],
): Name {
  checkOptions(where, options, names)
  const given = names.filter((name) => (options as Record<string, unknown> | undefined)?.[name] !== undefined)
  if (given.length === 1) return given[0]
  const found = given.length === 0 ? 'neither' : 'both'
  throw new OptionError(
    `${where}: expected exactly one of '${names[0]}' (divided by 2m) and '${names[1]}' (as it is), got ${found}.`,
  )
}
