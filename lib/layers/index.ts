/** The table of layers, `layers.*`, and how files name them. */
import { customFactory, type Custom } from '../base/custom'
import type { JsonObject } from '../base/json'
import { activation, activationLayerFromConfig } from './core/activation'
import { dense } from './core/dense'
import { dropout } from './core/dropout'
import { flatten } from './core/flatten'
import { lambda, lambdaFromConfig } from './core/lambda'
import { optionsFromConfig } from './from-config'
import type { Layer, LayerFactory } from './layer'
import { normalize } from './normalization/normalize'

export type { LayerOutput } from '../activations'
export type { Custom } from '../base/custom'
export type { DenseOptions, DenseWeights } from './core/dense'
export type { DropoutOptions } from './core/dropout'
export { defineLayer } from './define-layer'
export type {
  AddWeight,
  DeclaredWeights,
  DefinedLayer,
  LayerDefinition,
  WeightHandle,
  WeightOptions,
  WeightTensors,
} from './define-layer'
export type { BuiltLayer, Layer, LayerContext, LayerFactory, NoWeights, WeightSetOf, WeightSpec } from './layer'
export type { NormalizeOptions } from './normalization/normalize'

/** Layers: descriptions that may be used in several models. */
export const layers = { dense, dropout, activation, normalize, flatten, lambda }

type LayerName = keyof typeof layers

/** How layers come back from their configs whose first argument is not an object of options. */
type FromConfig = (config: JsonObject, name?: string, custom?: Custom) => Layer
const fromConfig: Partial<Record<LayerName, FromConfig>> = {
  activation: activationLayerFromConfig,
  lambda: lambdaFromConfig,
}

/**
 * Rebuilds a layer from what a file says. Own kinds and functions come from `custom`; FormatError where one is missing.
 */
export function layerFromConfig(kind: string, config: JsonObject, name?: string, custom?: Custom): Layer {
  if (!isBuiltIn(kind)) return (customFactory('layer', kind, custom) as LayerFactory).fromConfig(config, name)
  const special = fromConfig[kind]
  if (special) return special(config, name, custom)
  const make = layers[kind] as (options: object) => Layer
  return make({ ...optionsFromConfig(name ?? kind, config, custom), name })
}

const isBuiltIn = (kind: string): kind is LayerName => Object.hasOwn(layers, kind)
