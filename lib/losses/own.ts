/** Loss functions of the user's own. */
import { ownFunction, type Named } from '../base/custom'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import type { Loss, LossFunction } from './loss'
import { targetsOf } from './targets'

/** `option` names the option in errors. */
export function ownLoss(option: string, spec: LossFunction | Named<LossFunction>): Loss {
  const { fn, config } = ownFunction(option, spec)
  const where = config ? `loss function '${config.custom}'` : 'loss function'
  return {
    name: 'custom',
    config,
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
