/** Rows that users give, read part by part: nothing large is copied or scanned in one go. */
import { shapeOption } from '../base/checks'
import { newArray, type DType, type NativeArray } from '../base/dtype'
import { describeValue, DisposedError, NonFiniteError, OptionError, ShapeError } from '../base/errors'
import { shapeText, sizeOf, type Shape } from '../base/shape'
import { sliceLength, slices, type Sliced } from '../base/slices'
import type { NativeBuffer } from '../native/contract'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { fillRows, flatten, isNumberArray, shapeOfFirst } from '../tensor/convert'
import { bufferOf, shareStorage, Tensor } from '../tensor/tensor'
import type { DataLike, ShapedArray } from './rows'

/** Rows in JavaScript memory, in the model's dtype. */
export interface Flat {
  data: NativeArray
  shape: number[]
}

/** Where the data of a model lives: an Engine is one. */
export interface Home {
  dtype: DType
  device: string
}

/** Something that has rows. */
export interface RowSource {
  shape: number[]
  /** The rows [from, to) in the wanted dtype; good until the next call, and not to be written to. */
  read(from: number, to: number): NativeArray
  /** Present where the values are in the CPU's memory in the wanted dtype already. */
  tensor?: Tensor
}

/** Rows in native memory. */
export interface NativeRows {
  buffer: NativeBuffer
  shape: number[]
  release(): void
}

function isShaped(value: unknown): value is ShapedArray {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Tensor) &&
    !ArrayBuffer.isView(value) &&
    'data' in value &&
    'shape' in value
  )
}

/**
 * Calls `work` with references of its own to the tensors among the values: their owner may dispose them as soon as this
 * function has been called. Tensors that are disposed already are left to `openRows`, which names their argument.
 */
export async function holding<Values extends readonly unknown[], Result>(
  values: readonly [...Values],
  work: (...values: Values) => Promise<Result>,
): Promise<Result> {
  const own: Tensor[] = []
  try {
    const held = values.map((value) => {
      if (!(value instanceof Tensor) || value.disposed) return value
      own.push(shareStorage(value, value.shape))
      return own[own.length - 1]
    })
    return await work(...(held as unknown as Values))
  } finally {
    for (const reference of own) reference.dispose()
  }
}

/** Opens what a user gives as rows. Its shape is known at once; elements are checked as they are read. */
export function openRows(where: string, value: DataLike, dtype: DType): RowSource {
  if (value === undefined || value === null)
    throw new OptionError(
      `${where}: expected nested arrays, a typed array with a shape or a Tensor, got ${describeValue(value)}.`,
    )
  if (value instanceof Tensor) return ofTensor(where, value, dtype)
  const { data, shape } = isShaped(value) ? value : { data: value, shape: undefined }
  if (isNumberArray(data) && data.length > 0) {
    const given = shape === undefined ? [data.length] : shapeOption(`${where}: shape`, shape)
    if (sizeOf(given) === data.length) return ofArray(data, given, dtype)
  }
  if (Array.isArray(data) && shape === undefined) return ofNested(where, data, dtype)
  const flat = flatten(where, data, dtype, shape)
  return ofArray(flat.data, [...flat.shape], dtype)
}

function ofTensor(where: string, value: Tensor, dtype: DType): RowSource {
  if (value.disposed)
    throw new DisposedError(`${where}: a disposed tensor of shape ${shapeText(value.shape)} cannot be used.`)
  const buffer = bufferOf(value)
  const width = value.size / (value.shape[0] ?? 1)
  const read = (from: number, to: number) =>
    guarded('Tensor', () => native.bufferRead(buffer, from * width, (to - from) * width))
  const shape = [...value.shape]
  if (value.dtype === dtype) return { shape, read, tensor: value }
  return { shape, read: (from, to) => converted(read(from, to), dtype) }
}

function ofArray(data: Parameters<typeof Float32Array.from>[0] & { length: number }, shape: number[], dtype: DType) {
  const values = data as NativeArray
  const width = values.length / (shape[0] ?? 1)
  const same = values instanceof (dtype === 'float32' ? Float32Array : Float64Array)
  const read = (from: number, to: number) => {
    const part = values.subarray(from * width, to * width)
    return same ? part : converted(part, dtype)
  }
  return { shape, read }
}

function ofNested(where: string, value: readonly unknown[], dtype: DType): RowSource {
  const shape = shapeOfFirst(where, value)
  const width = sizeOf(shape.slice(1))
  const read = (from: number, to: number) => {
    const data = newArray(dtype, (to - from) * width)
    fillRows(where, value, shape, data, from, to)
    return data
  }
  return { shape, read }
}

function converted(values: NativeArray, dtype: DType): NativeArray {
  const data = newArray(dtype, values.length)
  data.set(values)
  return data
}

function widthOf({ shape }: RowSource): number {
  return sizeOf(shape.slice(1))
}

/** [from, to) of row numbers, about a millisecond's work each. */
export function rowSlices(shape: Shape): Generator<[from: number, to: number], void, undefined> {
  return slices(shape[0], Math.max(1, Math.floor(sliceLength / sizeOf(shape.slice(1)))))
}

/** Copies the rows into native memory, unless a Tensor has them there, and checks that all numbers are finite. */
export function* toNative(where: string, name: string, source: RowSource, home: Home): Sliced<NativeRows> {
  const { shape } = source
  const width = widthOf(source)
  const keep = source.tensor && home.device === 'cpu' ? shareStorage(source.tensor, shape) : null
  const buffer = keep
    ? bufferOf(keep)
    : guarded(where, () => native.bufferReserve(home.dtype, sizeOf(shape), home.device))
  const release = () => (keep ? keep.dispose() : native.bufferDispose(buffer))
  try {
    for (const [from, to] of rowSlices(shape)) {
      const part = source.read(from, to)
      requireFinite(where, name, part, shape, from * width)
      if (!keep) guarded(where, () => native.bufferWrite(buffer, part, from * width))
      yield
    }
  } catch (error) {
    release()
    throw error
  }
  return { buffer, shape, release }
}

