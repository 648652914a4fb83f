/**
 * Every error the library throws on purpose. Messages name the place, what it expected, what it got and, where it
 * helps, what to do.
 */

import { isOfAnotherCopy } from './copies'

/** Base class of all errors the library throws on purpose. `name` is the class's name. */
export class MyelinError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    Object.defineProperty(this, 'name', { value: new.target.name, configurable: true, writable: true })
  }
}

/** Shapes that do not fit, ragged arrays, wrong numbers of elements. */
export class ShapeError extends MyelinError {}
/** Values of a kind that cannot be used: BigInt arrays, mixed float32 and float64, strings. */
export class DTypeError extends MyelinError {}
/** An unknown option or name, or a value out of its range. */
export class OptionError extends MyelinError {}
/** A call that the object cannot answer in its present state. */
export class StateError extends MyelinError {}
/** A device that is missing or cannot do what was asked. */
export class DeviceError extends MyelinError {}
/** NaN or Infinity where finite numbers are needed. */
export class NonFiniteError extends MyelinError {}
/** Use of a tensor or model after `dispose()`. */
export class DisposedError extends MyelinError {}
/** A file that cannot be read or written as a model. */
export class FormatError extends MyelinError {}

/** A job ended by its AbortSignal. `cause` is the signal's reason, `history` what had been recorded by then. */
export class AbortError<History = unknown> extends MyelinError {
  /** The history of a `fit` up to the abort; undefined for other jobs. */
  readonly history: History | undefined
  constructor(message: string, options: { cause?: unknown; history?: History | undefined } = {}) {
    super(message, { cause: options.cause })
    this.history = options.history
  }
}

/** A value as error messages show it: short, with its type where that is what is wrong. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? value.slice(0, 57) + '…' : value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (value === null || typeof value !== 'object') return String(value)
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length ?? value.byteLength})`
  if (Array.isArray(value)) {
    if (value.length <= 8 && value.every((v) => v === null || typeof v !== 'object'))
      return `[${Array.from(value, describeValue).join(', ')}]`
    return `an array of length ${value.length}`
  }
  const name = value.constructor?.name
  const described = name && name !== 'Object' ? `${/^[AEIO]/i.test(name) ? 'an' : 'a'} ${name}` : 'an object'
  if (!isOfAnotherCopy(value)) return described
  return `${described} of another copy of Myelin: two are loaded (see npm ls myelin; in tests, jest.resetModules)`
}
