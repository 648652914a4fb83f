import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import { crossentropy, safeLog, type CrossentropyOptions } from './crossentropy'
import type { Loss } from './loss'
import { rowMeans, rowSums } from './rows'
import { targetsOf } from './targets'

/**
 * −Σ_c y_c·ln a_c with one-hot targets [m, …, classes] (classes that sum to 1); the mean over all positions. Needs a
 * softmax output or `fromLogits`, and is computed from z then.
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

/** For one-hot y of as many numbers as a [m, …, classes]: the cost of each example, [m, 1]. */
export function oneHotCrossentropy(y: Tensor, a: Tensor, z: Tensor | undefined): Tensor {
  const classes = a.shape[a.rank - 1]
  const positions = a.size / classes
  const flat = (values: Tensor) => ops.reshape(values, [positions, classes])
  const each = z ? ops.softmaxCrossEntropy(flat(z), flat(y)) : ops.neg(rowSums(ops.mul(flat(y), safeLog(flat(a)))))
  return positions === a.shape[0] ? each : rowMeans(ops.reshape(each, [a.shape[0], positions / a.shape[0]]))
}