/** Copies the rows into one JavaScript array, calling `check` on every part. */
export function* toFlatRows(source: RowSource, dtype: DType, check: (part: Flat, from: number) => void): Sliced<Flat> {
  const { shape } = source
  const width = widthOf(source)
  const data = newArray(dtype, sizeOf(shape))
  for (const [from, to] of rowSlices(shape)) {
    data.set(source.read(from, to), from * width)
    check({ data: data.subarray(from * width, to * width), shape: [to - from, ...shape.slice(1)] }, from)
    yield
  }
  return { data, shape }
}

/** Copies an array into native memory in slices. */
export function* upload(where: string, { data }: Flat, { dtype, device }: Home): Sliced<NativeBuffer> {
  const buffer = guarded(where, () => native.bufferReserve(dtype, data.length, device))
  try {
    for (const [from, to] of slices(data.length)) {
      guarded(where, () => native.bufferWrite(buffer, data.subarray(from, to), from))
      yield
    }
  } catch (error) {
    native.bufferDispose(buffer)
    throw error
  }
  return buffer
}

/** Copies rows out of native memory in slices. */
export function* download(where: string, { buffer, shape }: NativeRows, dtype: DType): Sliced<Flat> {
  const data = newArray(dtype, sizeOf(shape))
  for (const [from, to] of slices(data.length)) {
    data.set(
      guarded(where, () => native.bufferRead(buffer, from, to - from)),
      from,
    )
    yield
  }
  return { data, shape }
}

/** Throws NonFiniteError that names the place of the first NaN or Infinity. `offset`: elements of the whole before `data`. */
export function requireFinite(where: string, name: string, data: NativeArray, shape: Shape, offset = 0): void {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i] * 0
  if (sum === 0) return
  const i = data.findIndex((value) => !Number.isFinite(value))
  const large = data instanceof Float32Array && !Number.isNaN(data[i])
  throw new NonFiniteError(
    `${where}: ${placeText(name, offset + i, shape)} is ${data[i]}${large ? ' as a float32 number (the largest is 3.4e38)' : ''}; ` +
      'the data must be finite numbers. Remove the row or fill the value in.',
  )
}

function placeText(name: string, index: number, shape: Shape): string {
  const at: number[] = []
  let rest = index
  for (let d = shape.length - 1; d >= 0; d--) {
    at.unshift(rest % shape[d])
    rest = Math.floor(rest / shape[d])
  }
  const where =
    shape.length === 2
      ? ` (row ${at[0]}, column ${at[1]}, counted from 0)`
      : shape.length === 1
        ? ` (row ${at[0]}, counted from 0)`
        : ''
  return `${name}[${at.join('][')}]${where}`
}

/** x as [m, ...inputShape]. */
export function openX(where: string, value: DataLike, inputShape: Shape, dtype: DType): RowSource {
  const source = openRows(`${where}: x`, value, dtype)
  const [, ...rest] = source.shape
  if (source.shape.length > 0 && rest.join() === inputShape.join()) return source
  throw new ShapeError(
    `${where}: x: expected shape ${shapeText([null, ...inputShape])} (examples are rows), got ${shapeText(source.shape)}.${rowsHint(value, source.shape, inputShape)}`,
  )
}

/** How numbers without rows become examples. */
function rowsHint(value: DataLike, shape: Shape, inputShape: Shape): string {
  if (shape.join() === inputShape.join()) return ' For one example wrap it: [example].'
  if (shape.length !== 1) return ''
  const size = sizeOf(inputShape)
  const rows = shapeText([shape[0] % size === 0 ? shape[0] / size : 'm', ...inputShape])
  if (value instanceof Tensor) return ` Give it rows: ops.reshape(x, ${rows}).`
  if (!Array.isArray(value)) return ` A flat typed array needs its shape: tensor(data, ${rows}).`
  if (inputShape.join() === '1') return ' For one number per example: x.map((v) => [v]).'
  return ` A flat array needs its shape: tensor(x, ${rows}).`
}

/** y as [m, ...target]; [m] and [m, 1] stand for each other where the target has one number per example. */
export function openY(where: string, value: DataLike, target: Shape, rows: number, dtype: DType): RowSource {
  const source = openRows(`${where}: y`, value, dtype)
  const { shape } = source
  const given = shape.slice(1)
  const single = (dims: Shape) => dims.length === 0 || (dims.length === 1 && dims[0] === 1)
  if (given.join() !== target.join() || shape.length === 0) {
    if (shape.length === 0 || !(single(given) && single(target))) {
      const expected = shapeText([rows, ...target])
      const classNumbers = given.length === 0 && target.length === 1 && target[0] > 1
      const hint = classNumbers
        ? " For class numbers use the loss 'sparseCategoricalCrossentropy', or data.oneHot(y)."
        : single(target) && given.length === 1
          ? " For one-hot rows use the loss 'categoricalCrossentropy'."
          : ''
      throw new ShapeError(`${where}: y: expected shape ${expected}, got ${shapeText(shape)}.${hint}`)
    }
    source.shape = [shape[0], ...target]
  }
  if (shape[0] !== rows) throw new ShapeError(`${where}: x has ${rows} rows but y has ${shape[0]}.`)
  return source
}
