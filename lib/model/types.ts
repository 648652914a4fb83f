/** What TypeScript knows about a model, and what follows for what its methods return. */
import type { WeightSet } from '../tensor/weight-set'

/**
 * What TypeScript knows about a model: `Model<{ metrics: 'accuracy' }>` is one whose evaluations have an accuracy. What
 * is left out is not known, so that `Model` is any model.
 */
export interface ModelTypes {
  /** Names of the metrics that were compiled. */
  metrics?: string
  /** What getWeights returns. */
  weights?: WeightSet
}

export type MetricsIn<Types extends ModelTypes> = Types extends { metrics: infer Metrics extends string }
  ? Metrics
  : string

export type WeightsIn<Types extends ModelTypes> = Types extends { weights: infer Weights extends WeightSet }
  ? Weights
  : WeightSet

/** The same model with other metrics. */
export interface WithMetrics<Types extends ModelTypes, Metrics extends string> {
  metrics: Metrics
  weights: WeightsIn<Types>
}

/** Names of the values that the logs of every epoch have, as far as they are known. */
export type LogNames<Types extends ModelTypes> = string extends MetricsIn<Types> ? never : MetricsIn<Types>

/** The same for a fit that was given validation data. */
export type ValidatedLogNames<Types extends ModelTypes> =
  LogNames<Types> | `val_${'loss' | 'dataLoss' | LogNames<Types>}`
