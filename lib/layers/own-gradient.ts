/** The gradient that a user gave to a layer of his own, in place of the derived one. */
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
import { custom as customNode } from '../graph/build'
import type { TraceContext } from '../graph/context'
import type { Node } from '../graph/node'
import * as ops from '../ops'
import { captureTensor } from '../ops/engine'
import { contextOf, nodeOf, Tensor } from '../tensor/tensor'
import type { Definition, Handles, WeightTensors } from './definition'

interface Values<Config, W extends Handles> {
  x: readonly Tensor[]
  y: Tensor
  w: WeightTensors<W>
  config: Config
}

/** y again, with the user's gradient towards the inputs and `weights`: those of `handles` that are no states. */
export function withGradient<Config, W extends Handles>(
  layerName: string,
  gradient: NonNullable<Definition<Config, W>['gradient']>,
  values: Values<Config, W>,
  weights: readonly { key: string; name: string; shape: Shape; own: Tensor }[],
): Tensor {
  const { x, y } = values
  const context = contextOf(y)
  const valueNode = nodeOf(y)
  // A result that depends on no input is a concrete tensor: there is nothing to differentiate.
  if (!valueNode || !context) return y
  const inputs = [...x, ...weights.map(({ own }) => own)]
  const node = customNode(
    valueNode,
    inputs.map((input) => nodeOf(input) ?? captureTensor(layerName, input, context)),
    (dy) => {
      const given = gradient(Tensor.fromNode(dy, context), values)
      const known = weights.map(({ key }) => key)
      checkGradients(layerName, given, x.length, known)
      const ofInputs = x.map(({ shape }, i) => {
        const own = given.x[i]
        return own === null ? null : checked(layerName, x.length === 1 ? 'x' : `x[${i}]`, own, shape, context)
      })
      const ofWeights = weights.map(({ key, name, shape }) =>
        checked(layerName, name, (given.weights as Record<string, unknown>)[key], shape, context),
      )
      return [...ofInputs, ...ofWeights]
    },
  )
  return Tensor.fromNode(node, context)
}

function checkGradients(
  layerName: string,
  given: { x?: unknown; weights?: object } | null | undefined,
  inputs: number,
  known: readonly string[],
): void {
  if (
    typeof given !== 'object' ||
    given === null ||
    given.x === undefined ||
    typeof given.weights !== 'object' ||
    given.weights === null
  )
    throw new OptionError(`${layerName}: gradient must return { x, weights: { … } }, got ${describeValue(given)}.`)
  if (!Array.isArray(given.x) || given.x.length !== inputs)
    throw new OptionError(
      `${layerName}: gradient must return as x a list of ${inputs}, one for each input, got ${describeValue(given.x)}.`,
    )
  for (const key of Object.keys(given.weights)) {
    if (!known.includes(key))
      throw new OptionError(
        `${layerName}: gradient returned a weight '${key}'; its weights: ${known.join(', ') || 'none'}.`,
      )
  }
}

/** A returned gradient in the shape of what it belongs to; a list's may be a row. */
function checked(layerName: string, name: string, gradient: unknown, shape: Shape, context: TraceContext): Node {
  const where = `${layerName}: gradient of '${name}'`
  if (!(gradient instanceof Tensor))
    throw new OptionError(`${where}: expected a Tensor, got ${describeValue(gradient)}.`)
  const row = shape.length === 1 && gradient.shape.join() === `1,${shape[0]}`
  if (!row && gradient.shape.join() !== shape.join())
    throw new ShapeError(`${where}: expected shape ${shapeText(shape)}, got ${shapeText(gradient.shape)}.`)
  const shaped = row ? ops.reshape(gradient, shape) : gradient
  return nodeOf(shaped) ?? captureTensor(where, shaped, context)
}
