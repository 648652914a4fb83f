import { activationFromConfig, toActivation, type Activation, type ActivationSpec } from '../../activations'
import { booleanOption, checkOptions, nonEmptyString, positiveInteger } from '../../base/checks'
import type { Custom } from '../../base/custom'
import { ShapeError } from '../../base/errors'
import type { Json } from '../../base/json'
import { shapeText } from '../../base/shape'
import { initializerFromConfig, toInitializer, type Initializer, type InitializerSpec } from '../../initializers'
import * as ops from '../../ops'
import { checkRegularizer, regularizerFromConfig, type Regularizer } from '../../regularizers'
import type { BuiltLayer, Layer, WeightSpec } from '../layer'

export interface DenseOptions {
  /** Number of outputs. */
  units: number
  /** Default 'linear'. */
  activation?: ActivationSpec
  /** Default true. */
  useBias?: boolean
  /** Default 'he' before relu and leakyRelu, else 'xavier'. */
  kernelInitializer?: InitializerSpec
  /** Default 'zeros'. */
  biasInitializer?: InitializerSpec
  kernelRegularizer?: Regularizer
  biasRegularizer?: Regularizer
  /** False: the optimiser leaves this layer's weights alone. Default true. */
  trainable?: boolean
  name?: string
}

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
 * a = g(x·Wᵀ + b) for x [m, inputs], with `weight` W [units, inputs] and `bias` b [units]. Needs an input of rank 1
 * (plus the batch).
 */
export function dense(options: DenseOptions): Layer {
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
    name: given.name === undefined ? undefined : nonEmptyString(`${where}: name`, given.name),
    config: configOf(settings),
    build: (inputShape, layerName) => build(settings, inputShape, layerName),
  }
}

function configOf(settings: Settings): Layer['config'] {
  if (settings.activation.config === null) return null
  const config: { [key: string]: Json } = {
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

function build(settings: Settings, inputShape: readonly number[], layerName: string): BuiltLayer {
  const { units, useBias, trainable, activation } = settings
  if (inputShape.length !== 1)
    throw new ShapeError(
      `${layerName}: dense expects inputs of shape [m, inputs], got [m${inputShape.map((d) => `, ${d}`).join('')}]. ` +
        `Put layers.flatten() before it: ${shapeText(inputShape)} becomes ` +
        `${shapeText([inputShape.reduce((a, b) => a * b, 1)])}.`,
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

/** Rebuilds a dense layer from its config. */
export function denseFromConfig(config: { [key: string]: Json }, name?: string, custom?: Custom): Layer {
  const regularizer = (value: Json | undefined): Regularizer | undefined =>
    value === undefined ? undefined : regularizerFromConfig(value as { [key: string]: Json })
  return dense({
    ...(config as unknown as DenseOptions),
    activation: activationFromConfig(`${name ?? 'dense'}: activation`, config.activation, custom),
    kernelInitializer: initializerFromConfig(config.kernelInitializer),
    biasInitializer: initializerFromConfig(config.biasInitializer),
    kernelRegularizer: regularizer(config.kernelRegularizer),
    biasRegularizer: regularizer(config.biasRegularizer),
    name,
  })
}
