/** Data as rows in JavaScript memory: what the functions of `data` compute on. */
import { arrayName, newArray, type DType, type NativeArray } from '../base/dtype'
import { describeValue, DTypeError, NonFiniteError, OptionError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
import { didYouMean } from '../base/suggest'
import { Tensor, tensor, toFlat, valuesOf, type TensorLike } from '../tensor/tensor'

/** A typed array with its shape, row by row. */
export interface ShapedArray {
  data: Exclude<TensorLike, Tensor | number>
  shape: Shape
}

/** What the functions of `data` take: nested arrays, a typed array (rank 1), one with a shape, or a Tensor. */
export type DataLike = TensorLike | ShapedArray

/** Rows of `width` numbers each; `shape[0]` is the number of rows. */
export interface Rows {
  data: NativeArray
  shape: number[]
  dtype: DType
  count: number
  width: number
}

/** `{ data, shape }`, which is no tensor and no array. @internal */
export function isShaped(value: unknown): value is ShapedArray {
  if (typeof value !== 'object' || value === null || value instanceof Tensor) return false
  return !Array.isArray(value) && !ArrayBuffer.isView(value) && 'shape' in value && 'data' in value
}

/** Reads anything data-like without going through native memory. ShapeError for scalars. */
export function toRows(where: string, value: DataLike): Rows {
  requireRows(where, value)
  const { data, shape, dtype } = flat(where, value)
  if (shape.length === 0)
    throw new ShapeError(`${where}: expected rows, an array of rank 1 or more, got a single number.`)
  return { data, shape, dtype, count: shape[0], width: data.length / shape[0] }
}

/** DTypeError for what cannot be rows at all. */
export function requireRows(where: string, value: DataLike): void {
  if (value === undefined || value === null || typeof value === 'string')
    throw new DTypeError(`${where}: expected nested arrays, a typed array or a Tensor, got ${describeValue(value)}.`)
}

/** NonFiniteError with the place of the first NaN or Infinity, its row and feature. */
export function requireFiniteRows(where: string, { data, width }: Rows): void {
  const bad = data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    throw new NonFiniteError(
      `${where} has ${data[bad]} in row ${Math.floor(bad / width)}, feature ${bad % width}. ` +
        `Remove or replace it first.`,
    )
}

/** True for a number beyond 2^24 that float32 would turn into another: an id, a date (20200101), a time, 1e39. */
export function beyondFloat32(value: number): boolean {
  const size = Math.abs(value)
  return size > 2 ** 24 && size < Infinity && Math.fround(value) !== value
}

/** Typed arrays, beside Float64Array, whose numbers float32 may not hold. */
const wideArrays = new Set(['Int32Array', 'Uint32Array'])

/** The dtype of a typed array of this kind as rows; undefined where it depends on the numbers, as for plain arrays. */
export function dtypeOfArray(name: string | undefined): DType | undefined {
  if (name === undefined || wideArrays.has(name)) return undefined
  return name === 'Float64Array' ? 'float64' : 'float32'
}

function flat(where: string, value: DataLike): { data: NativeArray; shape: number[]; dtype: DType } {
  if (value instanceof Tensor && value.dtype !== 'int32') {
    const { shape, dtype } = value as Tensor
    return { data: valuesOf(value) as NativeArray, shape: [...shape], dtype }
  }
  const { data: given, shape: own } = isShaped(value) ? value : { data: value, shape: undefined }
  const [source, asked] = given instanceof Tensor ? [valuesOf(given), own ?? given.shape] : [given, own]
  const dtype = dtypeOfArray(arrayName(source))
  if (dtype !== undefined) return { ...toFlat(where, source, dtype, asked), dtype }
  const { data, shape } = toFlat(where, source, 'float64', asked)
  if (data.some(beyondFloat32)) return { data, shape, dtype: 'float64' }
  return { data: Float32Array.from(data), shape, dtype: 'float32' }
}

/** x and y with the same number of rows. */
export function toPair(where: string, xy: { x: DataLike; y: DataLike }): { x: Rows; y: Rows } {
  requirePair(where, xy)
  const x = toRows(`${where}: x`, xy.x)
  const y = toRows(`${where}: y`, xy.y)
  requireSameCount(where, x, y)
  return { x, y }
}

/** ShapeError for what has no x and y. */
export function requirePair(where: string, xy: { x: DataLike; y: DataLike }): void {
  if (xy === null || typeof xy !== 'object' || !('x' in xy) || !('y' in xy))
    throw new ShapeError(`${where}: expected { x, y }, got ${describeValue(xy)}.`)
}

/** OptionError for weights under another name; whatever else stands beside x and y is left out. */
export function refuseMisspeltWeights(where: string, xy: object): void {
  for (const key of Object.keys(xy).filter((name) => !['x', 'y', 'sampleWeight'].includes(name))) {
    const meant = didYouMean(key, ['sampleWeight'])
    if (meant) throw new OptionError(`${where}: unknown '${key}' beside x and y.${meant}`)
  }
}

/** ShapeError where x and y have different numbers of rows. */
export function requireSameCount(where: string, x: Rows, y: Rows): void {
  if (x.count !== y.count)
    throw new ShapeError(
      `${where}: x and y need the same number of rows, got x ${shapeText(x.shape)} and y ${shapeText(y.shape)}.`,
    )
}

/** Shorter rows are copied number by number: a view of each would cost more. */
const shortRow = 64

/** Writes the named rows to `result`, in that order. */
export function copyRows({ data, width }: Rows, rows: Uint32Array, result: NativeArray): void {
  for (let i = 0; i < rows.length; i++) {
    const begin = rows[i] * width
    if (width > shortRow) result.set(data.subarray(begin, begin + width), i * width)
    else for (let j = 0; j < width; j++) result[i * width + j] = data[begin + j]
  }
}

/** A tensor of the named rows, in that order. */
export function takeRows(source: Rows, rows: Uint32Array): Tensor {
  const { width, shape, dtype } = source
  const result = newArray(dtype, rows.length * width)
  copyRows(source, rows, result)
  return tensor(result, [rows.length, ...shape.slice(1)], { dtype })
}
