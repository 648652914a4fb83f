/** What a user's function does to shapes, found by tracing it on example batches before any training. */
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
import { TraceContext } from '../graph/context'
import { withLabel } from '../graph/label'
import { inputNode } from '../graph/leaves'
import { RandomStreams, withRandomStreams } from '../graph/random-streams'
import { reachable } from '../graph/reachable'
import { nodeOf, Tensor } from '../tensor/tensor'

/** An unlikely size of anything else, so that a mixed-up batch axis shows. */
const probeBatch = 7

/** What was found out about a function. */
export interface Probed {
  /** Of its result, without the batch. */
  readonly shape: Shape
  /** It draws random numbers. */
  readonly stochastic: boolean
}

/**
 * Shape of `fn`'s result without the batch. `weights` are shapes of further arguments, which have no batch. Throws
 * OptionError or ShapeError that name the layer where the result is no tensor or loses the batch axis.
 */
export function outputShapeOf(
  layerName: string,
  inputs: readonly Shape[],
  fn: (inputs: Tensor[], weights: Tensor[]) => unknown,
  weights: readonly Shape[] = [],
): Probed {
  const context = new TraceContext('float64', { convertCaptures: true })
  const made = (shape: Shape) => Tensor.fromNode(inputNode(shape, layerName), context)
  const call = () =>
    fn(
      inputs.map((shape) => made([probeBatch, ...shape])),
      weights.map(made),
    )
  const result = tried(() => withRandomStreams(new RandomStreams(context), () => withLabel(layerName, call)))
  if (!(result instanceof Tensor))
    throw new OptionError(`${layerName}: its function must return a Tensor, got ${describeValue(result)}.`)
  if (result.rank === 0 || result.shape[0] !== probeBatch)
    throw new ShapeError(
      `${layerName}: its function must keep the batch as the first dimension: for an input of shape ` +
        `${inputs.map((shape) => shapeText([probeBatch, ...shape])).join(' and ')} it returned ` +
        `${shapeText(result.shape)}.`,
    )
  const node = nodeOf(result)
  const stochastic = node !== undefined && reachable([node]).some(({ op }) => op === 'randomUniform')
  return { shape: result.shape.slice(1), stochastic }
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
