/** What a user's function does to shapes, found by tracing it on an example batch before any training. */
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
import { withLabel } from '../graph/label'
import { inputNode } from '../graph/leaves'
import { Tensor } from '../tensor/tensor'

/** An unlikely size of anything else, so that a mixed-up batch axis shows. */
const probeBatch = 7

/**
 * Shape of `fn`'s result without the batch. `shapes` are those of further arguments (weights), which have no batch.
 * Throws OptionError or ShapeError that name the layer where the result is no tensor or loses the batch axis.
 */
export function outputShapeOf(
  layerName: string,
  inputShape: Shape,
  fn: (x: Tensor, others: Tensor[]) => unknown,
  shapes: readonly Shape[] = [],
): Shape {
  const x = Tensor.fromNode(inputNode([probeBatch, ...inputShape], layerName), 'float64')
  const others = shapes.map((shape) => Tensor.fromNode(inputNode(shape, layerName), 'float64'))
  const result = tried(() => withLabel(layerName, () => fn(x, others)))
  if (!(result instanceof Tensor))
    throw new OptionError(`${layerName}: its function must return a Tensor, got ${describeValue(result)}.`)
  if (result.rank === 0 || result.shape[0] !== probeBatch)
    throw new ShapeError(
      `${layerName}: its function must keep the batch as the first dimension: for an input of shape ` +
        `${shapeText([probeBatch, ...inputShape])} it returned ${shapeText(result.shape)}.`,
    )
  return result.shape.slice(1)
}

/** Says where the number of examples in the message comes from. */
function tried(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    throw new ShapeError(`${error.message} The layer was tried with ${probeBatch} examples.`, { cause: error })
  }
}
