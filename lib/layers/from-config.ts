/** How layers come back from what files say about them. */
import { activationFromConfig } from '../activations'
import { customFactory, type Custom } from '../base/custom'
import type { JsonObject } from '../base/json'
import { initializerFromConfig } from '../initializers'
import { regularizerFromConfig } from '../regularizers'
import { layers } from '.'
import { activationLayerFromConfig } from './core/activation'
import { lambdaFromConfig } from './core/lambda'
import { makeLayer, type Layer, type LayerFactory } from './layer'
import type { CommonOptions } from './options'

/**
 * The options of a layer from its config: the configs of activations, initialisers and regularisers, known by the names
 * of the options (`initializer`, `kernelInitializer`, …), become what they describe; all others are options already.
 * `where` names the layer in errors.
 */
export function optionsFromConfig(where: string, config: JsonObject, custom?: Custom): { [option: string]: unknown } {
  const options: { [option: string]: unknown } = { ...config }
  for (const [key, value] of Object.entries(config)) {
    if (/(^a|A)ctivation$/.test(key)) options[key] = activationFromConfig(`${where}: ${key}`, value, custom)
    else if (/(^i|I)nitializer$/.test(key)) options[key] = initializerFromConfig(value)
    else if (/(^r|R)egularizer$/.test(key)) options[key] = regularizerFromConfig(value as JsonObject)
  }
  return options
}

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
