/** Layers: `layers.*`, and how files name them. */
import { customFactory, type Custom } from '../base/custom'
import type { Json } from '../base/json'
import { dense, denseFromConfig } from './core/dense'
import { activation, dropout, flatten, lambda, simpleFromConfig } from './core/simple'
import type { Layer, LayerFactory } from './layer'
import { normalize, normalizeFromConfig } from './normalization/normalize'

/** Layers: descriptions that may be used in several models. */
export const layers = { dense, dropout, activation, normalize, flatten, lambda }

export type { Custom } from '../base/custom'
export type { LayerFactory } from './layer'
export { defineLayer } from './define-layer'
export type {
  AddWeight,
  DefinedLayer,
  LayerDefinition,
  WeightHandle,
  WeightOptions,
  WeightTensors,
} from './define-layer'
export type { DenseOptions } from './core/dense'
export type { BuiltLayer, Layer, LayerContext, WeightSpec } from './layer'
export type { Json } from '../base/json'
export type { LayerOutput } from '../activations/activation'
export type { NormalizeOptions } from './normalization/normalize'
export type { DropoutOptions } from './core/simple'

type FromConfig = (config: { [key: string]: Json }, name?: string, custom?: Custom) => Layer
const builtIn: Record<string, FromConfig> = {
  dense: denseFromConfig,
  normalize: normalizeFromConfig,
  ...simpleFromConfig,
}

/**
 * Rebuilds a layer from what a file says. Own kinds and functions come from `custom`; FormatError where one is missing.
 */
export function layerFromConfig(kind: string, config: { [key: string]: Json }, name?: string, custom?: Custom): Layer {
  if (Object.hasOwn(builtIn, kind)) return builtIn[kind](config, name, custom)
  return (customFactory('layer', kind, custom) as LayerFactory).fromConfig(config, name)
}
