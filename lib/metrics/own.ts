/** Metrics of the user's own. */
import { standsFor } from '../base/custom'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import * as ops from '../ops'
import { Tensor } from '../tensor/tensor'
import type { MetricFunction, SummedMetric } from './metric'

/** Names that already mean something in a history, or in every object. */
const reservedNames = ['epoch', 'loss', 'dataLoss', 'learningRate', '__proto__']

export function ownMetric(where: string, name: string, fn: MetricFunction): SummedMetric {
  if (reservedNames.includes(name) || name.startsWith('val_'))
    throw new OptionError(`${where}: the name '${name}' is taken in histories. Choose another.`)
  return {
    name,
    config: standsFor({ custom: name }, name, fn),
    statistics(yTrue, yPred) {
      const value: unknown = fn(yTrue, yPred)
      if (!(value instanceof Tensor))
        throw new OptionError(`metric '${name}': expected a scalar Tensor, got ${describeValue(value)}.`)
      if (value.size !== 1)
        throw new ShapeError(
          `metric '${name}': expected a scalar, got shape ${shapeText(value.shape)}. ` +
            `Use ops.mean or ops.sum over all axes.`,
        )
      return [ops.mul(yPred.shape[0], ops.reshape(value, []))]
    },
    finish: ([total], m) => total[0] / m,
  }
}
