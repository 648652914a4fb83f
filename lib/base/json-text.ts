/**
 * JSON text of any length in slices: written as `JSON.stringify` writes it, and read as `JSON.parse` reads it. What is
 * small goes to those at once.
 */
import { TextDecoder } from 'node:util'
import { slices, type Sliced } from './slices'

/** Letters, or bytes, that are handled at once: some tenths of a millisecond. */
const pieceLength = 1 << 16
/** Values that are written at once. */
const mostValues = 512
/** Bytes that are looked at between two yields. */
const scannedAtOnce = 1 << 19

/** What stands for a value in the text, as the replacer of `JSON.stringify`; the key tells nothing. */
export type Replace = (key: string, value: unknown) => unknown

class Pieces {
  readonly list: string[] = []
  #open: string[] = []
  #length = 0

  /** True where a piece has become full. */
  add(text: string): boolean {
    this.#open.push(text)
    this.#length += text.length
    if (this.#length < pieceLength) return false
    this.close()
    return true
  }

  close(): void {
    if (this.#open.length) this.list.push(this.#open.join(''))
    this.#open = []
    this.#length = 0
  }
}

/** The JSON text of plain data in pieces, none of which ends within a letter. */
export function* jsonPieces(value: unknown, replace?: Replace): Sliced<string[]> {
  const pieces = new Pieces()
  yield* write(pieces, value, replace)
  pieces.close()
  return pieces.list
}

/** Whether a value has more than so many values or letters in it. */
function isLarge(value: unknown): boolean {
  let left = mostValues
  const visit = (inner: unknown): void => {
    if (typeof inner === 'string') left -= (inner.length * mostValues) / pieceLength
    if (typeof inner !== 'object' || inner === null) return
    const isList = Array.isArray(inner)
    for (const key in inner) {
      if (--left < 0) return
      if (!isList) left -= (key.length * mostValues) / pieceLength
      visit((inner as Record<string, unknown>)[key])
    }
  }
  visit(value)
  return left < 0
}

function* write(pieces: Pieces, value: unknown, replace: Replace | undefined): Sliced<void> {
  if (!isLarge(value)) {
    if (pieces.add(JSON.stringify(value, replace) ?? 'null')) yield
  } else if (typeof value === 'string') {
    pieces.add('"')
    for (let from = 0; from < value.length;) {
      let to = Math.min(value.length, from + pieceLength)
      // Both halves of a letter stay together.
      if (to < value.length && /[\uD800-\uDBFF]/.test(value[to - 1])) to--
      pieces.add(JSON.stringify(value.slice(from, to)).slice(1, -1))
      from = to
      yield
    }
    pieces.add('"')
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      pieces.add(i ? ',' : '[')
      yield* write(pieces, item, replace)
    }
    pieces.add(']')
  } else {
    let before = '{'
    for (const [key, item] of Object.entries(value as object)) {
      if (item === undefined) continue
      pieces.add(`${before}${JSON.stringify(key)}:`)
      yield* write(pieces, item, replace)
      before = ','
    }
    pieces.add(before === '{' ? '{}' : '}')
  }
}

/** The text has not the form that was looked for: `JSON.parse` has the word. */
class Unread extends Error {}

/**
 * The value of a JSON text in UTF-8. Errors as those of `JSON.parse`, and a TypeError for bytes that are no UTF-8.
 * `revive` gives what stands for a value within it.
 */
export function parsedJson(bytes: Uint8Array, revive?: (value: unknown) => unknown): Sliced<unknown> {
  return new Reader(bytes, revive).whole()
}

const [quote, backslash, comma, colon, u] = Buffer.from('"\\,:u')
const opening: readonly number[] = [...Buffer.from('[{')]
const closing: readonly number[] = [...Buffer.from(']}')]
const isOpening = (byte: number) => byte === opening[0] || byte === opening[1]
const isClosing = (byte: number) => byte === closing[0] || byte === closing[1]

class Reader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #revive: ((key: string, value: unknown) => unknown) | undefined

  constructor(
    readonly bytes: Uint8Array,
    revive: ((value: unknown) => unknown) | undefined,
  ) {
    this.#revive = revive && ((_, value) => revive(value))
  }

  *whole(): Sliced<unknown> {
    const { length } = this.bytes
    if (length <= pieceLength) return this.#parse(0, length)
    try {
      return yield* this.#value(0, length)
    } catch (error) {
      if (!(error instanceof Unread || error instanceof SyntaxError || error instanceof TypeError)) throw error
      return this.#parse(0, length)
    }
  }

