/**
 * Checks of arguments: each returns what it was given, or throws an error that names the place, the expected and the
 * received.
 */
import { types } from 'node:util'
import type { DType, TensorDType } from './dtype'
import { AbortError, describeValue, DTypeError, OptionError, ShapeError, StateError } from './errors'
import { maxDimension, maxRank, shapeText } from './shape'
import { didYouMean } from './suggest'

function suggestion(given: string, names: readonly string[]): string {
  return `${didYouMean(given, names)}${names.length ? ` Known: ${names.join(', ')}.` : ''}`
}

/** An object of named entries: no array, no Map or Set, of which its own properties would tell nothing. */
export function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false
  return !types.isMap(value) && !types.isSet(value)
}

/**
 * Whether this is an array whose entries all pass `test`. Holes of a sparse array count as the undefined that reading
 * them gives; `every` would pass over them.
 */
export function isListOf<T>(value: unknown, test: (entry: unknown) => entry is T): value is T[]
export function isListOf(value: unknown, test: (entry: unknown) => boolean): value is unknown[]
export function isListOf(value: unknown, test: (entry: unknown) => boolean): value is unknown[] {
  if (!Array.isArray(value)) return false
  for (const entry of value as unknown[]) if (!test(entry)) return false
  return true
}

export const isString = (value: unknown): value is string => typeof value === 'string'
export const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value)
export const isInteger = (value: unknown): value is number => Number.isInteger(value)
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

/**
 * Checks an options argument: an object (or undefined) whose keys are all in `allowedNames`.
 * Throws OptionError that suggests the nearest valid name.
 */
export function checkOptions(where: string, given: unknown, allowedNames: readonly string[]): void {
  if (given === undefined) return
  if (!isRecord(given)) throw new OptionError(`${where}: expected an options object, got ${describeValue(given)}.`)
  for (const key of Object.keys(given))
    if (!allowedNames.includes(key))
      throw new OptionError(
        allowedNames.length
          ? `${where}: unknown option '${key}'.${suggestion(key, allowedNames)}`
          : `${where}: unknown option '${key}'; it takes none.`,
      )
}

/** One of the names in `names`; OptionError with the nearest one otherwise. */
export function oneOf<T extends string>(where: string, value: unknown, names: readonly T[]): T {
  if (typeof value === 'string' && (names as readonly string[]).includes(value)) return value as T
  if (typeof value === 'string') throw new OptionError(`${where}: unknown name '${value}'.${suggestion(value, names)}`)
  throw new OptionError(
    `${where}: expected one of ${names.map((n) => `'${n}'`).join(', ')}, got ${describeValue(value)}.`,
  )
}

function expectNumber(where: string, value: unknown, expected: string, good: (n: number) => boolean): number {
  if (typeof value === 'number' && good(value)) return value
  throw new OptionError(`${where}: expected ${expected}, got ${describeValue(value)}.`)
}

/** A finite number. */
export function finiteNumber(where: string, value: unknown): number {
  return expectNumber(where, value, 'a finite number', Number.isFinite)
}

/** A finite number > 0. */
export function positiveNumber(where: string, value: unknown): number {
  return expectNumber(where, value, 'a number above 0', (n) => Number.isFinite(n) && n > 0)
}

/** A finite number ≥ 0. */
export function nonNegativeNumber(where: string, value: unknown): number {
  return expectNumber(where, value, 'a number of at least 0', (n) => Number.isFinite(n) && n >= 0)
}

/**
 * A number between `min` and `max`. `ends` says which ends belong to the range: '[]' both (default), '(]' all but
 * min, '[)' all but max, '()' neither.
 */
export function numberInRange(
  where: string,
  value: unknown,
  min: number,
  max: number,
  ends: '[]' | '(]' | '[)' | '()' = '[]',
): number {
  return expectNumber(where, value, `a number in ${ends[0]}${min}, ${max}${ends[1]}`, (n) => {
    const low = ends[0] === '[' ? n >= min : n > min
    return low && (ends[1] === ']' ? n <= max : n < max)
  })
}

