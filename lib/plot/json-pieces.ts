/** JSON of large data without holding the event loop: written in slices, to be sent piece by piece. */
import { describeValue, OptionError } from '../base/errors'
import type { Sliced } from '../base/slices'

/** Characters of a piece, about: written in a fraction of a millisecond. */
const pieceLength = 1 << 15

/** Properties of these types are not in JSON. */
const leftOut = new Set(['undefined', 'function', 'symbol'])

/**
 * The text that `JSON.stringify(value)` gives, in pieces: one after the other they are the whole. OptionError, which
 * `name` opens, for what JSON cannot say: a BigInt, an object within itself.
 */
export function* jsonPieces(name: string, value: unknown): Sliced<string[]> {
  const pieces: string[] = []
  const open = new Set<object>()
  let piece = ''

  function* write(given: unknown): Sliced<void> {
    if (piece.length >= pieceLength) {
      pieces.push(piece)
      piece = ''
      yield
    }
    if (typeof given === 'bigint' || (isObject(given) && open.has(given))) {
      const what = isObject(given) ? 'an object that contains itself' : describeValue(given)
      throw new OptionError(`${name}: expected plain data as in JSON, got ${what}.`)
    }
    if (!isObject(given)) {
      piece += JSON.stringify(given) ?? 'null'
      return
    }
    open.add(given)
    let separator = ''
    if (Array.isArray(given)) {
      piece += '['
      for (const item of given) {
        piece += separator
        separator = ','
        yield* write(plain(item))
      }
      piece += ']'
    } else {
      piece += '{'
      for (const key of Object.keys(given)) {
        const item = plain((given as Record<string, unknown>)[key])
        if (leftOut.has(typeof item)) continue
        piece += `${separator}${JSON.stringify(key)}:`
        separator = ','
        yield* write(item)
      }
      piece += '}'
    }
    open.delete(given)
  }

  yield* write(plain(value))
  pieces.push(piece)
  return pieces
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** What stands for a value in JSON: dates, tensors and others say it themselves. */
function plain(value: unknown): unknown {
  if (!isObject(value) || typeof (value as { toJSON?: unknown }).toJSON !== 'function') return value
  return (value as { toJSON(): unknown }).toJSON()
}
