/**
 * The safetensors container: `u64 header length (little endian) | header (JSON) | data`. The header maps tensor names
 * to `{ dtype, shape, data_offsets: [begin, end] }`, offsets relative to the start of the data, and `__metadata__` to
 * strings. This file knows nothing about models; any reader of safetensors opens what it writes.
 *
 * `__metadata__.checksum` is the SHA-256 of the whole file with the checksum's own 64 digits read as zeros, so that
 * any altered byte is noticed.
 */
import { constants } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { endianness } from 'node:os'
import { TextDecoder } from 'node:util'
import type { ByteSource } from '../../base/disk'
import { arrayOver, isArrayOf, type TensorArray, type TensorDType } from '../../base/dtype'
import { describeValue, FormatError } from '../../base/errors'
import { shapeText } from '../../base/shape'
import { atOnce, slices, type Reading, type Sliced } from '../../base/slices'

export interface NamedArray {
  name: string
  shape: number[]
  data: TensorArray
}

export interface Container {
  metadata: Record<string, string>
  /** In the order of the header. */
  tensors: NamedArray[]
}

/** Types of numbers as the format calls them. */
const formats = { F32: 'float32', F64: 'float64', I32: 'int32' } as const satisfies Record<string, TensorDType>
type Format = keyof typeof formats
const sizeOfFormat: Readonly<Record<Format, 4 | 8>> = { F32: 4, F64: 8, I32: 4 }

function formatOf(data: TensorArray): Format {
  if (isArrayOf('int32', data)) return 'I32'
  return isArrayOf('float64', data) ? 'F64' : 'F32'
}
const lengthBytes = 8
/** As in the reference implementation: a longer header is an attack or an accident. */
const largestHeader = 100_000_000
/** Hashed between two turns of the event loop: a millisecond or two. */
const hashedBytes = 1 << 20
const noChecksum = '0'.repeat(64)
const bigEndianHost = endianness() === 'BE'

/** Bytes of a file that holds `tensors` and the strings of `metadata` ('checksum' is added). */
export function encodeContainer(container: Container): Uint8Array {
  const parts = atOnce(containerParts(container))
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  if (total > constants.MAX_LENGTH)
    throw new FormatError(
      `The model takes ${total} bytes; this version of Node can hold ${constants.MAX_LENGTH} in one array. Save it ` +
        `to a file.`,
    )
  const file = new Uint8Array(total)
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    at += part.length
  }
  return file
}

/** The same file in pieces, one after the other; tensors are not copied. */
export function* containerParts({ metadata, tensors }: Container): Sliced<Uint8Array[]> {
  const { offsets, order } = layOut(tensors)
  const entries = tensors.map(({ name, shape, data }, i) => {
    const value = { dtype: formatOf(data), shape, data_offsets: offsets[i] }
    return `${JSON.stringify(name)}:${JSON.stringify(value)}`
  })
  const withChecksum = JSON.stringify({ checksum: noChecksum, ...metadata })
  const text = `{${[`"__metadata__":${withChecksum}`, ...entries].join(',')}}`
  const textBytes = Buffer.byteLength(text)
  // Spaces at the end of the header put the data on an 8-byte boundary of the file.
  const headerBytes = Math.ceil(textBytes / 8) * 8
  if (headerBytes > largestHeader)
    throw new FormatError(`The model's description takes ${headerBytes} bytes; a file can hold ${largestHeader}.`)
  const head = Buffer.alloc(lengthBytes + headerBytes, ' ')
  head.writeBigUInt64LE(BigInt(headerBytes))
  head.write(text, lengthBytes)
  const values = order.map((i) => littleEndian(tensors[i].data))
  const checksum = yield* digest([head, ...values])
  head.write(checksum, head.indexOf(noChecksum, lengthBytes), 'latin1')
  return [head, ...values]
}

