/** Several values of one shape become one, element by element. */
import { OptionError, ShapeError } from '../../base/errors'
import { sameShape, shapeText, type Shape } from '../../base/shape'
import * as ops from '../../ops'
import type { Tensor } from '../../tensor/tensor'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, withoutWeights, type CommonOptions } from '../options'

/** A layer that merges equal shapes. `finish` gets the merged value and how many there were. */
function merging(
  kind: string,
  options: CommonOptions | undefined,
  merge: (a: Tensor, b: Tensor) => Tensor,
  finish: (merged: Tensor, count: number) => Tensor = (merged) => merged,
): Layer<NoWeights> {
  return makeLayer({
    kind,
    ...commonOptions(`layers.${kind}`, options),
    config: {},
    build: (inputs, layerName) =>
      withoutWeights(sharedShape(kind, layerName, inputs), (values) => ({
        a: finish(
          values.reduce((a, b) => merge(a, b)),
          values.length,
        ),
      })),
  })
}

function sharedShape(kind: string, layerName: string, inputs: readonly Shape[]): Shape {
  severalInputs(kind, layerName, inputs)
  const other = inputs.find((shape) => !sameShape(shape, inputs[0]))
  if (other === undefined) return inputs[0]
  throw new ShapeError(
    `${layerName}: ${kind} expected inputs of one shape, ${shapeText([null, ...inputs[0]])}, ` +
      `got ${shapeText([null, ...other])} too.`,
  )
}

/** OptionError for a single input. @internal */
export function severalInputs(kind: string, layerName: string, inputs: readonly Shape[]): void {
  if (inputs.length < 2)
    throw new OptionError(
      `${layerName}: ${kind} expected two or more inputs, got ${inputs.length}. Apply it to a list: .apply([a, b]).`,
    )
}

/** The sum of two or more inputs of one shape. OptionError for one input, ShapeError for different shapes. */
export function add(options?: CommonOptions): Layer<NoWeights> {
  return merging('add', options, ops.add)
}

/** The product, element by element, of two or more inputs of one shape; errors as for `add`. */
export function multiply(options?: CommonOptions): Layer<NoWeights> {
  return merging('multiply', options, ops.mul)
}

/** The mean of two or more inputs of one shape: their sum divided by their number; errors as for `add`. */
export function average(options?: CommonOptions): Layer<NoWeights> {
  return merging('average', options, ops.add, (sum, count) => ops.div(sum, count))
}

/**
 * The largest element, place by place, of two or more inputs of one shape; errors as for `add`. Taken from the first to
 * the last: where two are equal, each gets half of the derivative.
 */
export function maximum(options?: CommonOptions): Layer<NoWeights> {
  return merging('maximum', options, ops.maximum)
}
