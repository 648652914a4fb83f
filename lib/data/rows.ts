/** Data as rows in JavaScript memory: what the functions of `data` compute on. */
import { arrayName, newArray, type DType, type NativeArray } from '../base/dtype'
import { describeValue, DTypeError, NonFiniteError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
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
  if (value === undefined || value === null || typeof value === 'string')
    throw new DTypeError(`${where}: expected nested arrays, a typed array or a Tensor, got ${describeValue(value)}.`)
  const { data, shape, dtype } = flat(where, value)
  if (shape.length === 0)
    throw new ShapeError(`${where}: expected rows, an array of rank 1 or more, got a single number.`)
  return { data, shape, dtype, count: shape[0], width: data.length / shape[0] }
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

function flat(where: string, value: DataLike): { data: NativeArray; shape: number[]; dtype: DType } {
  if (value instanceof Tensor && value.dtype !== 'int32') {
    const { shape, dtype } = value as Tensor
    return { data: valuesOf(value) as NativeArray, shape: [...shape], dtype }
  }
  const { data: given, shape: own } = isShaped(value) ? value : { data: value, shape: undefined }
  const [source, asked] = given instanceof Tensor ? [valuesOf(given), own ?? given.shape] : [given, own]
  const name = arrayName(source)
  if (name === 'Float64Array') return { ...toFlat(where, source, 'float64', asked), dtype: 'float64' }
  if (name !== undefined && !wideArrays.has(name))
    return { ...toFlat(where, source, 'float32', asked), dtype: 'float32' }
  const { data, shape } = toFlat(where, source, 'float64', asked)
  if (data.some(beyondFloat32)) return { data, shape, dtype: 'float64' }
  return { data: Float32Array.from(data), shape, dtype: 'float32' }
}

/** x and y with the same number of rows. */
export function toPair(where: string, xy: { x: DataLike; y: DataLike }): { x: Rows; y: Rows } {
  if (xy === null || typeof xy !== 'object' || !('x' in xy) || !('y' in xy))
    throw new ShapeError(`${where}: expected { x, y }, got ${describeValue(xy)}.`)
  const x = toRows(`${where}: x`, xy.x)
  const y = toRows(`${where}: y`, xy.y)
  if (x.count !== y.count)
    throw new ShapeError(
      `${where}: x and y need the same number of rows, got x ${shapeText(x.shape)} and y ${shapeText(y.shape)}.`,
    )
  return { x, y }
}

/** A tensor of the named rows, in that order. */
export function takeRows(source: Rows, rows: Uint32Array): Tensor {
  const { data, width, shape, dtype } = source
  const result = newArray(dtype, rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    const begin = rows[i] * width
    if (width === 1) result[i] = data[begin]
    else result.set(data.subarray(begin, begin + width), i * width)
  }
  return tensor(result, [rows.length, ...shape.slice(1)], { dtype })
}
