/** Public exports, nothing else. */
export { tensor, Tensor } from './tensor'
export type { Value, TensorLike, TensorOptions, DType, Shape } from './tensor'
export * as ops from './ops'
export { grad, valueAndGrad } from './grad'
export type { GradOptions } from './grad'
export { trace, Graph } from './trace'
export type { GraphNode, NodeValue, TraceOptions } from './trace'
export { assertShape } from './assert-shape'
export * as data from './data'
export { gradientCheck, GradientCheck, numericalDerivative } from './check'
export type { CheckedEntry, CheckedParameter, GradientCheckOptions, NumericalDerivativeOptions, Verdict } from './check'
export { memory, setThreads, getThreads } from './runtime'
export type { MemoryInfo } from './runtime'
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
} from './errors'
