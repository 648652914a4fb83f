/**
 * What every safetensors file begins with: `u64 header length (little endian) | header (JSON) | data`. The header maps
 * tensor names to `{ dtype, shape, data_offsets: [begin, end] }`, offsets relative to the start of the data, and
 * `__metadata__` to strings. This file knows nothing about models.
 */
import type { ByteSource } from '../../base/disk'
import { describeValue, FormatError } from '../../base/errors'
import { parsedJson } from '../../base/json-text'
import { shapeText } from '../../base/shape'
import type { Reading, Sliced } from '../../base/slices'
import { sorted } from '../../base/sorted'
import { foreignFile, sniffedBytes } from './foreign'
import { bytesOfElements, formats, isFileDType, type FileDType } from './formats'

export const lengthBytes = 8
/** As in the reference implementation: a longer header is an attack or an accident. */
export const largestHeader = 100_000_000

/** Entries that are handled between two yields. */
export const entriesAtOnce = 1 << 10

/** Where a tensor lies: `begin` and `end` count from the start of the data. */
export interface TensorRange {
  name: string
  dtype: FileDType
  shape: number[]
  begin: number
  end: number
}

export interface Header {
  metadata: Record<string, string>
  /** In the order of the header. */
  ranges: TensorRange[]
  dataStart: number
  /** Everything before the data. */
  head: Buffer
}

export type Fail = (message: string, cause?: unknown) => never

/** FormatErrors that start with the name of the file. */
export function failing(name: string): Fail {
  return (message, cause) => {
    throw new FormatError(`${name}: ${message}`, { cause })
  }
}

/**
 * Reads the header of a file. Believes nothing: every length and range is checked before anything is made of it, and a
 * FormatError that starts with `name` says what is wrong, or what else the file is. `check` is asked first of all,
 * about the metadata and the number of tensors.
 */
export function* readHeader(
  source: ByteSource,
  name: string,
  check?: (metadata: Header['metadata'], tensors: number) => void,
): Reading<Header> {
  const fail = failing(name)
  const start = Buffer.alloc(Math.min(sniffedBytes, source.length))
  yield source.read(start, 0)
  const otherwise: Fail = (message, cause) => {
    const found = foreignFile(start)
    return found ? fail(`expected a safetensors file, got ${found}`, cause) : fail(message, cause)
  }
  if (source.length < lengthBytes + 2)
    otherwise(
      `expected a safetensors file, got ${source.length} bytes, too few for a header. The file may be truncated.`,
    )
  const headerLength = start.readBigUInt64LE()
  if (headerLength > BigInt(largestHeader))
    otherwise(
      `not a safetensors file: its first 8 bytes announce a header of ${headerLength} bytes, at most ` +
        `${largestHeader} are allowed.`,
    )
  const dataStart = lengthBytes + Number(headerLength)
  if (dataStart > source.length)
    otherwise(`truncated: the header should end at byte ${dataStart}, but the file has ${source.length} bytes.`)
  const head = Buffer.alloc(dataStart)
  yield source.read(head, 0)

  const parsed = yield* parseHeader(head.subarray(lengthBytes), fail, otherwise)
  const metadata = checkMetadata(Object.hasOwn(parsed, '__metadata__') ? parsed.__metadata__ : undefined, fail)
  const names = Object.keys(parsed).filter((tensor) => tensor !== '__metadata__')
  check?.(metadata, names.length)
  const ranges: TensorRange[] = []
  for (const tensor of names) {
    ranges.push(checkEntry(tensor, parsed[tensor], fail))
    if (ranges.length % entriesAtOnce === 0) yield
  }
  yield* checkCoverage(ranges, source.length - dataStart, fail)
  return { metadata, ranges, dataStart, head }
}

function* parseHeader(bytes: Buffer, fail: Fail, otherwise: Fail): Sliced<Record<string, unknown>> {
  let header: unknown
  try {
    header = yield* parsedJson(bytes)
  } catch (error) {
    otherwise(
      `the header (bytes 8 to ${bytes.length + 8}) is not JSON (${(error as Error).message}). The file is damaged or ` +
        `not safetensors.`,
      error,
    )
  }
  if (!isRecord(header)) return fail(`the header should be a JSON object, got ${describeValue(header)}.`)
  return header
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {}
  if (!isRecord(value)) return fail(`"__metadata__" should be an object of strings, got ${describeValue(value)}.`)
  for (const [key, entry] of Object.entries(value))
    if (typeof entry !== 'string') fail(`"__metadata__".${key} should be a string, got ${describeValue(entry)}.`)
  return value as Record<string, string>
}

function checkEntry(name: string, entry: unknown, fail: Fail): TensorRange {
  const where = `tensor '${name}'`
  if (!isRecord(entry))
    return fail(`${where}: expected an object with dtype, shape and data_offsets, got ${describeValue(entry)}.`)
  const { dtype, shape, data_offsets: offsets } = entry
  if (!isFileDType(dtype))
    return fail(`${where}: expected dtype ${Object.keys(formats).join(', ')}, got ${describeValue(dtype)}.`)
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fail(`${where}: expected a shape of integers of at least 0, got ${describeValue(shape)}.`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1])
    return fail(`${where}: expected data_offsets [begin, end] with begin ≤ end, got ${describeValue(offsets)}.`)
  const [begin, end] = offsets as [number, number]
  const expected = bytesOfElements(
    dtype,
    shape.reduce((a: number, b: number) => a * b, 1),
  )
  if (end - begin !== expected)
    fail(
      `${where}: shape ${shapeText(shape)} of ${dtype} takes ${expected} bytes, but data_offsets [${begin}, ${end}] ` +
        `hold ${end - begin}.`,
    )
  return { name, dtype, shape, begin, end }
}

/** The ranges must tile the data: no gap, no overlap, nothing behind the end. */
function* checkCoverage(ranges: readonly TensorRange[], dataLength: number, fail: Fail): Sliced<void> {
  let next = 0
  for (const { name, begin, end } of yield* sorted(ranges, byPlace)) {
    if (begin !== next)
      fail(
        `tensor '${name}' starts at byte ${begin} of the data, expected ${next}: tensors ` +
          `${begin < next ? 'overlap' : 'leave a gap'}.`,
      )
    next = end
    if (end > dataLength)
      fail(`truncated: tensor '${name}' should end at byte ${end} of the data, but there are ${dataLength} bytes.`)
  }
  if (next !== dataLength)
    fail(`expected ${next} bytes of data, got ${dataLength}: something stands behind the last tensor.`)
}

/** As the bytes follow one another. */
export const byPlace = (a: TensorRange, b: TensorRange): number => a.begin - b.begin || a.end - b.end

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
