/** Layers without weights: dropout, activation, flatten, lambda. */
import { activationFromConfig, toActivation, type ActivationSpec } from '../../activations'
import { checkOptions, functionOption, nonEmptyString, numberInRange } from '../../base/checks'
import { customFunction, functionName, type Custom } from '../../base/custom'
import { OptionError } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Shape } from '../../base/shape'
import { randomUniform } from '../../graph/build'
import * as ops from '../../ops'
import { contextOf, Tensor } from '../../tensor/tensor'
import type { BuiltLayer, Layer } from '../layer'
import { outputShapeOf } from '../probe'

type Config = { [key: string]: Json }

const checkedName = (where: string, name: string | undefined): string | undefined =>
  name === undefined ? undefined : nonEmptyString(`${where}: name`, name)

/** A built layer without weights. */
function plain(outputShape: Shape, call: BuiltLayer['call'], activation = 'linear'): BuiltLayer {
  return { outputShape, weights: [], activation, call }
}

/** One of the two: the probability to keep a unit, 0 < keepProb ≤ 1, or to drop it, rate = 1 − keepProb. */
export type DropoutOptions = ({ keepProb: number; rate?: undefined } | { rate: number; keepProb?: undefined }) & {
  name?: string
}

/**
 * Inverted dropout: in training steps each entry is kept with probability keepProb and divided by it, else set to 0,
 * freshly for every example and step. The identity in evaluation and prediction, and with keepProb 1.
 */
export function dropout(options: DropoutOptions): Layer {
  const where = 'layers.dropout'
  checkOptions(where, options, ['keepProb', 'rate', 'name'])
  const { keepProb, rate, name }: { keepProb?: number; rate?: number; name?: string } = options ?? {}
  if ((keepProb === undefined) === (rate === undefined)) {
    const came = keepProb === undefined ? 'neither' : 'both'
    throw new OptionError(`${where}: expected exactly one of 'keepProb' and 'rate' (= 1 − keepProb), got ${came}.`)
  }
  const keep =
    rate === undefined
      ? numberInRange(`${where}: keepProb`, keepProb, 0, 1, '(]')
      : 1 - numberInRange(`${where}: rate`, rate, 0, 1, '[)')
  return {
    kind: 'dropout',
    name: checkedName(where, name),
    config: { keepProb: keep },
    build: (inputShape) =>
      plain(inputShape, (x, _w, { training, stream }) => {
        if (!training || keep === 1) return { a: x }
        const uniform = Tensor.fromNode(randomUniform(x.shape, stream), contextOf(x) ?? x.dtype)
        // The gradient of select takes the same mask and 1/keepProb; a dropped NaN or Infinity stays dropped.
        return { a: ops.select(ops.less(uniform, keep), ops.mul(x, 1 / keep), 0) }
      }),
  }
}

/** Applies an activation: `layers.activation('tanh')`. Losses behind sigmoid and softmax use its input as z. */
export function activation(spec: ActivationSpec, options?: { name?: string }): Layer {
  const where = 'layers.activation'
  checkOptions(where, options, ['name'])
  if (spec === undefined) throw new OptionError(`${where}: expected the name of an activation, got undefined.`)
  const resolved = toActivation(where, spec)
  return {
    kind: 'activation',
    name: checkedName(where, options?.name),
    config: resolved.config === null ? null : { activation: resolved.config },
    build: (inputShape) => plain(inputShape, (x) => ({ z: x, a: resolved.apply(x) }), resolved.name),
  }
}

/** [m, a, b, …] → [m, a·b·…], row by row. Copies nothing. */
export function flatten(options?: { name?: string }): Layer {
  const where = 'layers.flatten'
  checkOptions(where, options, ['name'])
  return {
    kind: 'flatten',
    name: checkedName(where, options?.name),
    config: {},
    build(inputShape) {
      const size = inputShape.reduce((product, d) => product * d, 1)
      return plain([size], (x) => ({ a: ops.reshape(x, [x.shape[0], size]) }))
    },
  }
}

/**
 * A layer from a function of one tensor [m, …] written with `ops`; the result keeps m as its first dimension. The name
 * is the layer's, and what `loadModel(path, { custom: { name: fn } })` asks for; without it (or a name of the
 * function's own) the model cannot be saved.
 */
export function lambda(fn: (x: Tensor) => Tensor, options?: { name?: string }): Layer {
  const where = 'layers.lambda'
  functionOption(where, fn)
  checkOptions(where, options, ['name'])
  const name = checkedName(where, options?.name)
  const key = name ?? functionName(fn)
  return {
    kind: 'lambda',
    name,
    config: key === null ? null : { function: key },
    build(inputShape, layerName) {
      const outputShape = outputShapeOf(layerName, inputShape, (x) => fn(x))
      return plain(outputShape, (x) => ({ a: fn(x) }), 'custom')
    },
  }
}

/** Rebuild layers from their configs. */
export const simpleFromConfig = {
  dropout: (config: Config, name?: string): Layer => dropout({ ...(config as unknown as { keepProb: number }), name }),
  activation: (config: Config, name?: string, custom?: Custom): Layer => {
    const spec = activationFromConfig(name ?? 'activation', config.activation, custom)
    return activation(spec as ActivationSpec, { name })
  },
  flatten: (_config: Config, name?: string): Layer => flatten({ name }),
  lambda: (config: Config, name?: string, custom?: Custom): Layer => {
    const key = String(config.function)
    const rebuilt = lambda(customFunction<(x: Tensor) => Tensor>(name ?? 'lambda', key, custom), { name })
    return { ...rebuilt, config: { function: key } }
  },
}
