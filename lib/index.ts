/** Public exports, nothing else. */
export { tensor, Tensor } from './tensor/tensor'
export type { Value, TensorData, TensorLike, TensorOptions } from './tensor/tensor'
export type { DType, Precision, TensorDType } from './base/dtype'
export type { Shape } from './base/shape'
export { ops } from './ops/public'
export type { ArgOptions, AxisOptions, MatmulOptions, RandomOptions, ReduceOptions } from './ops'
export { grad } from './functions/grad'
export type { GradOptions } from './functions/grad'
export { trace, Graph } from './functions/trace'
export type { GraphNode, NodeValue, TraceOptions } from './functions/trace'
export { assertShape } from './tensor/assert-shape'
export * from './layers'
export type { ActivationFunction, ActivationName, ActivationSpec } from './activations'
export { initializers } from './initializers'
export type { Initializer, InitializerContext, InitializerName, InitializerSpec } from './initializers'
export { regularizers } from './regularizers'
export type { L1L2Options, L1Options, L2Options, Regularizer } from './regularizers'
export { losses } from './losses'
export type { Loss, LossFunction, LossName, LossSpec } from './losses'
export type { Metric, MetricContext, MetricFunction, MetricList, MetricName, MetricSpec } from './metrics'
export { defineOptimizer, optimizers } from './optimizers'
export type {
  AdamOptions,
  AdamwOptions,
  DefinedOptimizer,
  GradientDescentOptions,
  MomentumOptions,
  Optimizer,
  OptimizerDefinition,
  OptimizerName,
  RmspropOptions,
  UpdateStep,
} from './optimizers'
export { schedules } from './schedules'
export type { LearningRate, Schedule, ScheduleFunction, ScheduleTime } from './schedules'
export * as data from './data'
export { callbacks } from './callbacks'
export type { EarlyStoppingOptions, PlateauOptions, ProgressBarOptions, ProgressStream } from './callbacks'
export * from './model'
export { gradientCheck, GradientCheck, numericalDerivative } from './check'
export type { CheckedEntry, CheckedParameter, GradientCheckOptions, NumericalDerivativeOptions, Verdict } from './check'
export { layerBlock, type BlockCache, type LayerBlock, type LayerBlockOptions } from './model/structure/layer-block'
export { range, search } from './search'
export type { Hyperparameters, Range, SearchOptions, SearchResult, SearchSpace, Trial, TrialContext } from './search'
export * as plot from './plot'
export * as diagnose from './check/diagnose'
export { devices, setMemoryLimit, whyNoGpu, type DeviceInfo, type DeviceName } from './native/devices'
export { memory, setThreads, getThreads } from './native/runtime'
export type { MemoryInfo } from './native/runtime'
export {
  MyelinError,
  ShapeError,
  DTypeError,
  OptionError,
  StateError,
  DeviceError,
  NonFiniteError,
  DisposedError,
  FormatError,
  AbortError,
} from './base/errors'
