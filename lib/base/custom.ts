/**
 * What a model refers to by name because a file cannot hold code: own layers and functions. `loadModel`'s
 * option `custom` hands the same names back.
 */
import { checkOptions, functionOption, nonEmptyString } from './checks'
import { FormatError, OptionError } from './errors'
import type { Json, JsonObject } from './json'
import { nearestName } from './suggest'

/** Makes objects of a user's own kind; files store its name. */
export interface Factory<Made = unknown> {
  readonly kind: string
  /** Rebuilds one from a file. */
  fromConfig(config: JsonObject, name?: string): Made
}

type AnyFunction = (...args: never[]) => unknown

/** `{ name, fn }`: a function with the name that files know it by, whatever a minifier calls it. */
export interface Named<F> {
  name: string
  fn: F
}

/** Own layers, optimisers and functions (or `{ name, fn }`) by the name they were saved under. */
export type Custom = Readonly<Record<string, Factory | AnyFunction | Named<AnyFunction>>>

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
export function functionName(fn: AnyFunction): string | null {
  return namesOfOptions.has(fn.name) ? null : fn.name
}

/** How files refer to a function of the user's own: `{ custom: name }`, or null for one without a name. */
export type FunctionConfig = { custom: string } | null

/** The functions behind what layers, losses, … say in files. */
const functions = new WeakMap<object, { name: string; fn: AnyFunction }>()

/** `config`, noted as what files hold of the function called `name`. */
export function standsFor<C extends object>(config: C, name: string, fn: AnyFunction): C {
  functions.set(config, { name, fn })
  return config
}

/**
 * FormatError where two functions go by one name anywhere in `config`: `custom` could give back only one of them.
 * Copies of one function, which differ at most in what they captured, pass.
 */
export function checkNames(where: string, config: Json, known = new Map<string, AnyFunction>()): void {
  if (typeof config !== 'object' || config === null) return
  const found = functions.get(config)
  if (!found) return Object.values(config).forEach((entry) => checkNames(where, entry, known))
  const { name, fn } = found
  const other = known.get(name) ?? fn
  if (String(other) !== String(fn))
    throw new FormatError(
      `${where}: expected a name of its own for each function, got two functions named '${name}', of which a file ` +
        'could give back only one. Name them with { name, fn }.',
    )
  known.set(name, fn)
}

/** Whether an option is a function, or claims to be one with a name. */
export function isOwnFunction<F extends AnyFunction>(spec: unknown): spec is F | Named<F> {
  return typeof spec === 'function' || (typeof spec === 'object' && spec !== null && 'fn' in spec)
}

/**
 * A function, by itself or as `{ name, fn }`, and how files refer to it. OptionError for an object that is anything
 * else. `where` names the option.
 */
export function ownFunction<F extends AnyFunction>(
  where: string,
  spec: F | Named<F>,
): { fn: F; config: FunctionConfig } {
  if (typeof spec === 'function') {
    const name = functionName(spec)
    return { fn: spec, config: name === null ? null : standsFor({ custom: name }, name, spec) }
  }
  checkOptions(where, spec, ['name', 'fn'])
  const fn = functionOption(`${where}: fn`, spec.fn)
  const name = nonEmptyString(`${where}: name`, spec.name)
  return { fn, config: standsFor({ custom: name }, name, fn) }
}

/** True for `{ custom: 'name' }`. */
export function isFunctionConfig(config: Json | undefined): config is { custom: string } {
  return typeof config === 'object' && config !== null && !Array.isArray(config) && typeof config.custom === 'string'
}

/** The function that a file calls `name`. Throws FormatError that says what to hand over. */
export function customFunction<F>(where: string, name: string, custom: Custom | undefined): F {
  const found = custom && Object.hasOwn(custom, name) ? custom[name] : undefined
  const fn = typeof found === 'object' && 'fn' in found ? found.fn : found
  if (typeof fn === 'function' && !('fromConfig' in fn)) return fn as F
  throw missing(`${where}: the model uses the function '${name}', which files do not hold`, name, custom)
}

/** The factory that a file calls `kind`. Throws FormatError that says what to hand over. */
export function customFactory(what: string, kind: string, custom: Custom | undefined): Factory {
  const found = custom && Object.hasOwn(custom, kind) ? custom[kind] : undefined
  if (found && 'fromConfig' in found && typeof found.fromConfig === 'function') return found
  throw missing(`${what} '${kind}' is neither built in nor among the custom ${what}s`, kind, custom)
}

/** What `custom` lacks. */
interface Lack {
  problem: string
  name: string
  /** A name in `custom` that is spelled alike. */
  near: string | undefined
}

/** What errors say that `custom` lacks. */
const lacks = new WeakMap<FormatError, readonly Lack[]>()

function missing(problem: string, name: string, custom: Custom | undefined): FormatError {
  return errorOf([{ problem, name, near: nearestName(name, custom ? Object.keys(custom) : []) }])
}

function errorOf(list: readonly Lack[]): FormatError {
  const problems = [...new Set(list.map(({ problem }) => problem))]
  const keys = [...new Set(list.map(({ name }) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`)))]
  const near = [...new Set(list.flatMap((lack) => lack.near ?? []))].map((name) => `'${name}'`)
  const entries = keys.map((key) => `${key}: …`).join(', ')
  const given = near.length > 0 ? ` (given: ${near.join(', ')})` : ''
  const pass = `Pass ${keys.length > 1 ? 'them' : 'it'} when loading`
  const error = new FormatError(`${problems.join('; ')}. ${pass}: { custom: { ${entries} } }${given}.`)
  lacks.set(error, list)
  return error
}

/**
 * What the tasks return. Where `custom` lacks something, the others are tried too, and the FormatError names all that
 * is missing, then gives `advice`.
 */
export function rebuildAll<T extends readonly (() => unknown)[]>(
  tasks: readonly [...T],
  advice = '',
): { [At in keyof T]: ReturnType<T[At]> } {
  const failed: FormatError[] = []
  const results = tasks.map((task) => {
    try {
      return task()
    } catch (error) {
      if (!(error instanceof FormatError && lacks.has(error))) throw error
      failed.push(error)
      return undefined
    }
  })
  if (failed.length === 0) return results as { [At in keyof T]: ReturnType<T[At]> }
  const list = failed.flatMap((error) => lacks.get(error)!)
  const { message } = failed.length === 1 ? failed[0] : errorOf(list)
  const error = new FormatError(`${message}${advice}`)
  lacks.set(error, list)
  throw error
}
