/** Pictures. Needs the optional packages vega and vega-lite, and @resvg/resvg-js for PNG. */
export { decisionBoundaries, decisionBoundary, type DecisionBoundaryOptions } from './boundaries'
export { computationGraph, type ComputationGraphOptions } from './computation-graph'
export { batchVsMiniBatch, costCurves, history, type CostCurvesOptions, type RecordedRun } from './costs'
export {
  activation,
  averages,
  crossentropy,
  curve,
  learningCurve,
  lines,
  type AveragesOptions,
  type CurveOptions,
  type LinesOptions,
} from './curves'
export { forwardBackward, networkDiagram, type NetworkDiagramOptions } from './diagrams'
export { modelDiagram, type ModelDiagramOptions } from './model-diagram'
export { convergencePaths, costContours, type ConvergencePathsOptions, type CostContoursOptions } from './least-squares'
export { confusionMatrix, weightImages, type WeightImagesOptions } from './matrices'
export { Picture, type DrawOptions } from './picture'
export { plateau, type PlateauOptions } from './plateau'
export type { VegaLiteSpec } from './render'
export { bowl, optimizerPaths, type BowlOptions, type OptimizerPathsOptions, type SurfaceOptions } from './surfaces'
export type { Theme } from './theme'
