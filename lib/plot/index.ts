/** Pictures. Needs the optional packages vega and vega-lite, and @resvg/resvg-js for PNG. */
export { activation, batchVsMiniBatch, costCurves, crossentropy, curve, learningCurve } from './curves'
export { computationGraph, confusionMatrix, networkDiagram, weightImages, type NetworkDiagramOptions } from './diagrams'
export { historySpec, plotHistory } from './history'
export { Picture } from './picture'
export { renderFile, renderSvg, type VegaLiteSpec } from './render'
export { bowl, decisionBoundary, optimizerPaths, type OptimizerPathsOptions, type SurfaceOptions } from './surfaces'
