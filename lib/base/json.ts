/** Plain data that survives JSON. */
export type Json = null | boolean | number | string | Json[] | JsonObject

/** A config: what a file keeps of an object made from options. */
export type JsonObject = { [key: string]: Json }

/** A copy of `value` if it is plain data that JSON keeps exactly, else undefined. */
export function toJson(value: unknown): Json | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (Array.isArray(value)) {
    const items = value.map(toJson)
    return items.includes(undefined) ? undefined : (items as Json[])
  }
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return undefined
  const result: JsonObject = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const json = toJson(item)
    if (json === undefined) return undefined
    result[key] = json
  }
  return result
}