/** Byte ranges without gaps, as readers demand; all of 8 bytes before all of 4, so that each array is aligned. */
function layOut(tensors: readonly NamedArray[]): { offsets: [number, number][]; order: number[] } {
  const names = new Set<string>()
  for (const { name, shape, data } of tensors) {
    if (names.has(name))
      throw new FormatError(`Two tensors of the model have the name '${name}'. Give each layer its own name.`)
    names.add(name)
    if (name === '__metadata__')
      throw new FormatError(`A tensor cannot be called '__metadata__': the file format uses it.`)
    if (data.length !== shape.reduce((a, b) => a * b, 1))
      throw new FormatError(`Tensor '${name}' has shape ${shapeText(shape)} but ${data.length} elements.`)
  }
  const offsets: [number, number][] = new Array(tensors.length)
  const order: number[] = []
  let next = 0
  for (const size of [8, 4])
    tensors.forEach(({ data }, i) => {
      if (data.BYTES_PER_ELEMENT !== size) return
      offsets[i] = [next, next + data.byteLength]
      next += data.byteLength
      order.push(i)
    })
  return { offsets, order }
}

/** SHA-256, in hex, of a file in pieces. */
function* digest(parts: readonly Uint8Array[]): Sliced<string> {
  const hash = createHash('sha256')
  for (const part of parts)
    for (const [from, to] of slices(part.length, hashedBytes)) {
      hash.update(part.subarray(from, to))
      yield
    }
  return hash.digest('hex')
}

/** The bytes of an array as files hold them. */
function littleEndian(data: TensorArray): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (!bigEndianHost) return bytes
  const copy = Buffer.from(bytes)
  swap(copy, data.BYTES_PER_ELEMENT)
  return copy
}

function swap(bytes: Buffer, size: number): void {
  if (size === 4) bytes.swap32()
  else bytes.swap64()
}

/**
 * Reads what `encodeContainer` wrote. Believes nothing: every length, range and name is checked before it is used,
 * and a FormatError that starts with `name` says what is wrong. The tensors are copies.
 */
export function* decodedContainer(source: ByteSource, name: string): Reading<Container> {
  const fail = (message: string, cause?: unknown): never => {
    throw new FormatError(`${name}: ${message}`, { cause })
  }
  if (source.length < lengthBytes + 2)
    fail(
      `expected a model file (safetensors), got ${source.length} bytes, too few for a header. The file may be ` +
        `truncated.`,
    )
  const start = Buffer.alloc(lengthBytes)
  yield source.read(start, 0)
  const headerLength = start.readBigUInt64LE()
  if (headerLength > BigInt(largestHeader))
    fail(
      `not a safetensors file: its first 8 bytes announce a header of ${headerLength} bytes, at most ` +
        `${largestHeader} are allowed.`,
    )
  const dataStart = lengthBytes + Number(headerLength)
  if (dataStart > source.length)
    fail(`truncated: the header should end at byte ${dataStart}, but the file has ${source.length} bytes.`)
  const head = Buffer.alloc(dataStart)
  yield source.read(head, 0)

  const header = parseHeader(head.subarray(lengthBytes), fail)
  const { __metadata__: metadataValue, ...rest } = header
  const metadata = checkMetadata(metadataValue, fail)
  const dataLength = source.length - dataStart
  const ranges = Object.entries(rest).map(([name, entry]) => checkEntry(name, entry, fail))
  checkCoverage(ranges, dataLength, fail)
  const checksum = checksumOf(metadata, fail)
  const hash = hashOfHead(head, checksum)
  const read = new Map<string, NamedArray>()
  for (const range of [...ranges].sort(byPlace))
    read.set(range.name, yield* readTensor(source, dataStart, range, hash, fail))
  const actual = hash.digest('hex')
  if (actual !== checksum)
    fail(
      `altered: the checksum written in it is ${checksum.slice(0, 16)}…, but its contents give ` +
        `${actual.slice(0, 16)}…. Restore the file from a copy.`,
    )
  const tensors = ranges.map((range) => read.get(range.name)!)
  const { checksum: _, ...others } = metadata
  return { metadata: others, tensors }
}

