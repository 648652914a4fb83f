/**
 * What a model refers to by name because a file cannot hold code: own layers and functions. `loadModel`'s
 * option `custom` hands the same names back.
 */
import { nonEmptyString } from './checks'
import { FormatError, OptionError } from './errors'
import type { Json, JsonObject } from './json'
import { nearestName } from './suggest'

/** Makes objects of a user's own kind; files store its name. */
export interface Factory<Made = unknown> {
  readonly kind: string
  /** Rebuilds one from a file. */
  fromConfig(config: JsonObject, name?: string): Made
}

/** Own layers and functions by the name they were saved under. */
export type Custom = Readonly<Record<string, Factory | ((...args: never[]) => unknown)>>

/** Kinds that the library brings, which the tables of layers and of optimisers add. */
const builtIn = { layer: new Set<string>(), optimizer: new Set<string>() }

/** Says which kinds the library brings. */
export function addBuiltIn(what: keyof typeof builtIn, kinds: readonly string[]): void {
  for (const kind of kinds) builtIn[what].add(kind)
}

/** The kind of a user's own layer or optimiser. OptionError for one that a file would take for the library's. */
export function ownKind(where: string, what: keyof typeof builtIn, kind: unknown): string {
  const name = nonEmptyString(`${where}: name`, kind)
  if (!builtIn[what].has(name)) return name
  throw new OptionError(`${where}: name: expected another one than those of the built-in ${what}s, got '${name}'.`)
}

/**
 * Names that JavaScript gives to an arrow function only because of the option it stands in (`activation: (z) => …`).
 * Such a function has no name of its own that a reader of the file could know.
 */
const namesOfOptions = new Set(['', 'anonymous', 'activation', 'loss', 'fn', 'learningRate', 'call', 'default'])

/** The function's own name, or null if it has none (then a model that uses it cannot be saved). */
export function functionName(fn: (...args: never[]) => unknown): string | null {
  return namesOfOptions.has(fn.name) ? null : fn.name
}

/** How files refer to a function: `{ custom: name }`, or null for one without a name. */
export function functionConfig(fn: (...args: never[]) => unknown): { custom: string } | null {
  const name = functionName(fn)
  return name === null ? null : { custom: name }
}

/** True for `{ custom: 'name' }`. */
export function isFunctionConfig(config: Json | undefined): config is { custom: string } {
  return typeof config === 'object' && config !== null && !Array.isArray(config) && typeof config.custom === 'string'
}

/** The function that a file calls `name`. Throws FormatError that says what to hand over. */
export function customFunction<F>(where: string, name: string, custom: Custom | undefined): F {
  const found = custom && Object.hasOwn(custom, name) ? custom[name] : undefined
  if (typeof found === 'function' && !('fromConfig' in found)) return found as F
  throw missing(`${where}: the model uses the function '${name}', which files do not hold`, name, custom)
}

/** The factory that a file calls `kind`. Throws FormatError that says what to hand over. */
export function customFactory(what: string, kind: string, custom: Custom | undefined): Factory {
  const found = custom && Object.hasOwn(custom, kind) ? custom[kind] : undefined
  if (found && 'fromConfig' in found && typeof found.fromConfig === 'function') return found
  throw missing(`${what} '${kind}' is neither built in nor among the custom ${what}s`, kind, custom)
}

function missing(problem: string, name: string, custom: Custom | undefined): FormatError {
  const given = custom ? Object.keys(custom) : []
  const near = nearestName(name, given)
  const hint = near === undefined ? '' : ` (given: '${near}')`
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
  return new FormatError(`${problem}. Pass it when loading: { custom: { ${key}: … } }${hint}.`)
}
