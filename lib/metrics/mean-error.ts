/** Metrics that are the mean over examples and outputs of what each output is off by. */
import { ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { asRows } from '../losses/rows'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import type { MetricKind } from './metric'

/** The mean of |a − y|. */
export const meanAbsoluteError = meanError('meanAbsoluteError', (difference) => ops.sum(ops.abs(difference)))

/** The mean of (a − y)². */
export const meanSquaredError = meanError('meanSquaredError', (difference) => ops.sumSquares(difference))

/** `total` adds up a matrix of a − y, [m, outputs]. */
function meanError(name: string, total: (difference: Tensor) => Tensor): MetricKind {
  return {
    largerIsBetter: false,
    bind: (where, { outputs, positions }) => ({
      name,
      config: name,
      statistics(yTrue, yPred) {
        if (yTrue.size !== yPred.size)
          throw new ShapeError(
            `${where}: '${name}' needs targets in the shape of the output ${shapeText(yPred.shape)}, ` +
              `got ${shapeText(yTrue.shape)}. For class numbers use 'accuracy'.`,
          )
        const predicted = asRows(yPred)
        return [total(ops.sub(predicted, ops.reshape(yTrue, predicted.shape)))]
      },
      finish: ([sum], m) => sum[0] / (m * outputs * positions),
    }),
  }
}
