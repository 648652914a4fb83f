/** The tables of initialisers, and how options and files name them. */
import { oneOf } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import type { Json, JsonObject } from '../base/json'
import { constant, constantFromConfig, ones, zeros } from './filled'
import type { Initializer } from './initializer'
import { normal } from './normal'
import { glorot, he, smallNormal, xavier } from './scaled-normal'
import { uniform } from './uniform'
import { valuesFromConfig } from './values'

export type { Initializer, InitializerContext } from './initializer'
export { valuesInitializer } from './values'

/** Those without options, used by name. */
const named = { zeros, ones, smallNormal, xavier, lecun: xavier, he, glorot }

/** Initialisers with options; those without are used by name (`InitializerName`). */
export const initializers = { normal, uniform, constant }

export type InitializerName = keyof typeof named
/** A name, or `initializers.…`. */
export type InitializerSpec = InitializerName | Initializer

const initializerNames = Object.keys(named) as InitializerName[]

/** How those with options come back from their configs. */
const fromConfig: Readonly<Record<keyof typeof initializers | 'values', (options: never) => Initializer>> = {
  ...initializers,
  constant: constantFromConfig,
  values: valuesFromConfig,
}

/** Resolves an initialiser option. `where` names the option in errors. */
export function toInitializer(where: string, spec: InitializerSpec): Initializer {
  if (typeof spec === 'string') return named[oneOf(where, spec, initializerNames)]
  if (typeof spec === 'object' && spec !== null && typeof spec.create === 'function') return spec
  const known = initializerNames.map((name) => `'${name}'`).join(', ')
  const others = Object.keys(initializers).join(', ')
  throw new OptionError(`${where}: expected ${known} or initializers.… (${others}), got ${describeValue(spec)}.`)
}

/** Rebuilds what `Initializer.config` describes; undefined stays undefined. */
export function initializerFromConfig(config: Json | undefined): Initializer | undefined {
  if (config === undefined) return undefined
  if (typeof config === 'string') return toInitializer('initializer', config as InitializerName)
  const { name, ...options } = (config ?? {}) as JsonObject
  const kinds = Object.keys(fromConfig) as (keyof typeof fromConfig)[]
  return fromConfig[oneOf('initializer', name, kinds)](options as never)
}
