/** The dtypes of safetensors files, with the arrays that JavaScript has for their values. */
import { endianness } from 'node:os'

/** Fills `into`, from its number `at` on, with the values that `bytes` hold. */
type Widen = (bytes: Uint8Array, into: Float32Array, at: number) => void

/** `bits`: of one element. `numbers`: how many numbers of the array an element becomes; null: its bytes as they are. */
interface Format {
  readonly bits: number
  readonly array: ArrayType
  readonly numbers: 1 | 2 | null
  /** For values that JavaScript has no array for: exactly as float32. */
  readonly widen?: Widen
}

type ArrayType =
  | Float64ArrayConstructor
  | Float32ArrayConstructor
  | BigInt64ArrayConstructor
  | BigUint64ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int8ArrayConstructor
  | Uint8ArrayConstructor

export const isBigEndian = endianness() === 'BE'

/** Floating numbers of 8 bits: sign, exponent, fraction. */
interface Layout {
  exponentBits: number
  fractionBits: number
  bias: number
  /** 'ieee': the largest exponent means infinity and NaN. 'top': all ones are NaN. 'minusZero': that alone is NaN. */
  special: 'ieee' | 'top' | 'minusZero'
}

function valueOf(code: number, { exponentBits, fractionBits, bias, special }: Layout): number {
  const signBit = 1 << (exponentBits + fractionBits)
  const top = (1 << exponentBits) - 1
  const ones = 1 << fractionBits
  const [exponent, fraction] = [(code >> fractionBits) & top, code & (ones - 1)]
  const sign = code & signBit ? -1 : 1
  if (special === 'minusZero' && code === signBit) return NaN
  if (special === 'top' && exponent === top && fraction === ones - 1) return NaN
  if (special === 'ieee' && exponent === top) return fraction ? NaN : sign * Infinity
  if (exponent === 0) return sign * (fraction / ones) * 2 ** (1 - bias)
  return sign * (1 + fraction / ones) * 2 ** (exponent - bias)
}

/** The values of all codes of so many bits, made when they are first asked for. */
function table(bits: number, value: (code: number) => number): () => Float32Array {
  let made: Float32Array | undefined
  return () => (made ??= Float32Array.from({ length: 1 << bits }, (_, code) => value(code)))
}

function bytesBy(values: () => Float32Array): Widen {
  return (bytes, into, at) => {
    const found = values()
    for (let i = 0; i < bytes.length; i++) into[at + i] = found[bytes[i]]
  }
}

const half = table(16, (code) => valueOf(code, { exponentBits: 5, fractionBits: 10, bias: 15, special: 'ieee' }))

const widenHalf: Widen = (bytes, into, at) => {
  const found = half()
  for (let i = 0; i < bytes.length; i += 2) into[at + i / 2] = found[bytes[i] | (bytes[i + 1] << 8)]
}

/** BF16 is the upper half of a float32. */
const widenBrain: Widen = (bytes, into, at) => {
  const words = new Uint32Array(into.buffer, into.byteOffset + 4 * at, bytes.length / 2)
  for (let i = 0; i < bytes.length; i += 2) words[i / 2] = (bytes[i] << 16) | (bytes[i + 1] << 24)
}

const float8 = (layout: Layout) => ({
  bits: 8,
  array: Float32Array,
  numbers: 1 as const,
  widen: bytesBy(table(8, (code) => valueOf(code, layout))),
})

/** By the names of the format's reference implementation. F8: Micikevicius et al. 2022; E8M0: OCP MX 1.0. */
export const formats = {
  F64: { bits: 64, array: Float64Array, numbers: 1 },
  F32: { bits: 32, array: Float32Array, numbers: 1 },
  F16: { bits: 16, array: Float32Array, numbers: 1, widen: widenHalf },
  BF16: { bits: 16, array: Float32Array, numbers: 1, widen: widenBrain },
  F8_E5M2: float8({ exponentBits: 5, fractionBits: 2, bias: 15, special: 'ieee' }),
  F8_E4M3: float8({ exponentBits: 4, fractionBits: 3, bias: 7, special: 'top' }),
  F8_E5M2FNUZ: float8({ exponentBits: 5, fractionBits: 2, bias: 16, special: 'minusZero' }),
  F8_E4M3FNUZ: float8({ exponentBits: 4, fractionBits: 3, bias: 8, special: 'minusZero' }),
  F8_E8M0: {
    bits: 8,
    array: Float32Array,
    numbers: 1,
    widen: bytesBy(table(8, (code) => (code === 255 ? NaN : 2 ** (code - 127)))),
  },
  C64: { bits: 64, array: Float32Array, numbers: 2 },
  I64: { bits: 64, array: BigInt64Array, numbers: 1 },
  U64: { bits: 64, array: BigUint64Array, numbers: 1 },
  I32: { bits: 32, array: Int32Array, numbers: 1 },
  U32: { bits: 32, array: Uint32Array, numbers: 1 },
  I16: { bits: 16, array: Int16Array, numbers: 1 },
  U16: { bits: 16, array: Uint16Array, numbers: 1 },
  I8: { bits: 8, array: Int8Array, numbers: 1 },
  U8: { bits: 8, array: Uint8Array, numbers: 1 },
  BOOL: { bits: 8, array: Uint8Array, numbers: 1 },
  F6_E2M3: { bits: 6, array: Uint8Array, numbers: null },
  F6_E3M2: { bits: 6, array: Uint8Array, numbers: null },
  F4: { bits: 4, array: Uint8Array, numbers: null },
} as const satisfies Record<string, Format>

/** A dtype as safetensors files name it. */
export type FileDType = keyof typeof formats
export type FileArray<D extends FileDType = FileDType> = InstanceType<(typeof formats)[D]['array']>

export const formatOf = (dtype: FileDType): Format => formats[dtype]

export function isFileDType(value: unknown): value is FileDType {
  return typeof value === 'string' && Object.hasOwn(formats, value)
}

/** Bytes of `count` elements; not whole where elements of 4 or 6 bits end within a byte. */
export const bytesOfElements = (dtype: FileDType, count: number): number => (count * formats[dtype].bits) / 8

/** Turns the bytes of numbers of `size` bytes round, in place: on machines that are big-endian, files are not. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (size === 2) buffer.swap16()
  else if (size === 4) buffer.swap32()
  else if (size === 8) buffer.swap64()
}
