/** What is public of layers; all of it is exported by the library. A new layer has its lines here and nowhere else. */
import { addBuiltIn } from '../base/custom'
import { activation } from './core/activation'
import { dense } from './core/dense'
import { dropout } from './core/dropout'
import { embedding } from './core/embedding'
import { flatten } from './core/flatten'
import { gaussianNoise } from './core/gaussian-noise'
import { lambda } from './core/lambda'
import { prelu } from './core/prelu'
import { reshape } from './core/reshape'
import { concat } from './merge/concat'
import { add, average, maximum, multiply } from './merge/elementwise'
import { batchNorm } from './normalization/batch-norm'
import { layerNorm } from './normalization/layer-norm'
import { normalize } from './normalization/normalize'

export type { LayerOutput } from '../activations'
export type { Custom } from '../base/custom'
export type { DenseOptions, DenseWeights } from './core/dense'
export type { DropoutOptions } from './core/dropout'
export type { EmbeddingOptions } from './core/embedding'
export type { GaussianNoiseOptions } from './core/gaussian-noise'
export type { PreluOptions } from './core/prelu'
export type { ReshapeOptions } from './core/reshape'
export { defineLayer, type DefinedLayer } from './define-layer'
export type {
  AddWeight,
  DeclaredWeights,
  LayerDefinition,
  MultiInputDefinition,
  ValueWithUpdates,
  WeightHandle,
  WeightOptions,
  WeightTensors,
} from './definition'
export type {
  BuiltLayer,
  LayerContext,
  LayerDescription,
  LayerFacts,
  LayerResult,
  WeightRole,
  WeightSpec,
} from './built'
export type { Layer, LayerFactory, NoWeights, WeightSetOf } from './layer'
export { input, SymbolicTensor, type InputOptions } from './symbolic'
export type { CommonOptions } from './options'
export type { ConcatOptions } from './merge/concat'
export type { BatchNormOptions, BatchNormWeights } from './normalization/batch-norm'
export type { LayerNormOptions, LayerNormWeights } from './normalization/layer-norm'
export type { NormalizeOptions } from './normalization/normalize'

/** Layers: descriptions that may be used in several models. */
export const layers = {
  dense,
  dropout,
  activation,
  prelu,
  normalize,
  gaussianNoise,
  flatten,
  lambda,
  reshape,
  add,
  multiply,
  average,
  maximum,
  concat,
  embedding,
  batchNorm,
  layerNorm,
}
addBuiltIn('layer', Object.keys(layers))
