/** The rows of cells in the bytes of a CSV file, in slices. */
import { TextDecoder } from 'node:util'
import { FormatError } from '../base/errors'
import { slices, type Sliced } from '../base/slices'

export interface CsvFormat {
  separator: string
  /** A label that TextDecoder knows, in its own spelling: 'utf-8'. */
  encoding: string
}

/** Takes one row; `row` is 0 for the names, and counts from 1 for the others. */
export type TakeRow = (cells: string[], row: number) => void

/** Characters of a cell: where a quote never ends, the rest of the file would become one text. */
const longestCell = 1 << 24

/** Bytes decoded and parsed between two yields: some milliseconds. */
const sliceBytes = 1 << 16

const quote = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const hardSpace = 0xa0

/** How a row is named in messages. */
export function rowText(row: number): string {
  return row === 0 ? 'the line of names' : `row ${row}`
}

/**
 * Calls `take` with every row that is not empty. Quotes may hold separators, line ends and doubled quotes; lines end
 * with LF, CR and LF, or CR alone. FormatError for a quote that is never closed, for a cell that is too long, and for
 * bytes that are no text in this encoding.
 */
export function* csvRows(
  where: string,
  bytes: Uint8Array,
  { separator, encoding }: CsvFormat,
  take: TakeRow,
): Sliced<void> {
  if (encoding === 'utf-8') refuseOtherFormats(where, bytes)
  const parser = new Parser(separator, take)
  const decoder = new TextDecoder(encoding, { fatal: true })
  let from = 0
  for (const [, end] of slices(bytes.length, sliceBytes)) {
    const to = encoding === 'utf-8' ? characterStart(bytes, end) : end
    const part = bytes.subarray(from, to)
    let text: string
    try {
      text = decoder.decode(part, { stream: to < bytes.length })
    } catch (cause) {
      throw notDecoded(where, part, encoding, parser, cause)
    }
    parser.push(text)
    if (parser.cellLength > longestCell)
      throw new FormatError(
        `${where}: ${rowText(parser.row)}: expected cells of at most ${longestCell} characters, got a longer one. ` +
          `A quote may lack its end.`,
      )
    from = to
    yield
  }
  const open = parser.end()
  if (open !== null) throw new FormatError(`${where}: a quote that opens in ${rowText(open)} is never closed.`)
}

/** The last start of a UTF-8 character at or before `at`: what is decoded in pieces is cut between characters. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at
  while (start < bytes.length && start > at - 4 && (bytes[start] & 0xc0) === 0x80) start--
  return start
}

function notDecoded(where: string, part: Uint8Array, encoding: string, parser: Parser, cause: unknown): FormatError {
  const name = encoding.toUpperCase()
  if (encoding !== 'utf-8')
    return new FormatError(`${where}: expected ${name} text, got bytes that are none. Check the encoding.`, { cause })
  parser.push(new TextDecoder().decode(part).split('\ufffd', 1)[0])
  return new FormatError(
    `${where}: ${rowText(parser.row)}: expected UTF-8 text, got bytes that are none. Save the file as UTF-8, or ` +
      `name its encoding: encoding: 'windows-1252'.`,
    { cause },
  )
}

const signatures: readonly { bytes: readonly number[]; what: string }[] = [
  { bytes: [0x1f, 0x8b], what: 'a file compressed by gzip. Unpack it first' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a zip or Excel file. Unpack it, or save the sheet as CSV (UTF-8)' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: 'an Excel file. Save the sheet as CSV (UTF-8)' },
  { bytes: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file. Convert it to CSV' },
  { bytes: [0xff, 0xfe], what: "UTF-16 text. Save it as UTF-8, or say encoding: 'utf-16le'" },
  { bytes: [0xfe, 0xff], what: "UTF-16 text. Save it as UTF-8, or say encoding: 'utf-16be'" },
]

/** FormatError for what tables are often mistaken for. */
function refuseOtherFormats(where: string, bytes: Uint8Array): void {
  const found = signatures.find((signature) => signature.bytes.every((byte, i) => bytes[i] === byte))
  if (found) throw new FormatError(`${where}: expected CSV text, got ${found.what}.`)
  if (bytes.subarray(0, 4096).includes(0))
    throw new FormatError(
      `${where}: expected CSV text, got bytes of 0, which text has in UTF-16 alone: encoding: 'utf-16le'?`,
    )
}

class Parser {
  /** Number of the row that is being read. */
  row = 0
  #cells: string[] = []
  #cell = ''
  #isQuoted = false
  #wasQuoted = false
  /** More than spaces stands in the cell: a quote no longer opens one. */
  #hasText = false
  /** The last character was a quote that closes, unless another one follows. */
  #isClosing = false
  /** The last character was a CR; an LF behind it belongs to the same line end. */
  #isAfterReturn = false
  readonly #separator: number

  constructor(
    separator: string,
    readonly take: TakeRow,
  ) {
    this.#separator = separator.charCodeAt(0)
  }

  /** Of the cell that is being read. */
  get cellLength(): number {
    return this.#cell.length
  }

  push(text: string): void {
    let from = 0
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i)
      if (this.#isQuoted) {
        if (c !== quote) continue
        this.#cell += text.slice(from, i)
        this.#isQuoted = false
        this.#isClosing = true
        from = i + 1
        continue
      }
      if (c === quote && this.#isClosing) {
        this.#cell += '"'
        this.#isQuoted = true
        from = i + 1
      } else if (c === quote && !this.#hasText) {
        this.#cell = ''
        this.#isQuoted = this.#wasQuoted = this.#hasText = true
        from = i + 1
      } else if (c === this.#separator) {
        this.#endCell(text.slice(from, i))
        from = i + 1
      } else if (c === lineFeed && this.#isAfterReturn) {
        from = i + 1
      } else if (c === lineFeed || c === carriageReturn) {
        this.#endRow(text.slice(from, i))
        from = i + 1
      } else if (c > space && c !== hardSpace) this.#hasText = true
      this.#isClosing = false
      this.#isAfterReturn = c === carriageReturn
    }
    this.#cell += text.slice(from)
  }

  /** Takes the last row, which may lack a line end. Returns the row of a quote that is still open, or null. */
  end(): number | null {
    if (this.#isQuoted) return this.row
    if (this.#cell !== '' || this.#wasQuoted || this.#cells.length > 0) this.#endRow('')
    return null
  }

  #endCell(rest: string): void {
    const cell = this.#cell + rest
    this.#cells.push(this.#wasQuoted ? cell : cell.trim())
    this.#cell = ''
    this.#wasQuoted = this.#hasText = false
  }

  #endRow(rest: string): void {
    this.#endCell(rest)
    const cells = this.#cells
    this.#cells = []
    if (cells.length > 1 || cells[0] !== '') this.take(cells, this.row++)
  }
}
