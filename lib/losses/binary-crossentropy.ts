import * as ops from '../ops'
import { crossentropy, safeLog, type CrossentropyOptions } from './crossentropy'
import type { Loss } from './loss'
import { inShapeOf, rowMeans } from './rows'
import { targetsOf } from './targets'

/**
 * −(y·ln a + (1−y)·ln(1−a)), the mean over the outputs; y in [0, 1], in the output's shape. Needs a sigmoid output or
 * `fromLogits`, and is computed from z then: max(z, 0) − z·y + ln(1 + e^(−|z|)).
 */
export function binaryCrossentropy(options?: CrossentropyOptions): Loss {
  return crossentropy(
    {
      name: 'binaryCrossentropy',
      activation: 'sigmoid',
      targets: targetsOf('labels'),
      perExample(yTrue, a, z) {
        const y = inShapeOf(a, yTrue)
        return rowMeans(
          z
            ? ops.sigmoidCrossEntropy(z, y)
            : ops.neg(ops.add(ops.mul(y, safeLog(a)), ops.mul(ops.sub(1, y), safeLog(ops.sub(1, a))))),
        )
      },
    },
    options,
  )
}
