import { activationFromConfig } from '../activations'
import type { Custom } from '../base/custom'
import type { JsonObject } from '../base/json'
import { initializerFromConfig } from '../initializers'
import { regularizerFromConfig } from '../regularizers'

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
