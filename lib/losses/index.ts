/**
 * Losses: what each example costs. Averages are over the batch, and over the outputs for meanSquaredError and
 * binaryCrossentropy with several outputs. Behind sigmoid and softmax the cross-entropies are computed from z, so no z
 * makes them infinite.
 */
import type { LayerOutput } from '../activations/activation'
import { booleanOption, checkOptions, oneOf } from '../base/checks'
import { customFunction, functionConfig, isFunctionConfig, type Custom } from '../base/custom'
import type { NativeArray } from '../base/dtype'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import type { Json } from '../base/json'
import { shapeText, type Shape } from '../base/shape'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import { checkTargets, type TargetKind } from './targets'

export type LossName =
  'binaryCrossentropy' | 'categoricalCrossentropy' | 'sparseCategoricalCrossentropy' | 'meanSquaredError'
/** (yTrue, yPred) => scalar, written with `ops`; its own average over the batch. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor
export type LossSpec = LossName | Loss | LossFunction

/** What the last layer gave, and the name of its activation. */
export interface LossInput extends LayerOutput {
  activation: string
}

/** A resolved loss. */
export interface Loss {
  /** One of LossName, or 'custom'. */
  readonly name: string
  /** For files; null for an unnamed function. */
  readonly config: Json
  /** What targets must hold. */
  readonly targets: TargetKind
  /** True where the network's output is z itself: predictions are scores, not probabilities. */
  readonly fromLogits: boolean
  /** Cost of each example, [m, 1]; averaged over the outputs where there are several. Absent for a user's function. */
  perExample?(yTrue: Tensor, output: LossInput): Tensor
  /** A user's function: the cost of the whole batch, a scalar. It cannot be weighted by example. */
  custom?(yTrue: Tensor, yPred: Tensor): Tensor
  /**
   * Does the loss fit what the network ends with? Throws OptionError or ShapeError where it cannot work; gives a
   * warning where it works badly, else null. `outputShape` is without the batch.
   */
  checkOutput(activation: string, outputShape: Shape): string | null
  /**
   * Shape of one example's target: [] for class numbers. Targets for an output of width 1 may also come without that
   * axis.
   */
  targetShape(outputShape: Shape): Shape
  /**
   * Checks all values of the targets. `shape` is theirs, with the number of examples first: [m, ...targetShape], [m]
   * and [m, 1] meaning the same. Throws ShapeError or OptionError that name the row, the expected and the received.
   */
  validateTargets(where: string, data: NativeArray, shape: Shape, outputShape: Shape): void
}

interface CrossentropyOptions {
  /** The network ends with z (a linear layer), not with probabilities. Default false. */
  fromLogits?: boolean
}

/** Guards the logarithm where only a is known (an activation function of the user's): 1e-7, as Keras. */
const smallestProbability = 1e-7

/** Σ over all but the first axis, [m, 1]. */
function rowSums(values: Tensor): Tensor {
  return ops.sum(asRows(values), { axis: 1, keepDims: true })
}

/** [m, n]: all but the first axis as one. */
function asRows(values: Tensor): Tensor {
  return values.rank === 2 ? values : ops.reshape(values, [values.shape[0], values.size / values.shape[0]])
}

/** Targets in the shape of the output; [m] for an output of width 1 gains its axis. */
function like(yTrue: Tensor, output: Tensor): Tensor {
  return yTrue.rank === output.rank ? yTrue : ops.reshape(yTrue, output.shape)
}

function widthOf(outputShape: Shape): number {
  return outputShape.reduce((product, size) => product * size, 1)
}

const safeLog = (probability: Tensor): Tensor => ops.log(ops.maximum(probability, smallestProbability))

/** The value before the activation, where the cross-entropy may be computed from it. */
function logits(output: LossInput, activation: string, fromLogits: boolean): Tensor | undefined {
  if (fromLogits) return output.a
  return output.activation === activation ? output.z : undefined
}

function binaryPerExample(fromLogits: boolean) {
  return (yTrue: Tensor, output: LossInput): Tensor => {
    const y = like(yTrue, output.a)
    const z = logits(output, 'sigmoid', fromLogits)
    const loss = z
      ? ops.sigmoidCrossEntropy(z, y)
      : ops.neg(ops.add(ops.mul(y, safeLog(output.a)), ops.mul(ops.sub(1, y), safeLog(ops.sub(1, output.a)))))
    const width = output.a.size / output.a.shape[0]
    return width === 1 ? asRows(loss) : ops.div(rowSums(loss), width)
  }
}

function categoricalPerExample(fromLogits: boolean, sparse: boolean) {
  return (yTrue: Tensor, output: LossInput): Tensor => {
    const classes = output.a.shape[output.a.rank - 1]
    const y = sparse ? ops.oneHot(ops.reshape(yTrue, [yTrue.shape[0]]), classes) : yTrue
    const z = logits(output, 'softmax', fromLogits)
    return z ? ops.softmaxCrossEntropy(z, y) : ops.neg(rowSums(ops.mul(y, safeLog(output.a))))
  }
}

