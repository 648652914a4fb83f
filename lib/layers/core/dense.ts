import { toActivation, type Activation, type ActivationSpec } from '../../activations'
import { booleanOption, checkOptions, positiveInteger } from '../../base/checks'
import { ShapeError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import { toInitializer, type Initializer, type InitializerSpec } from '../../initializers'
import * as ops from '../../ops'
import { checkRegularizer, type Regularizer } from '../../regularizers'
import type { Tensor } from '../../tensor/tensor'
import type { BuiltLayer, Layer, NoWeights, WeightSpec } from '../layer'
import { nameOption } from '../options'

export interface DenseOptions<UseBias extends boolean = boolean> {
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
  /** False: the optimiser leaves this layer's weights alone. Default true. */
  trainable?: boolean | undefined
  name?: string | undefined
}

/** [units, inputs] and [units]. */
export type DenseWeights<UseBias extends boolean = boolean> = { readonly weight: Tensor } & (boolean extends UseBias
  ? { readonly bias?: Tensor }
  : UseBias extends true
    ? { readonly bias: Tensor }
    : NoWeights)

const optionNames = [
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'trainable',
  'name',
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
  trainable: boolean
}

/**
 * a = g(x·Wᵀ + b), [m, units], for x [m, inputs], with `weight` W [units, inputs] and `bias` b [units]. Throws
 * OptionError for options that are wrong and, when a model is made, ShapeError for inputs of another rank.
 */
export function dense<UseBias extends boolean = true>(options: DenseOptions<UseBias>): Layer<DenseWeights<UseBias>> {
  const where = 'layers.dense'
  checkOptions(where, options, optionNames)
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
    trainable: booleanOption(`${where}: trainable`, given.trainable ?? true),
  }
  return {
    kind: 'dense',
    name: nameOption(where, given.name),
    config: configOf(settings),
    build: (inputShape, layerName) => build(settings, inputShape, layerName),
  }
}

function configOf(settings: Settings): Layer['config'] {
  if (settings.activation.config === null) return null
  const config: JsonObject = {
    units: settings.units,
    activation: settings.activation.config,
    useBias: settings.useBias,
    kernelInitializer: settings.kernelInitializer.config,
    biasInitializer: settings.biasInitializer.config,
    trainable: settings.trainable,
  }
  if (settings.kernelRegularizer) config.kernelRegularizer = settings.kernelRegularizer.config
  if (settings.biasRegularizer) config.biasRegularizer = settings.biasRegularizer.config
  return config
}

function build(settings: Settings, inputShape: Shape, layerName: string): BuiltLayer {
  const { units, useBias, trainable, activation } = settings
  if (inputShape.length !== 1)
    throw new ShapeError(
      `${layerName}: dense expects inputs of shape [m, inputs], got [m${inputShape.map((d) => `, ${d}`).join('')}]. ` +
        `Put layers.flatten() before it: ${shapeText(inputShape)} becomes ${shapeText([sizeOf(inputShape)])}.`,
    )
  const weight: WeightSpec = {
    name: 'weight',
    shape: [units, inputShape[0]],
    initializer: settings.kernelInitializer,
    regularizer: settings.kernelRegularizer,
    trainable,
  }
  const bias: WeightSpec = {
    name: 'bias',
    shape: [units],
    initializer: settings.biasInitializer,
    regularizer: settings.biasRegularizer,
    trainable,
  }
  return {
    outputShape: [units],
    weights: useBias ? [weight, bias] : [weight],
    activation: activation.name,
    call(x, w) {
      const product = ops.matmul(x, w.weight, { transposeB: true })
      const z = useBias ? ops.add(product, ops.reshape(w.bias, [1, units])) : product
      return { z, a: activation.apply(z) }
    },
  }
}
