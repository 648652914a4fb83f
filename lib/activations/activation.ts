/** Activation functions, by name, with a slope, or as a user's function of tensors. */
import { checkOptions, finiteNumber, oneOf } from '../base/checks'
import { customFunction, functionConfig, isFunctionConfig, type Custom } from '../base/custom'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import type { Json } from '../base/json'
import { shapeText } from '../base/shape'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'

export interface LayerOutput {
  /** Value before the activation, where the layer has one: losses behind sigmoid and softmax use it. */
  z?: Tensor
  a: Tensor
}

export type ActivationName = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'softmax'
export type ActivationFunction = (z: Tensor) => Tensor
/** A name, `{ name: 'leakyRelu', slope }` or a function of tensors. */
export type ActivationSpec = ActivationName | { name: ActivationName; slope?: number } | ActivationFunction

/** A resolved activation. */
export interface Activation {
  /** 'custom' for a user's function. */
  readonly name: ActivationName | 'custom'
  /** For files; null for an unnamed function. */
  readonly config: Json
  /** a = g(z). Shapes are kept; softmax goes along the last axis. */
  apply(z: Tensor): Tensor
}

export const activationNames: readonly ActivationName[] = ['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'softmax']
/** Slope of leakyRelu for z < 0 unless another is given (the notes' 0.01). */
export const defaultSlope = 0.01

const functions: Record<Exclude<ActivationName, 'leakyRelu'>, ActivationFunction> = {
  linear: (z) => z,
  sigmoid: (z) => ops.sigmoid(z),
  tanh: (z) => ops.tanh(z),
  relu: (z) => ops.relu(z),
  softmax: (z) => ops.softmax(z),
}

/** Resolves an activation option; undefined is 'linear'. `where` names the option in errors. */
export function toActivation(where: string, spec: ActivationSpec | undefined): Activation {
  if (typeof spec === 'function')
    return { name: 'custom', config: functionConfig(spec), apply: (z) => applyFunction(where, spec, z) }
  if (spec !== null && typeof spec === 'object') {
    checkOptions(where, spec, ['name', 'slope'])
    return named(where, oneOf(where, spec.name, activationNames), spec.slope)
  }
  if (spec === undefined) return named(where, 'linear')
  if (typeof spec === 'string') return named(where, oneOf(where, spec, activationNames))
  const known = activationNames.map((name) => `'${name}'`).join(', ')
  throw new OptionError(
    `${where}: expected ${known}, { name, slope } or a function of tensors, got ${describeValue(spec)}.`,
  )
}

function named(where: string, name: ActivationName, slope?: number): Activation {
  if (slope !== undefined && name !== 'leakyRelu')
    throw new OptionError(`${where}: 'slope' belongs to 'leakyRelu', not to '${name}'.`)
  if (name !== 'leakyRelu') return { name, config: name, apply: functions[name] }
  const checked = finiteNumber(`${where}: slope`, slope ?? defaultSlope)
  return { name, config: { name, slope: checked }, apply: (z) => ops.leakyRelu(z, { slope: checked }) }
}

function applyFunction(where: string, fn: ActivationFunction, z: Tensor): Tensor {
  const a: unknown = fn(z)
  const shape = (a as Tensor | undefined)?.shape
  if (!Array.isArray(shape))
    throw new OptionError(`${where}: the function must return a Tensor, got ${describeValue(a)}.`)
  if (shape.join() !== z.shape.join())
    throw new ShapeError(
      `${where}: the function must keep the shape ${shapeText(z.shape)}, it returned ${shapeText(shape)}.`,
    )
  return a as Tensor
}

/** Rebuilds what `Activation.config` describes, as an option. */
export function activationFromConfig(
  where: string,
  config: Json | undefined,
  custom?: Custom,
): ActivationSpec | undefined {
  if (isFunctionConfig(config)) return customFunction<ActivationFunction>(where, config.custom, custom)
  return config as ActivationSpec | undefined
}
