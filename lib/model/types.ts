/** What TypeScript knows about a model, and what follows for what its methods take and return. */
import type { DataLike } from '../data/rows'
import type { MetricList, MetricNames } from '../metrics'
import type { Tensor } from '../tensor/tensor'
import type { WeightSet } from '../tensor/weight-set'
import type { TargetData } from './data/examples'
import type { InputData } from './data/inputs'
import type { MetricLists } from './structure/compile'

/**
 * What TypeScript knows about a model: `Model<{ metrics: 'accuracy' }>` is one whose evaluations have an accuracy. What
 * is left out is not known, so that `Model` is any model of one output.
 */
export interface ModelTypes {
  /** Names of the metrics that were compiled. */
  metrics?: string
  /** What getWeights returns. */
  weights?: WeightSet
  /** Names of the inputs; null where x is given bare. */
  inputs?: string | null
  /** Names of the outputs; null where y is given bare. */
  outputs?: string | null
}

export type MetricsIn<Types extends ModelTypes> =
  (Types extends { metrics: infer Metrics extends string } ? Metrics : string) | OutputLosses<Types>

/** Names in logs of the losses of outputs that have names. */
type OutputLosses<Types extends ModelTypes> = Types extends { outputs: infer Outputs extends string }
  ? `${Outputs}_loss`
  : never

export type WeightsIn<Types extends ModelTypes> = Types extends { weights: infer Weights extends WeightSet }
  ? Weights
  : WeightSet

/** What fit, predict … take as x. */
export type InputsIn<Types extends ModelTypes> = Types extends { inputs: infer Inputs }
  ? [Inputs] extends [string]
    ? { readonly [input in Inputs]: DataLike }
    : DataLike
  : InputData

/** What fit, evaluate … take as y. */
export type TargetsIn<Types extends ModelTypes> = Types extends { outputs: infer Outputs }
  ? [Outputs] extends [string]
    ? { readonly [output in Outputs]: DataLike }
    : DataLike
  : TargetData

/** What predict gives: a tensor, or one for each output by name. */
export type PredictionsIn<Types extends ModelTypes> = Types extends { outputs: infer Outputs }
  ? [Outputs] extends [string]
    ? { [output in Outputs]: Tensor }
    : Tensor
  : Tensor

/** The same model with other metrics. */
export type WithMetrics<Types extends ModelTypes, Metrics extends string> = {
  metrics: Metrics
  weights: WeightsIn<Types>
} & (Types extends { inputs: infer Inputs extends string | null } ? { inputs: Inputs } : unknown) &
  (Types extends { outputs: infer Outputs extends string | null } ? { outputs: Outputs } : unknown)

/** Names in logs of the metrics that compile was given: as they are, or behind the name of their output. */
export type CompiledMetrics<Metrics extends MetricLists | undefined> = undefined extends Metrics
  ? never
  : [Metrics] extends [MetricList]
    ? MetricNames<Metrics>
    : [MetricLists] extends [Metrics]
      ? string
      : {
          [Output in keyof Metrics & string]: Metrics[Output] extends MetricList
            ? `${Output}_${MetricNames<Metrics[Output]>}`
            : never
        }[keyof Metrics & string]

/** Names of the values that the logs of every epoch have, as far as they are known. */
export type LogNames<Types extends ModelTypes> = string extends MetricsIn<Types> ? never : MetricsIn<Types>

/** The same for a fit that was given validation data. */
export type ValidatedLogNames<Types extends ModelTypes> =
  LogNames<Types> | `val_${'loss' | 'dataLoss' | LogNames<Types>}`
