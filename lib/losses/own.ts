/** Loss functions of the user's own. */
import { functionName } from '../base/custom'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import type { Loss, LossFunction } from './loss'
import { targetsOf } from './targets'

/** `name`: what files call it; by default the function's own. */
export function ownLoss(fn: LossFunction, name = functionName(fn)): Loss {
  const where = name ? `loss function '${name}'` : 'loss function'
  return {
    name: 'custom',
    config: name === null ? null : { custom: name },
    fromLogits: false,
    custom(yTrue, yPred) {
      const value: unknown = fn(yTrue, yPred)
      const shape = (value as Tensor | undefined)?.shape
      if (!Array.isArray(shape))
        throw new OptionError(`${where}: expected a scalar Tensor, got ${describeValue(value)}.`)
      if ((value as Tensor).size !== 1)
        throw new ShapeError(
          `${where}: expected a scalar, got shape ${shapeText(shape)}. Use ops.mean or ops.sum over all axes.`,
        )
      return shape.length === 0 ? (value as Tensor) : ops.reshape(value as Tensor, [])
    },
    checkOutput: () => null,
    ...targetsOf('any'),
  }
}
