/** `diagnose`: what is wrong with a network, and what to do about it. */
export { activationAdvice, type ActivationAdvice } from './activation-advice'
export { biasVariance, type BiasVariance, type BiasVarianceOptions } from './bias-variance'
export { curvature, type Curvature, type CurvatureOptions } from './curvature'
export { learningCurve, type LearningCurveOptions, type LearningCurvePoint } from './learning-curve'
export { signals, type LayerSignals, type Signals, type SignalsOptions, type Statistics } from './signals'
export { sparsity, type Sparsity, type WeightSparsity } from './sparsity'
