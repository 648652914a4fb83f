import { activationFromConfig, toActivation, type ActivationSpec } from '../../activations'
import type { Custom } from '../../base/custom'
import { OptionError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, onlyInput, withoutWeights, type CommonOptions } from '../options'

/**
 * Applies an activation: `layers.activation('tanh')`. Keeps the shape. Losses behind sigmoid and softmax use its input
 * as z.
 */
export function activation(spec: ActivationSpec, options?: CommonOptions): Layer<NoWeights> {
  const where = 'layers.activation'
  const common = commonOptions(where, options)
  if (spec === undefined) throw new OptionError(`${where}: expected the name of an activation, got undefined.`)
  const resolved = toActivation(where, spec)
  return makeLayer({
    kind: 'activation',
    ...common,
    config: resolved.config === null ? null : { activation: resolved.config },
    build: (inputs, layerName) =>
      withoutWeights(onlyInput(layerName, inputs), ([x]) => ({ z: x, a: resolved.apply(x) }), {
        activation: resolved.name,
        passes: resolved.name === 'linear',
        moves: resolved.name === 'linear',
      }),
  })
}

/** Rebuilds the layer from its config. */
export function activationLayerFromConfig(config: JsonObject, common: CommonOptions, custom?: Custom): Layer {
  const spec = activationFromConfig(common.name ?? 'activation', config.activation, custom)
  return activation(spec as ActivationSpec, common)
}
