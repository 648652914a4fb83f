import * as ops from '../ops'
import { oneHotCrossentropy } from './categorical-crossentropy'
import { crossentropy, type CrossentropyOptions } from './crossentropy'
import type { Loss } from './loss'
import { targetsOf } from './targets'

/**
 * −ln a_y with class numbers y [m, …], from 0, for an output a [m, …, classes]; the mean over all positions. Needs a
 * softmax output or `fromLogits`, and is computed from z then.
 */
export function sparseCategoricalCrossentropy(options?: CrossentropyOptions): Loss {
  return crossentropy(
    {
      name: 'sparseCategoricalCrossentropy',
      activation: 'softmax',
      targets: targetsOf('classNumbers', (outputShape) => outputShape.slice(0, -1)),
      perExample(yTrue, a, z) {
        const classes = a.shape[a.rank - 1]
        return oneHotCrossentropy(ops.oneHot(ops.reshape(yTrue, [yTrue.size]), classes), a, z)
      },
    },
    options,
  )
}
