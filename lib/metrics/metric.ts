/**
 * The contract of metrics: numbers that tell how good predictions are. Each declares statistics of a batch as tensors,
 * which are added over all batches in float64, and turns the totals into one number at the end. Metrics ignore sample
 * weights.
 */
import type { NativeArray } from '../base/dtype'
import type { Json } from '../base/json'
import type { Tensor } from '../tensor/tensor'

/** (yTrue, yPred) => scalar, written with `ops`: the mean over a batch. Batches count by their size. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor

/** What the predictions are. */
export interface MetricContext {
  /** 'binary': each output a probability of its own; 'classes': one probability per class; 'values': numbers. */
  kind: 'binary' | 'classes' | 'values'
  /** Number of outputs per example, or of classes per position. */
  outputs: number
  /** Answers per example: 1, or more where each position of an output […, classes] is one. */
  positions: number
  /** True where predictions are scores z, not probabilities. */
  fromLogits: boolean
}

/** A metric bound to what the model's predictions are. */
export interface Metric {
  /** Key in the history and in what `evaluate` returns. */
  readonly name: string
  /** For files. */
  readonly config: Json
  /** Records the batch's statistics: small tensors that are added over batches. */
  statistics(yTrue: Tensor, yPred: Tensor): Tensor[]
  /** The metric from the totals of `statistics` (flat, in order) over m examples. */
  finish(totals: readonly Float64Array[], m: number): number
  /** Where present, `evaluate` uses this instead: exact, from all targets and predictions (flat, m rows). */
  exact?(yTrue: NativeArray, yPred: NativeArray, m: number): number
}

/** What each metric has its own file for. */
export interface MetricKind {
  /** False for errors, which should be small. */
  readonly largerIsBetter: boolean
  /**
   * Binds it to what the model's predictions are. `where` names the option in errors; OptionError where the metric does
   * not fit.
   */
  bind(where: string, context: MetricContext): Metric
}
