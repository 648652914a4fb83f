import { activationFromConfig, toActivation, type ActivationSpec } from '../../activations'
import { checkOptions } from '../../base/checks'
import type { Custom } from '../../base/custom'
import { OptionError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import type { Layer, NoWeights } from '../layer'
import { nameOption, withoutWeights } from '../options'

/**
 * Applies an activation: `layers.activation('tanh')`. Keeps the shape. Losses behind sigmoid and softmax use its input
 * as z.
 */
export function activation(spec: ActivationSpec, options?: { name?: string | undefined }): Layer<NoWeights> {
  const where = 'layers.activation'
  checkOptions(where, options, ['name'])
  if (spec === undefined) throw new OptionError(`${where}: expected the name of an activation, got undefined.`)
  const resolved = toActivation(where, spec)
  return {
    kind: 'activation',
    name: nameOption(where, options?.name),
    config: resolved.config === null ? null : { activation: resolved.config },
    build: (inputShape) => withoutWeights(inputShape, (x) => ({ z: x, a: resolved.apply(x) }), resolved.name),
  }
}

/** Rebuilds the layer from its config. */
export function activationLayerFromConfig(config: JsonObject, name?: string, custom?: Custom): Layer {
  const spec = activationFromConfig(name ?? 'activation', config.activation, custom)
  return activation(spec as ActivationSpec, { name })
}
