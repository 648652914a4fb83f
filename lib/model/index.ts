/** The model layer's public names. */
import { markClass } from '../base/copies'
import { Model } from './model'

export { valueAndGrad, type ModelGradient, type ModelValueAndGrads } from './value-and-grad'
export type { CompileOptions, GradientClip, MetricLists } from './structure/compile'
export type { Values } from './structure/describe'
export type { LayerChoice } from './structure/freeze'
export type { InputListing, LayerListing, OutputListing } from './structure/listing'
export type { DataLike } from '../data/rows'
export type { ClassWeight, SampleWeight } from './data/example-weights'
export type { ClassWeights, SampleWeights, TargetData } from './data/examples'
export type { InputData } from './data/inputs'
export type { LayerActivations } from './infer/activations'
export type { CostAndGradients, CostOptions } from './infer/cost-and-gradients'
export type { EvaluateOptions, Evaluation } from './infer/evaluate'
export type { PredictOptions } from './infer/predict'
export type { Batch, BatchSource } from './train/fit-dataset'
export type { CheckpointOptions, ValidationData } from './train/fit-options'
export type { BatchLogs, CallbackState, TrainingProgress } from './train/callback'
export { History, type EpochLogs, type StopReason } from './train/history'
export type { FileArray, FileDType } from './files/formats'
export { readTensors, type FileTensor, type ReadTensorsOptions, type TensorFile } from './files/read-tensors'
export { loadModel, type LoadOptions } from './load'
export { Model, type Callback, type FitDatasetOptions, type AnyModel, type FitOptions, type TrainingRun } from './model'
export { resume, type ResumeOptions } from './resume'
export { model, type GraphOptions } from './functional'
export type { ModelOptions } from './model-options'
export { sequential, type SequentialOptions } from './sequential'
export type { TrainOnBatchOptions } from './train/train-on-batch'
export type {
  CompiledMetrics,
  InputsIn,
  LogNames,
  MetricsIn,
  ModelTypes,
  PredictionsIn,
  TargetsIn,
  ValidatedLogNames,
  WeightsIn,
  WithMetrics,
} from './types'
export type { ExactLayerWeights, LayerWeights, WeightsByName, WeightSet, WeightSetLike } from '../tensor/weight-set'

markClass(Model)
