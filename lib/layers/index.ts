/** Layers: `layers.*`, and how files name them. */
import { customLayer, type Custom } from './custom'
import { dense, denseFromConfig } from './dense'
import type { Json, Layer } from './layer'
import { normalize, normalizeFromConfig } from './normalize'
import { activation, dropout, flatten, lambda, simpleFromConfig } from './simple'

/** Layers: descriptions that may be used in several models. */
export const layers = { dense, dropout, activation, normalize, flatten, lambda }

export type { Custom, LayerFactory } from './custom'
export { defineLayer } from './define-layer'
export type {
  AddWeight,
  DefinedLayer,
  LayerDefinition,
  WeightHandle,
  WeightOptions,
  WeightTensors,
} from './define-layer'
export type { DenseOptions } from './dense'
export type { BuiltLayer, Json, Layer, LayerContext, LayerOutput, WeightSpec } from './layer'
export type { NormalizeOptions } from './normalize'
export type { DropoutOptions } from './simple'

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
  return customLayer(kind, custom).fromConfig(config, name)
}
