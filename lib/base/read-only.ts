/** Objects whose properties tell what is, and refuse to be set. */
import { inspect } from 'node:util'
import { StateError } from './errors'

/**
 * Makes all properties of `object`, and `others` that it does not have, throw a StateError when they are set; nothing
 * can be added or removed. A frozen object would not do: in code that is not strict it ignores assignments without a
 * word. `remedy`: what the error says to do instead, for the name that was set.
 */
export function readOnly<T extends object>(
  object: T,
  what: string,
  remedy: (name: string) => string,
  others: readonly string[] = [],
): T {
  for (const name of [...Object.keys(object), ...others]) {
    const descriptor = Object.getOwnPropertyDescriptor(object, name)
    const { value, enumerable = false } = descriptor ?? {}
    const set = () => refuse(what, name, remedy)
    Object.defineProperty(object, name, { get: () => value as unknown, set, enumerable, configurable: false })
  }
  // What console.log shows: values, not getters.
  Object.defineProperty(object, inspect.custom, { value: () => ({ ...object }) })
  return Object.preventExtensions(object)
}

/** The same for the getters of a class and for `others`, which its objects do not have. */
export function readOnlyGetters(
  prototype: object,
  what: string,
  remedy: (name: string) => string,
  others: readonly string[],
): void {
  const getters = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([, { get, set }]) => get && !set)
  const absent = others.map((name) => [name, { configurable: true, get: () => undefined }] as const)
  for (const [name, descriptor] of [...getters, ...absent])
    Object.defineProperty(prototype, name, { ...descriptor, set: () => refuse(what, name, remedy) })
}

function refuse(what: string, name: string, remedy: (name: string) => string): never {
  throw new StateError(`${what}: '${name}' cannot be set. ${remedy(name)}`)
}