type Fail = (message: string, cause?: unknown) => never

interface TensorRange {
  name: string
  dtype: Format
  shape: number[]
  begin: number
  end: number
}

function parseHeader(bytes: Buffer, fail: Fail): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    fail(
      `the header (bytes 8 to ${bytes.length + 8}) is not JSON: ${(error as Error).message} The file is damaged or ` +
        `not safetensors.`,
      error,
    )
  }
  if (!isRecord(header)) return fail(`the header should be a JSON object, got ${describeValue(header)}.`)
  return header
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) fail('the header has no "__metadata__": these are tensors, but not a model saved by Myelin.')
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
  if (!isFormat(dtype)) return fail(`${where}: expected dtype F32, F64 or I32, got ${describeValue(dtype)}.`)
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fail(`${where}: expected a shape of integers of at least 0, got ${describeValue(shape)}.`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1])
    return fail(`${where}: expected data_offsets [begin, end] with begin ≤ end, got ${describeValue(offsets)}.`)
  const [begin, end] = offsets as [number, number]
  const expected = shape.reduce((a: number, b: number) => a * b, 1) * sizeOfFormat[dtype]
  if (end - begin !== expected)
    fail(
      `${where}: shape ${shapeText(shape)} of ${dtype} takes ${expected} bytes, but data_offsets [${begin}, ${end}] ` +
        `hold ${end - begin}.`,
    )
  return { name, dtype, shape, begin, end }
}

/** The ranges must tile the data: no gap, no overlap, nothing behind the end. */
function checkCoverage(ranges: readonly TensorRange[], dataLength: number, fail: Fail): void {
  let next = 0
  for (const { name, begin, end } of [...ranges].sort(byPlace)) {
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
const byPlace = (a: TensorRange, b: TensorRange) => a.begin - b.begin || a.end - b.end

function checksumOf({ checksum }: Record<string, string>, fail: Fail): string {
  if (checksum === undefined) return fail('the header has no checksum: not a model saved by Myelin.')
  if (!/^[0-9a-f]{64}$/.test(checksum))
    return fail(`expected a checksum of 64 hexadecimal digits, got ${describeValue(checksum)}.`)
  return checksum
}

/** The SHA-256 of a file so far: its head, with the checksum's own digits as zeros. */
function hashOfHead(head: Buffer, checksum: string): Hash {
  const hash = createHash('sha256')
  const place = head.indexOf(checksum, lengthBytes, 'latin1')
  // Written with escapes, perhaps: then nothing agrees with it.
  if (place < 0) return hash.update(head)
  return hash
    .update(head.subarray(0, place))
    .update(noChecksum, 'latin1')
    .update(head.subarray(place + 64))
}

/** A copy of one tensor, aligned. Its bytes go into the hash too. */
function* readTensor(
  source: ByteSource,
  dataStart: number,
  { name, dtype, shape, begin, end }: TensorRange,
  hash: Hash,
  fail: Fail,
): Reading<NamedArray> {
  const copy = bytesFor(name, end - begin, fail)
  for (const [from, to] of slices(copy.length, hashedBytes)) {
    const piece = copy.subarray(from, to)
    yield source.read(piece, dataStart + begin + from)
    hash.update(piece)
    yield
  }
  if (bigEndianHost) swap(Buffer.from(copy.buffer), sizeOfFormat[dtype])
  return { name, shape: [...shape], data: arrayOver(formats[dtype], copy.buffer) }
}

function bytesFor(name: string, size: number, fail: Fail): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size)
  } catch (error) {
    return fail(`tensor '${name}': there is no room for its ${size} bytes: ${(error as Error).message}.`, error)
  }
}

function isFormat(value: unknown): value is Format {
  return typeof value === 'string' && Object.hasOwn(formats, value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