/** An integer ≥ 1 that a double holds exactly. */
export function positiveInteger(where: string, value: unknown): number {
  return expectNumber(where, value, 'a positive integer', (n) => Number.isSafeInteger(n) && n > 0)
}

/** An integer ≥ 0 that a double holds exactly. */
export function nonNegativeInteger(where: string, value: unknown): number {
  return expectNumber(where, value, 'an integer of at least 0', (n) => Number.isSafeInteger(n) && n >= 0)
}

/** true or false. */
export function booleanOption(where: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new OptionError(`${where}: expected true or false, got ${describeValue(value)}.`)
}

/** A function. */
export function functionOption<T>(where: string, value: T): T {
  if (typeof value === 'function') return value
  throw new OptionError(`${where}: expected a function, got ${describeValue(value)}.`)
}

/** A string that is not empty. */
export function nonEmptyString(where: string, value: unknown): string {
  if (typeof value === 'string' && value.length > 0) return value
  throw new OptionError(`${where}: expected a string that is not empty, got ${describeValue(value)}.`)
}

/** A seed: an integer ≥ 0 below 2^64, as a number or a BigInt. Returned as BigInt. */
export function seedOption(where: string, value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'bigint' && value >= 0n && value < 1n << 64n) return value
  throw new OptionError(
    `${where}: expected an integer seed of at least 0 (up to 2^53 − 1, or a BigInt below 2^64), ` +
      `got ${describeValue(value)}.`,
  )
}

/**
 * A shape: an array of positive integers (`[]` is a scalar), none above 2^32 − 1, of rank at most 6. Throws ShapeError.
 */
export function shapeOption(where: string, value: unknown): number[] {
  if (!isListOf(value, isSize))
    throw new ShapeError(
      `${where}: expected a shape, an array of positive integers such as [2, 3], got ${describeValue(value)}.`,
    )
  if (value.length > maxRank)
    throw new ShapeError(`${where}: expected at most ${maxRank} dimensions, got ${value.length}: ${shapeText(value)}.`)
  const long = value.find((d) => d > maxDimension)
  if (long !== undefined)
    throw new ShapeError(
      `${where}: expected at most 2^32 − 1 elements along an axis, got ${long}: ${shapeText(value)}.`,
    )
  return [...value]
}

/** 'float32' or 'float64'. Throws DTypeError. */
export function dtypeOption(where: string, value: unknown): DType {
  if (value === 'float32' || value === 'float64') return value
  throw new DTypeError(`${where}: expected dtype 'float32' or 'float64', got ${describeValue(value)}.`)
}

/** 'float32', 'float64' or 'int32'. Throws DTypeError. */
export function tensorDTypeOption(where: string, value: unknown): TensorDType {
  if (value === 'float32' || value === 'float64' || value === 'int32') return value
  throw new DTypeError(`${where}: expected dtype 'float32', 'float64' or 'int32', got ${describeValue(value)}.`)
}

/** Throws AbortError if the signal has been aborted. */
export function throwIfAborted(where: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(`${where}: aborted.`, { cause: signal.reason })
}

/** An AbortSignal, or undefined. */
export function checkSignal(where: string, signal: unknown): void {
  // Told by its tag: a test environment has an AbortSignal of its own.
  if (signal !== undefined && Object.prototype.toString.call(signal) !== '[object AbortSignal]')
    throw new OptionError(
      `${where}: signal: expected an AbortSignal (new AbortController().signal), got ${describeValue(signal)}.`,
    )
}

/**
 * For arrays that are read where they are, in slices: their owner could change or transfer them in between. StateError
 * where the length is another than it was at the call. `or`: what else can be done than to leave the array alone.
 */
export function requireUnchanged(where: string, opened: number, now: number, or = ''): void {
  if (now === opened) return
  throw new StateError(
    `${where}: the array was changed or transferred while it was read: expected ${opened} elements as at the call, ` +
      `got ${now}. Leave it as it is until the call has settled${or}.`,
  )
}
