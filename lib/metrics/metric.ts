/**
 * The contract of metrics: numbers that tell how good predictions are. Most declare statistics of a batch as tensors,
 * which are added over all batches in float64, and turn the totals into one number at the end. Others have to see all
 * rows at once. Metrics ignore sample weights.
 */
import type { NativeArray } from '../base/dtype'
import type { Json } from '../base/json'
import type { Sliced } from '../base/slices'
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

interface NamedMetric {
  /** Key in the history and in what `evaluate` returns. */
  readonly name: string
  /** For files. */
  readonly config: Json
}

/** A metric that can be added up. */
export interface SummedMetric extends NamedMetric {
  /** Records the batch's statistics: small tensors that are added over batches. */
  statistics(yTrue: Tensor, yPred: Tensor): Tensor[]
  /** The metric from the totals of `statistics` (flat, in order) over m examples. */
  finish(totals: readonly Float64Array[], m: number): number
}

/** A metric that depends on the order of all rows: their targets and predictions are kept until the end. */
export interface RankedMetric extends NamedMetric {
  /** The metric of m rows, from all targets and predictions, flat. */
  ofAll(yTrue: NativeArray, yPred: NativeArray, m: number): Sliced<number>
}

/** A metric bound to what the model's predictions are. */
export type Metric = SummedMetric | RankedMetric

export function isRanked(metric: Metric): metric is RankedMetric {
  return 'ofAll' in metric
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
