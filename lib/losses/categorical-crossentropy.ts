import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import { crossentropy, safeLog, type CrossentropyOptions } from './crossentropy'
import type { Loss } from './loss'
import { rowSums } from './rows'
import { targetsOf } from './targets'

/**
 * −Σ_c y_c·ln a_c with one-hot targets [m, classes] (rows that sum to 1). Needs a softmax output or `fromLogits`, and
 * is computed from z then.
 */
export function categoricalCrossentropy(options?: CrossentropyOptions): Loss {
  return crossentropy(
    {
      name: 'categoricalCrossentropy',
      activation: 'softmax',
      targets: targetsOf('oneHot'),
      perExample: oneHotCrossentropy,
    },
    options,
  )
}

/** For one-hot rows y [m, classes]: the cost of each, [m, 1]. */
export function oneHotCrossentropy(y: Tensor, a: Tensor, z: Tensor | undefined): Tensor {
  return z ? ops.softmaxCrossEntropy(z, y) : ops.neg(rowSums(ops.mul(y, safeLog(a))))
}
