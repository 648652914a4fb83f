import { isListOf } from '../../base/checks'
import { maxDimension, shapeText, sizeOf, type Shape } from '../../base/shape'
import { describeValue, OptionError, ShapeError } from '../../base/errors'
import * as ops from '../../ops'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, onlyInput, withoutWeights, type CommonOptions } from '../options'

export interface ReshapeOptions extends CommonOptions {
  /** Of one example, without the batch. One size may be −1: what is left for it. */
  shape: Shape
}

/**
 * The same numbers of each example, row by row, in another shape. Copies nothing. ShapeError for inputs of another
 * number of elements.
 */
export function reshape(options: ReshapeOptions): Layer<NoWeights> {
  const where = 'layers.reshape'
  const common = commonOptions(where, options, ['shape'])
  const asked = checkShape(where, options?.shape)
  return makeLayer({
    kind: 'reshape',
    ...common,
    config: { shape: asked },
    build(inputs, layerName) {
      const from = onlyInput(layerName, inputs)
      const left = sizeOf(from) / sizeOf(asked.filter((d) => d !== -1))
      const shape = asked.map((d) => (d === -1 ? left : d))
      if (sizeOf(shape) !== sizeOf(from) || !Number.isInteger(left))
        throw new ShapeError(
          `${layerName}: expected inputs whose numbers fill ${shapeText([null, ...asked])}, ` +
            `got ${shapeText([null, ...from])} with ${sizeOf(from)} numbers in each example.`,
        )
      return withoutWeights(shape, ([x]) => ({ a: ops.reshape(x, [x.shape[0], ...shape]) }), {
        passes: true,
        moves: true,
      })
    },
  })
}

function checkShape(where: string, shape: unknown): number[] {
  const isSize = (d: unknown) => d === -1 || (Number.isInteger(d) && (d as number) > 0 && (d as number) <= maxDimension)
  if (!isListOf(shape, isSize) || shape.filter((d) => d === -1).length > 1)
    throw new OptionError(
      `${where}: shape: expected an array of positive integers, one of which may be -1, got ${describeValue(shape)}.`,
    )
  return [...(shape as number[])]
}
