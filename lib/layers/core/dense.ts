import { toActivation, type Activation, type ActivationSpec } from '../../activations'
import { booleanOption, positiveInteger } from '../../base/checks'
import { ShapeError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import { sizeOf, type Shape } from '../../base/shape'
import { toInitializer, type Initializer, type InitializerSpec } from '../../initializers'
import * as ops from '../../ops'
import { checkRegularizer, type Regularizer } from '../../regularizers'
import type { Tensor } from '../../tensor/tensor'
import type { BuiltLayer, LayerDescription, WeightSpec } from '../built'
import { makeLayer, type Layer, type WeightsIf } from '../layer'
import { commonOptions, onlyInput, type CommonOptions } from '../options'

export interface DenseOptions<UseBias extends boolean = boolean> extends CommonOptions {
  /** Number of outputs. */
  units: number
  /** Default 'linear'. */
  activation?: ActivationSpec | undefined
  /** Default true. */
  useBias?: UseBias | undefined
  /** Default 'he' before activations that are 0 for about half of z (relu, leakyRelu), else 'xavier'. */
  kernelInitializer?: InitializerSpec | undefined
  /** Default 'zeros'. */
  biasInitializer?: InitializerSpec | undefined
  kernelRegularizer?: Regularizer | undefined
  biasRegularizer?: Regularizer | undefined
}

/** [units, inputs] and [units]. */
export type DenseWeights<UseBias extends boolean = boolean> = { readonly weight: Tensor } & WeightsIf<
  UseBias,
  { bias: Tensor }
>

const optionNames = [
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
]

/** What the options say, checked and with defaults. */
interface Settings {
  units: number
  activation: Activation
  useBias: boolean
  kernelInitializer: Initializer
  biasInitializer: Initializer
  kernelRegularizer: Regularizer | undefined
  biasRegularizer: Regularizer | undefined
}

/**
 * a = g(x·Wᵀ + b) along the last axis, […, units], for x […, inputs], with `weight` W [units, inputs] and `bias` b
 * [units]. Throws OptionError for options that are wrong and ShapeError for an input without an axis.
 */
export function dense<UseBias extends boolean = true>(options: DenseOptions<UseBias>): Layer<DenseWeights<UseBias>> {
  const where = 'layers.dense'
  const common = commonOptions(where, options, optionNames)
  const given: Partial<DenseOptions> = options ?? {}
  const activation = toActivation(`${where}: activation`, given.activation)
  const settings: Settings = {
    units: positiveInteger(`${where}: units`, given.units),
    activation,
    useBias: booleanOption(`${where}: useBias`, given.useBias ?? true),
    kernelInitializer: toInitializer(
      `${where}: kernelInitializer`,
      given.kernelInitializer ?? (activation.rectifies ? 'he' : 'xavier'),
    ),
    biasInitializer: toInitializer(`${where}: biasInitializer`, given.biasInitializer ?? 'zeros'),
    kernelRegularizer: checkRegularizer(`${where}: kernelRegularizer`, given.kernelRegularizer),
    biasRegularizer: checkRegularizer(`${where}: biasRegularizer`, given.biasRegularizer),
  }
  return makeLayer({
    kind: 'dense',
    ...common,
    config: configOf(settings),
    build: (inputs, layerName) => build(settings, onlyInput(layerName, inputs), layerName),
  })
}

function configOf(settings: Settings): LayerDescription['config'] {
  if (settings.activation.config === null) return null
  const config: JsonObject = {
    units: settings.units,
    activation: settings.activation.config,
    useBias: settings.useBias,
    kernelInitializer: settings.kernelInitializer.config,
    biasInitializer: settings.biasInitializer.config,
  }
  if (settings.kernelRegularizer) config.kernelRegularizer = settings.kernelRegularizer.config
  if (settings.biasRegularizer) config.biasRegularizer = settings.biasRegularizer.config
  return config
}

function build(settings: Settings, inputShape: Shape, layerName: string): BuiltLayer {
  const { units, useBias, activation } = settings
  const outer = inputShape.slice(0, -1)
  const width = inputShape.at(-1)
  if (width === undefined)
    throw new ShapeError(
      `${layerName}: dense expects inputs of shape [m, …, inputs], got [m]. ` +
        'Put layers.reshape({ shape: [1] }) before it.',
    )
  const weight: WeightSpec = {
    name: 'weight',
    shape: [units, width],
    initializer: settings.kernelInitializer,
    regularizer: settings.kernelRegularizer,
    role: 'weight',
    trainable: true,
  }
  const bias: WeightSpec = {
    name: 'bias',
    shape: [units],
    initializer: settings.biasInitializer,
    regularizer: settings.biasRegularizer,
    role: 'weight',
    trainable: true,
  }
  return {
    outputShape: [...outer, units],
    weights: useBias ? [weight, bias] : [weight],
    activation: activation.name,
    product: true,
    call([x], w) {
      // One product over all positions; a matrix is what it takes already.
      const rows = x.shape[0] * sizeOf(outer)
      const flat = outer.length ? ops.reshape(x, [rows, width]) : x
      const product = ops.matmul(flat, w.weight, { transposeB: true })
      const z = useBias ? ops.add(product, ops.reshape(w.bias, [1, units])) : product
      const a = activation.apply(z)
      if (!outer.length) return { z, a }
      const shape = [x.shape[0], ...outer, units]
      return { z: ops.reshape(z, shape), a: ops.reshape(a, shape) }
    },
  }
}
