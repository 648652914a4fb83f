import { checkOptions, nonNegativeNumber } from '../base/checks'
import { OptionError } from '../base/errors'
import * as ops from '../ops'
import { magnitudes, squares, type Regularizer } from './regularizer'

/** On the scale of 1/2m (`lambda1`, `lambda2`) or on Keras's (`l1`, `l2`): one of the two pairs. */
export type L1L2Options = { lambda1: number; lambda2: number } | { l1: number; l2: number }

/**
 * Both: `{ lambda1, lambda2 }` is (λ₁/2m)·Σ|W| + (λ₂/2m)·‖W‖²_F; `{ l1, l2 }` is l1·Σ|W| + l2·‖W‖²_F. Coefficients are
 * at least 0.
 */
export function l1l2(options: L1L2Options): Regularizer {
  const where = 'regularizers.l1l2'
  checkOptions(where, options, ['lambda1', 'lambda2', 'l1', 'l2'])
  const given = (options ?? {}) as { lambda1?: number; lambda2?: number; l1?: number; l2?: number }
  const divided = given.lambda1 !== undefined || given.lambda2 !== undefined
  const absolute = given.l1 !== undefined || given.l2 !== undefined
  if (divided === absolute) {
    const found = divided ? 'a mixture' : 'neither pair'
    throw new OptionError(
      `${where}: expected either { lambda1, lambda2 } (divided by 2m) or { l1, l2 } (as they are), got ${found}.`,
    )
  }
  if (divided) {
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
