import * as ops from '../ops'
import type { Loss } from './loss'
import { inShapeOf, rowMeans } from './rows'
import { targetsOf } from './targets'

/** (a − y)², the mean over the outputs; targets in the output's shape. */
export function meanSquaredError(): Loss {
  return {
    name: 'meanSquaredError',
    config: 'meanSquaredError',
    fromLogits: false,
    perExample(yTrue, { a }) {
      const difference = ops.sub(a, inShapeOf(a, yTrue))
      return rowMeans(ops.mul(difference, difference))
    },
    checkOutput: (activation) =>
      activation === 'sigmoid'
        ? "loss 'meanSquaredError' behind a sigmoid is not convex and learns slowly where the sigmoid is flat. " +
          "For 0/1 targets use 'binaryCrossentropy'; for other values a linear output."
        : null,
    ...targetsOf('values'),
  }
}
