/** The model layer's public names. */
export { valueAndGrad, type ModelGradient, type ModelValueAndGrads } from './value-and-grad'
export type { CompileOptions, GradientClip } from './structure/compile'
export type { DataLike } from '../data/rows'
export type { ClassWeight, SampleWeight } from './data/example-weights'
export type { LayerActivations } from './infer/activations'
export type { CostAndGradients, CostOptions } from './infer/cost-and-gradients'
export type { EvaluateOptions, Evaluation } from './infer/evaluate'
export type { Batch, BatchSource } from './train/fit-dataset'
export type { CheckpointOptions, ValidationData } from './train/fit-options'
export type { BatchLogs, CallbackState, TrainingProgress } from './train/callback'
export { History, type EpochLogs, type StopReason } from './train/history'
export { loadModel, type LoadOptions } from './load'
export {
  Model,
  type Callback,
  type FitDatasetOptions,
  type FitOptions,
  type LayerListing,
  type PredictOptions,
  type TrainingRun,
} from './model'
export { resume, type ResumeOptions } from './resume'
export { sequential, type SequentialOptions } from './sequential'
export type { TrainOnBatchOptions } from './train/train-on-batch'
export type { LogNames, MetricsIn, ModelTypes, ValidatedLogNames, WeightsIn, WithMetrics } from './types'
export type { ExactLayerWeights, LayerWeights, WeightsByName, WeightSet, WeightSetLike } from '../tensor/weight-set'
