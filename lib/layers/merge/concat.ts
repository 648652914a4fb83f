import { OptionError, ShapeError, describeValue } from '../../base/errors'
import { normalizeAxis, sameShape, shapeText, type Shape } from '../../base/shape'
import * as ops from '../../ops'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, withoutWeights, type CommonOptions } from '../options'
import { severalInputs } from './elementwise'

export interface ConcatOptions extends CommonOptions {
  /** Along which axis of one example: 0 is the first one after the batch, −1 (default) the last. */
  axis?: number | undefined
}

/**
 * Two or more inputs one after the other along an axis; their other axes have equal sizes. ShapeError for inputs that
 * do not fit, OptionError for one input.
 */
export function concat(options?: ConcatOptions): Layer<NoWeights> {
  const where = 'layers.concat'
  const common = commonOptions(where, options, ['axis'])
  const axis: unknown = options?.axis ?? -1
  if (!Number.isInteger(axis)) throw new OptionError(`${where}: axis: expected an integer, got ${describeValue(axis)}.`)
  return makeLayer({
    kind: 'concat',
    ...common,
    config: { axis: axis as number },
    build(inputs, layerName) {
      severalInputs('concat', layerName, inputs)
      const along = normalizeAxis(`${layerName}: concat of inputs ${shapeText(inputs[0])}`, axis, inputs[0].length)
      const others = (shape: Shape) => shape.filter((_, i) => i !== along)
      const odd = inputs.find(
        (shape) => shape.length !== inputs[0].length || !sameShape(others(shape), others(inputs[0])),
      )
      if (odd)
        throw new ShapeError(
          `${layerName}: concat expected inputs that differ along axis ${along} only, like ${shapeText(inputs[0])}, ` +
            `got ${shapeText(odd)} too (without the batch).`,
        )
      const size = inputs.reduce((sum, shape) => sum + shape[along], 0)
      const output = inputs[0].map((d, i) => (i === along ? size : d))
      return withoutWeights(output, (values) => ({ a: ops.concat(values, { axis: along + 1 }) }), {
        moves: true,
      })
    },
  })
}
