/** The contract of losses: what each example costs. */
import type { LayerOutput } from '../activations'
import type { NativeArray } from '../base/dtype'
import type { Json } from '../base/json'
import type { Shape } from '../base/shape'
import type { Tensor } from '../tensor/tensor'

/** (yTrue, yPred) => scalar, written with `ops`; its own average over the batch. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor

/** What the last layer gave, and the name of its activation. */
export interface LossInput extends LayerOutput {
  activation: string
}

/**
 * 'labels': numbers in [0, 1]; 'oneHot': rows of them that sum to 1; 'classNumbers': integers from 0; 'values': any
 * finite numbers in the output's shape; 'any': any finite numbers in any shape with one entry per example (a user's
 * loss reads them).
 */
export type TargetKind = 'labels' | 'oneHot' | 'classNumbers' | 'values' | 'any'

/** What the targets of a loss must look like. */
export interface TargetRules {
  /** What they must hold. */
  readonly targets: TargetKind
  /**
   * Shape of one example's target: [] for class numbers. Targets for an output of width 1 may also come without that
   * axis.
   */
  targetShape(outputShape: Shape): Shape
  /**
   * ShapeError unless `shape` is [any, ...targetShape]; [m] and [m, 1] stand for each other. `rows`: as the message
   * says it.
   */
  checkTargetShape(where: string, shape: Shape, rows: number, outputShape: Shape): void
  /**
   * OptionError that names the row, what it expected and what it got, where a value is not what the loss can take.
   * `data`: finite numbers, rows of targets whose shape fits, the first one number `firstRow` of the data.
   */
  checkTargetValues(where: string, data: NativeArray, outputShape: Shape, firstRow?: number): void
}

/** A resolved loss. */
export interface Loss extends TargetRules {
  /** A name in the table of losses, or 'custom'. */
  readonly name: string
  /** For files; null for an unnamed function. */
  readonly config: Json
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
}
