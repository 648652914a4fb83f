/**
 * Model files as safetensors files (see `header.ts`): this file knows nothing about models; any reader of safetensors
 * opens what it writes.
 *
 * `__metadata__.contents` is a SHA-256 over what the file holds: its strings, and names, dtypes, shapes and values of
 * its tensors. So a file that is damaged is noticed, while another program may write the same contents in another order
 * or with other spaces. Older files have `checksum` instead, the SHA-256 of the whole file with the checksum's own 64
 * digits read as zeros.
 */
import { constants } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import type { ByteSource } from '../../base/disk'
import { isArrayOf, type TensorArray } from '../../base/dtype'
import { describeValue, FormatError } from '../../base/errors'
import { encoded, jsonPieces } from '../../base/json-text'
import { shapeText } from '../../base/shape'
import { atOnce, slices, type Reading, type Sliced } from '../../base/slices'
import { sorted } from '../../base/sorted'
import { isBigEndian, swapBytes } from './formats'
import {
  byPlace,
  entriesAtOnce,
  failing,
  largestHeader,
  lengthBytes,
  readHeader,
  type Fail,
  type Header,
} from './header'
import { readBytes, readValues } from './values'

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

/** The dtypes of models, as the format calls them. */
const modelDTypes = ['F32', 'F64', 'I32'] as const
type ModelDType = (typeof modelDTypes)[number]

function dtypeOf(data: TensorArray): ModelDType {
  if (isArrayOf('int32', data)) return 'I32'
  return isArrayOf('float64', data) ? 'F64' : 'F32'
}

/** What stands for a tensor in the checksum: `hash` of its bytes, in hex. */
interface Digest {
  name: string
  dtype: string
  shape: readonly number[]
  hash: string
}

const byName = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]) => (a < b ? -1 : 1)

/** SHA-256, in hex, of what a file holds, whatever the order in it. */
function* contentsOf(metadata: Container['metadata'], tensors: readonly Digest[]): Sliced<string> {
  const strings = Object.entries(metadata).sort(byName)
  const values = yield* sorted(
    tensors.map(({ name, dtype, shape, hash }) => [name, dtype, shape, hash] as const),
    byName,
  )
  const hash = createHash('sha256')
  for (const piece of yield* jsonPieces([strings, values])) {
    hash.update(piece)
    yield
  }
  return hash.digest('hex')
}

/** Bytes of a file that holds `tensors` and the strings of `metadata` ('contents' is added). */
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
  const values = tensors.map(({ data }) => littleEndian(data))
  const digests: Digest[] = []
  for (const [i, { name, shape, data }] of tensors.entries())
    digests.push({ name, dtype: dtypeOf(data), shape, hash: yield* digest(values[i]) })
  const strings = { contents: yield* contentsOf(metadata, digests), ...metadata }
  const ranges = digests.map(({ name, dtype, shape }, i) => [name, { dtype, shape, data_offsets: offsets[i] }] as const)
  // A record would put names that are numbers first.
  const pieces = ['{"__metadata__":', ...(yield* jsonPieces(strings))]
  for (const [i, [name, range]] of ranges.entries()) {
    pieces.push(`,${JSON.stringify(name)}:${JSON.stringify(range)}`)
    if (i % entriesAtOnce === 0) yield
  }
  pieces.push('}')
  const text = yield* encoded(pieces)
  const textBytes = text.reduce((sum, piece) => sum + piece.length, 0)
  // Spaces at the end of the header put the data on an 8-byte boundary of the file.
  const headerBytes = Math.ceil(textBytes / 8) * 8
  if (headerBytes > largestHeader)
    throw new FormatError(`The model's description takes ${headerBytes} bytes; a file can hold ${largestHeader}.`)
  const head = Buffer.alloc(lengthBytes + headerBytes, ' ')
  head.writeBigUInt64LE(BigInt(headerBytes))
  let at = lengthBytes
  for (const [i, piece] of text.entries()) {
    head.set(piece, at)
    at += piece.length
    if (i % entriesAtOnce === 0) yield
  }
  return [head, ...order.map((i) => values[i])]
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

/** SHA-256 of bytes, in hex. */
function* digest(bytes: Uint8Array): Sliced<string> {
  const hash = createHash('sha256')
  for (const [from, to] of slices(bytes.length, readBytes)) {
    hash.update(bytes.subarray(from, to))
    yield
  }
  return hash.digest('hex')
}

/** The bytes of an array as files hold them. */
function littleEndian(data: TensorArray): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (!isBigEndian) return bytes
  const copy = Uint8Array.from(bytes)
  swapBytes(copy, data.BYTES_PER_ELEMENT)
  return copy
}

/**
 * Reads what `encodeContainer` wrote, or another program after it. Believes nothing: every length, range and name is
 * checked before it is used, and a FormatError that starts with `name` says what is wrong. `check` is asked first of
 * all. The tensors are copies.
 */
export function* decodedContainer(
  source: ByteSource,
  name: string,
  check?: (metadata: Container['metadata'], tensors: number) => void,
): Reading<Container> {
  const fail = failing(name)
  const header = yield* readHeader(source, name, check)
  const { contents, checksum, ...metadata } = header.metadata
  const { ranges } = header
  const wrong = ranges.find(({ dtype }) => !isModelDType(dtype))
  if (wrong) fail(`tensor '${wrong.name}': expected dtype ${modelDTypes.join(', ')}, got ${wrong.dtype}.`)
  const written = checkedDigits(contents ?? checksum, fail)
  const whole = contents === undefined ? hashOfHead(header, written) : undefined
  const digests: Digest[] = []
  const read = new Map<string, NamedArray>()
  for (const range of yield* sorted(ranges, byPlace)) {
    const hash = whole ?? createHash('sha256')
    const { shape, data } = yield* readValues(source, header, range, fail, hash)
    read.set(range.name, { name: range.name, shape, data: data as TensorArray })
    if (!whole) digests.push({ ...range, hash: hash.digest('hex') })
  }
  const actual = whole ? whole.digest('hex') : yield* contentsOf(metadata, digests)
  if (actual !== written)
    fail(
      `altered: the checksum written in it is ${written.slice(0, 16)}…, but its contents give ` +
        `${actual.slice(0, 16)}…. Restore the file from a copy.${whole ? oldFile : ''}`,
    )
  return { metadata, tensors: ranges.map((range) => read.get(range.name)!) }
}

const isModelDType = (dtype: string): dtype is ModelDType => (modelDTypes as readonly string[]).includes(dtype)

function checkedDigits(digits: string | undefined, fail: Fail): string {
  if (digits === undefined) return fail('the metadata have no checksum: the file is damaged.')
  if (!/^[0-9a-f]{64}$/.test(digits))
    return fail(`expected a checksum of 64 hexadecimal digits, got ${describeValue(digits)}.`)
  return digits
}

/** Said where the order in the file counts too. */
const oldFile = ' If another program wrote it again: files of Myelin 0.1 do not stand that.'

const noChecksum = '0'.repeat(64)

/** Of an older file: the SHA-256 so far, with the checksum's own digits as zeros. */
function hashOfHead({ head }: Header, checksum: string): Hash {
  const hash = createHash('sha256')
  const place = head.indexOf(checksum, lengthBytes, 'latin1')
  // Written with escapes, perhaps: then nothing agrees with it.
  if (place < 0) return hash.update(head)
  return hash
    .update(head.subarray(0, place))
    .update(noChecksum, 'latin1')
    .update(head.subarray(place + 64))
}
