/** The table of layers, `layers.*`, and how files name them. */
import { customFactory, type Custom } from '../base/custom'
import type { JsonObject } from '../base/json'
import { activation, activationLayerFromConfig } from './core/activation'
import { dense } from './core/dense'
import { dropout } from './core/dropout'
import { flatten } from './core/flatten'
import { lambda, lambdaFromConfig } from './core/lambda'
import { optionsFromConfig } from './from-config'
import { makeLayer, type Layer, type LayerFactory } from './layer'
import { normalize } from './normalization/normalize'
import type { CommonOptions } from './options'

export type { LayerOutput } from '../activations'
export type { Custom } from '../base/custom'
export type { DenseOptions, DenseWeights } from './core/dense'
export type { DropoutOptions } from './core/dropout'
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
export type { NormalizeOptions } from './normalization/normalize'

/** Layers: descriptions that may be used in several models. */
export const layers = { dense, dropout, activation, normalize, flatten, lambda }

type LayerName = keyof typeof layers

/** How layers come back from their configs whose first argument is not an object of options. */
type FromConfig = (config: JsonObject, common: CommonOptions, custom?: Custom) => Layer
const fromConfig: Partial<Record<LayerName, FromConfig>> = {
  activation: activationLayerFromConfig,
  lambda: lambdaFromConfig,
}

/**
 * Rebuilds a layer from what a file says. Own kinds and functions come from `custom`; FormatError where one is missing.
 */
export function layerFromConfig(kind: string, config: JsonObject, common: CommonOptions, custom?: Custom): Layer {
  const { name } = common
  if (!isBuiltIn(kind)) {
    const layer = (customFactory('layer', kind, custom) as LayerFactory).fromConfig(config, name)
    return makeLayer({ ...layer, trainable: common.trainable })
  }
  const special = fromConfig[kind]
  if (special) return special(config, common, custom)
  const make = layers[kind] as (options: object) => Layer
  return make({ ...optionsFromConfig(name ?? kind, config, custom), ...common })
}

const isBuiltIn = (kind: string): kind is LayerName => Object.hasOwn(layers, kind)
