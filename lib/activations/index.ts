/** The table of activations, and how options and files name them. */
import { checkOptions, oneOf } from '../base/checks'
import { customFunction, isFunctionConfig, isOwnFunction, type Custom, type Named } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { Json } from '../base/json'
import {
  factsOf,
  type Activation,
  type ActivationFacts,
  type ActivationFunction,
  type ActivationKind,
} from './activation'
import { elu, selu } from './elu'
import { gelu } from './gelu'
import { hardSigmoid, hardSwish, relu6 } from './hard'
import { leakyRelu } from './leaky-relu'
import { ownActivation } from './own'
import { linear, relu, sigmoid, softmax, softplus, tanh } from './plain'
import { mish, silu, softsign } from './smooth'

export type { Activation, ActivationFunction, LayerOutput } from './activation'

const table = {
  linear,
  sigmoid,
  tanh,
  relu,
  leakyRelu,
  softmax,
  elu,
  selu,
  gelu,
  silu,
  mish,
  softplus,
  softsign,
  relu6,
  hardSigmoid,
  hardSwish,
}

export type ActivationName = keyof typeof table
/**
 * A name, one with its options such as `{ name: 'leakyRelu', slope }`, or a function that keeps the shape, by itself or
 * with a name for files.
 */
export type ActivationSpec =
  ActivationName | ({ name: ActivationName } & ActivationOptions) | ActivationFunction | Named<ActivationFunction>

/** The options of all kinds; each takes its own. */
type ActivationOptions = All<Parameters<(typeof table)[ActivationName]['make']>[1]>
type All<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer Each) => void
  ? Each
  : never

const kinds: Record<ActivationName, ActivationKind> = table
const names = Object.keys(table) as ActivationName[]
const optionNames = [...new Set(names.flatMap((name) => kinds[name].options as readonly string[]))]

/**
 * Resolves an activation option; undefined is 'linear'. `where` names the option in errors. Throws OptionError for what
 * is none, for unknown names and for options that belong to another activation.
 */
export function toActivation(where: string, spec: ActivationSpec | undefined): Activation {
  if (isOwnFunction<ActivationFunction>(spec)) return ownActivation(where, spec)
  if (spec !== null && typeof spec === 'object') {
    const { name, ...options } = spec
    checkOptions(where, spec, ['name', ...optionNames])
    return named(where, oneOf(where, name, names), options)
  }
  if (spec === undefined) return named(where, 'linear', {})
  if (typeof spec === 'string') return named(where, oneOf(where, spec, names), {})
  throw new OptionError(
    `${where}: expected ${quoted(names)}, { name, ${optionNames.join(', ')} }, a function of tensors or ` +
      `{ name, fn }, got ${describeValue(spec)}.`,
  )
}

function named(where: string, name: ActivationName, given: { [option: string]: unknown }): Activation {
  const kind = kinds[name]
  for (const option of Object.keys(given)) {
    if (given[option] === undefined || takes(kind, option)) continue
    const owners = names.filter((other) => takes(kinds[other], option))
    throw new OptionError(`${where}: '${option}' belongs to ${quoted(owners)}, not to '${name}'.`)
  }
  const { options, apply } = kind.make(where, given)
  return { name, config: options ? { name, ...options } : name, ...factsOf(kind), apply }
}

/** Facts of the activation that a layer names; none of 'custom'. */
export const activationFacts = (name: string): ActivationFacts => factsOf(kinds[name as ActivationName] ?? {})

const takes = (kind: ActivationKind, option: string): boolean => (kind.options as readonly string[]).includes(option)

const quoted = (list: readonly string[]): string => list.map((name) => `'${name}'`).join(', ')

/** Rebuilds what `Activation.config` describes, as an option; undefined stays undefined. */
export function activationFromConfig(
  where: string,
  config: Json | undefined,
  custom?: Custom,
): ActivationSpec | undefined {
  if (isFunctionConfig(config)) return { name: config.custom, fn: customFunction(where, config.custom, custom) }
  return config as ActivationSpec | undefined
}