  #parse(from: number, to: number, before = '', after = ''): unknown {
    return JSON.parse(before + this.#decoder.decode(this.bytes.subarray(from, to)) + after, this.#revive)
  }

  #isSpace(at: number): boolean {
    const byte = this.bytes[at]
    return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
  }

  /** The first place from `at` on that is no space. */
  #past(at: number, end: number): number {
    while (at < end && this.#isSpace(at)) at++
    return at
  }

  /** Behind the string that begins at `at`. */
  #behindString(at: number): number {
    for (let from = at + 1; ;) {
      const end = this.bytes.indexOf(quote, from)
      if (end < 0) throw new Unread()
      let escapes = 0
      while (this.bytes[end - 1 - escapes] === backslash) escapes++
      if (escapes % 2 === 0) return end + 1
      from = end + 1
    }
  }

  *#value(from: number, to: number): Sliced<unknown> {
    from = this.#past(from, to)
    while (to > from && this.#isSpace(to - 1)) to--
    if (to - from > pieceLength) {
      if (this.bytes[from] === quote) return yield* this.#string(from, to)
      const kind = opening.indexOf(this.bytes[from])
      if (kind >= 0) return yield* this.#container(from, to, kind)
    }
    const value = this.#parse(from, to)
    yield
    return value
  }

  *#string(from: number, to: number): Sliced<string> {
    const { bytes } = this
    if (this.#behindString(from) !== to) throw new Unread()
    const parts: string[] = []
    for (let begin = from + 1; begin < to - 1;) {
      const least = Math.min(begin + pieceLength, to - 1)
      let end = begin
      // Neither an escape nor a letter of several bytes is cut in two.
      while (end < least) end += bytes[end] === backslash ? (bytes[end + 1] === u ? 6 : 2) : 1
      while ((bytes[end] & 0xc0) === 0x80) end++
      parts.push(this.#parse(begin, end, '"', '"') as string)
      begin = end
      yield
    }
    return parts.join('')
  }

  /** A list (kind 0) or an object (kind 1): runs of small entries, and large ones by themselves. */
  *#container(from: number, to: number, kind: number): Sliced<unknown> {
    const { bytes } = this
    const list: unknown[] = []
    const record: Record<string, unknown> = {}
    const set = (key: string, value: unknown): void => {
      // A plain '__proto__' would be no property.
      Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true })
    }
    const takeRun = (begin: number, end: number): void => {
      if (begin >= end) return
      if (this.#past(begin, end) === end) throw new Unread()
      if (kind === 0) for (const item of this.#parse(begin, end, '[', ']') as unknown[]) list.push(item)
      else for (const [key, item] of Object.entries(this.#parse(begin, end, '{', '}') as object)) set(key, item)
    }
    let [run, start, depth, last] = [from + 1, from + 1, 0, from]
    for (let at = from + 1; at < to; at++) {
      if (at - last > scannedAtOnce) {
        last = at
        yield
      }
      const byte = bytes[at]
      if (byte === quote) at = this.#behindString(at) - 1
      else if (isOpening(byte)) depth++
      else if (depth > 0 && isClosing(byte)) depth--
      else if (depth === 0 && (byte === comma || isClosing(byte))) {
        const isEnd = byte !== comma
        if (isEnd && (at !== to - 1 || byte !== closing[kind])) throw new Unread()
        if (this.#past(start, at) === at) throw new Unread()
        if (at - start > pieceLength) {
          takeRun(run, start - 1)
          if (kind === 0) list.push(yield* this.#value(start, at))
          else {
            const { key, value } = yield* this.#entry(start, at)
            set(key, value)
          }
          run = at + 1
        } else if (isEnd || at - run > pieceLength) {
          takeRun(run, at)
          run = at + 1
          yield
        }
        start = at + 1
        if (isEnd) return kind === 0 ? list : record
      }
    }
    throw new Unread()
  }

  *#entry(from: number, to: number): Sliced<{ key: string; value: unknown }> {
    from = this.#past(from, to)
    if (this.bytes[from] !== quote) throw new Unread()
    const end = this.#behindString(from)
    const at = this.#past(end, to)
    if (this.bytes[at] !== colon) throw new Unread()
    return { key: this.#parse(from, end) as string, value: yield* this.#value(at + 1, to) }
  }
}

/** The bytes of pieces of text, one array for each. */
export function* encoded(pieces: readonly string[]): Sliced<Buffer[]> {
  const result: Buffer[] = []
  for (const [i] of slices(pieces.length, 1)) {
    result.push(Buffer.from(pieces[i]))
    yield
  }
  return result
}
