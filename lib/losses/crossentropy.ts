/**
 * What the cross-entropies share. Behind the activation that belongs to them (sigmoid or softmax) they are computed
 * from z, so that no z makes them infinite.
 */
import { booleanOption, checkOptions } from '../base/checks'
import { OptionError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import type { Loss, LossInput, TargetRules } from './loss'

export interface CrossentropyOptions {
  /** The network ends with z (a linear layer), not with probabilities. Default false. */
  fromLogits?: boolean | undefined
}

/** How one of the cross-entropies differs from the others. */
interface Crossentropy {
  name: string
  /** The activation behind which it is computed from z. */
  activation: 'sigmoid' | 'softmax'
  targets: TargetRules
  /** Cost of each example, [m, 1]; from z where it is known, else from a. */
  perExample(yTrue: Tensor, a: Tensor, z: Tensor | undefined): Tensor
}

/** Guards the logarithm where only a is known (an activation function of the user's): 1e-7, as Keras. */
const smallestProbability = 1e-7

/** ln max(p, 1e-7). */
export const safeLog = (probability: Tensor): Tensor => ops.log(ops.maximum(probability, smallestProbability))

export function crossentropy(kind: Crossentropy, options: CrossentropyOptions = {}): Loss {
  const { name, targets } = kind
  const where = `losses.${name}`
  checkOptions(where, options, ['fromLogits'])
  const fromLogits = booleanOption(`${where}: fromLogits`, options.fromLogits ?? false)
  return {
    name,
    config: fromLogits ? { name, fromLogits } : name,
    fromLogits,
    perExample: (yTrue, output) => kind.perExample(yTrue, output.a, logits(output, kind.activation, fromLogits)),
    checkOutput: (activation, outputShape) => checkOutput(kind, fromLogits, activation, outputShape),
    ...targets,
  }
}

/** The value before the activation, where the cross-entropy may be computed from it. */
function logits(output: LossInput, activation: string, fromLogits: boolean): Tensor | undefined {
  if (fromLogits) return output.a
  return output.activation === activation ? output.z : undefined
}

function checkOutput(
  { name, activation: needed }: Crossentropy,
  fromLogits: boolean,
  activation: string,
  outputShape: Shape,
): string | null {
  if (needed === 'softmax') checkClasses(name, outputShape)
  if (fromLogits) {
    if (activation === 'linear' || activation === 'custom') return null
    throw new OptionError(
      `loss '${name}' with fromLogits: expected a linear last layer, got '${activation}'. ` +
        `Leave out fromLogits or the activation.`,
    )
  }
  if (activation === needed) return null
  if (activation === 'custom') {
    return (
      `loss '${name}' behind a custom activation is computed from its values, with ` +
      `probabilities below ${smallestProbability} cut off. ` +
      `'${needed}' would be computed from z without that loss of precision.`
    )
  }
  const logitsHint =
    activation === 'linear' ? ` or say losses.${name}({ fromLogits: true }) if the output is meant to be z` : ''
  throw new OptionError(
    `loss '${name}': expected a last layer with activation '${needed}', got '${activation}'. ` +
      `Set activation: '${needed}'${logitsHint}.`,
  )
}

/** An output whose last axis has an entry for each class. */
function checkClasses(name: string, outputShape: Shape): void {
  const classes = outputShape.at(-1)
  if (classes === undefined)
    throw new ShapeError(`loss '${name}': expected an output of shape […, classes], got ${shapeText(outputShape)}.`)
  if (classes < 2)
    throw new ShapeError(
      `loss '${name}': expected at least 2 outputs, one per class, got 1. ` +
        `For one 0/1 output use a sigmoid and 'binaryCrossentropy'.`,
    )
}