function crossentropy(name: Exclude<LossName, 'meanSquaredError'>, options: CrossentropyOptions = {}): Loss {
  const where = `losses.${name}`
  checkOptions(where, options, ['fromLogits'])
  const fromLogits = booleanOption(`${where}: fromLogits`, options.fromLogits ?? false)
  const binary = name === 'binaryCrossentropy'
  const sparse = name === 'sparseCategoricalCrossentropy'
  const targets: TargetKind = binary ? 'labels' : sparse ? 'classNumbers' : 'oneHot'
  const targetShape = (outputShape: Shape): Shape => (sparse ? outputShape.slice(0, -1) : outputShape)
  return {
    name,
    config: fromLogits ? { name, fromLogits } : name,
    targets,
    fromLogits,
    perExample: binary ? binaryPerExample(fromLogits) : categoricalPerExample(fromLogits, sparse),
    checkOutput: (activation, outputShape) => checkCrossentropyOutput(name, fromLogits, activation, outputShape),
    targetShape,
    validateTargets: (place, data, shape, outputShape) =>
      checkTargets(place, targets, data, shape, targetShape(outputShape), widthOf(outputShape)),
  }
}

function checkCrossentropyOutput(
  name: string,
  fromLogits: boolean,
  activation: string,
  outputShape: Shape,
): string | null {
  const needed = name === 'binaryCrossentropy' ? 'sigmoid' : 'softmax'
  if (needed === 'softmax') {
    if (outputShape.length !== 1)
      throw new ShapeError(
        `loss '${name}': expected an output of shape [classes], got ${shapeText(outputShape)}. Add layers.flatten().`,
      )
    if (outputShape[0] < 2)
      throw new ShapeError(
        `loss '${name}': expected at least 2 outputs, one per class, got 1. ` +
          `For one 0/1 output use a sigmoid and 'binaryCrossentropy'.`,
      )
  }
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

/** −(y·ln a + (1−y)·ln(1−a)), y in [0, 1], the mean over the outputs. Needs a sigmoid output or `fromLogits`. */
export function binaryCrossentropy(options?: CrossentropyOptions): Loss {
  return crossentropy('binaryCrossentropy', options)
}

/** −Σ_c y_c·ln a_c with one-hot targets [m, classes] (rows that sum to 1). Needs a softmax output or `fromLogits`. */
export function categoricalCrossentropy(options?: CrossentropyOptions): Loss {
  return crossentropy('categoricalCrossentropy', options)
}

/** −ln a_y with class numbers [m], from 0. Needs a softmax output or `fromLogits`. */
export function sparseCategoricalCrossentropy(options?: CrossentropyOptions): Loss {
  return crossentropy('sparseCategoricalCrossentropy', options)
}

/** The mean over the outputs of (a − y)². */
export function meanSquaredError(): Loss {
  return {
    name: 'meanSquaredError',
    config: 'meanSquaredError',
    targets: 'values',
    fromLogits: false,
    perExample(yTrue, { a }) {
      const difference = ops.sub(a, like(yTrue, a))
      const width = a.size / a.shape[0]
      const squares = ops.mul(difference, difference)
      return width === 1 ? asRows(squares) : ops.div(rowSums(squares), width)
    },
    checkOutput: (activation) =>
      activation === 'sigmoid'
        ? "loss 'meanSquaredError' behind a sigmoid is not convex and learns slowly where the sigmoid is flat. " +
          "For 0/1 targets use 'binaryCrossentropy'; for other values a linear output."
        : null,
    targetShape: (outputShape) => outputShape,
    validateTargets: (where, data, shape, outputShape) =>
      checkTargets(where, 'values', data, shape, outputShape, widthOf(outputShape)),
  }
}

function customLoss(fn: LossFunction): Loss {
  const where = fn.name ? `loss function '${fn.name}'` : 'loss function'
  return {
    name: 'custom',
    config: functionConfig(fn),
    targets: 'any',
    fromLogits: false,
    custom(yTrue, yPred) {
      const value: unknown = fn(yTrue, yPred)
      const shape = (value as Tensor | undefined)?.shape
      if (!Array.isArray(shape))
        throw new OptionError(`${where}: expected a scalar Tensor, got ${describeValue(value)}.`)
      if ((value as Tensor).size !== 1)
        throw new ShapeError(
          `${where}: expected a scalar, got shape ${shapeText(shape)}. ` + `Use ops.mean or ops.sum over all axes.`,
        )
      return shape.length === 0 ? (value as Tensor) : ops.reshape(value as Tensor, [])
    },
    checkOutput: () => null,
    targetShape: (outputShape) => outputShape,
    validateTargets: (where, data, shape, outputShape) =>
      checkTargets(where, 'any', data, shape, outputShape, widthOf(outputShape)),
  }
}

const makers = { binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy, meanSquaredError }
const lossNames = Object.keys(makers) as LossName[]

/** Resolves a loss option: a name, `losses.…` or a function. `where` names the option in errors. */
export function toLoss(where: string, spec: LossSpec): Loss {
  if (typeof spec === 'function') return customLoss(spec)
  if (typeof spec === 'string') return makers[oneOf(where, spec, lossNames)]()
  if (typeof spec === 'object' && spec !== null && typeof spec.validateTargets === 'function') return spec
  const known = lossNames.map((name) => `'${name}'`).join(', ')
  throw new OptionError(
    `${where}: expected ${known}, losses.… or a function (yTrue, yPred) => scalar, got ${describeValue(spec)}.`,
  )
}

/** Rebuilds what `Loss.config` describes. */
export function lossFromConfig(config: Json, custom?: Custom): Loss {
  if (isFunctionConfig(config)) return toLoss('loss', customFunction<LossFunction>('loss', config.custom, custom))
  if (typeof config === 'string') return toLoss('loss', oneOf('loss', config, lossNames))
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new OptionError(`loss: expected a name or an object, got ${describeValue(config)}.`)
  const { name, ...options } = config
  return (makers[oneOf('loss', name, lossNames)] as (options?: CrossentropyOptions) => Loss)(options)
}

/** Losses with options; without them a name is enough. */
export const losses = makers
