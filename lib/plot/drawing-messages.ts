/** What the thread that draws and the library say to each other. */
import * as errors from '../base/errors'
import type { Drawing, Order } from './drawing'

/** A piece of the JSON of a specification; the order comes with the last one. */
export interface Request {
  id: number
  piece: string
  order?: Order
}

export type Answer = { id: number; drawing: Drawing } | { id: number; error: PackedError }

/** An error as plain data: threads keep the class of those of JavaScript alone, and of no realm of node:vm. */
export interface PackedError {
  name: string
  message: string
  stack: string | undefined
  code: string | undefined
  cause: PackedError | undefined
}

const classes: Readonly<Record<string, new (message: string) => Error>> = {
  ...{ EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError },
  ...{ StateError: errors.StateError, OptionError: errors.OptionError },
}

export function packError(thrown: unknown): PackedError {
  if (!(thrown instanceof Error))
    return { name: 'Error', message: String(thrown), stack: undefined, code: undefined, cause: undefined }
  const { name, message, stack, cause } = thrown
  const { code } = thrown as NodeJS.ErrnoException
  return { name, message, stack, code, cause: cause instanceof Error ? packError(cause) : undefined }
}

/** The error as it was, by name, message, stack, `code` and `cause`. */
export function unpackError({ name, message, stack, code, cause }: PackedError): Error {
  const error = new (classes[name] ?? Error)(message)
  const hidden = (value: unknown) => ({ value, configurable: true, writable: true })
  if (error.name !== name) Object.defineProperty(error, 'name', hidden(name))
  if (stack !== undefined) Object.defineProperty(error, 'stack', hidden(stack))
  if (cause !== undefined) Object.defineProperty(error, 'cause', hidden(unpackError(cause)))
  return code === undefined ? error : Object.assign(error, { code })
}
