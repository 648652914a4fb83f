/** Rows on their way into native memory and out of it, in slices: nothing large is copied or scanned in one go. */
import { isArrayOf, newArray, type ArrayOf, type DType, type TensorArray, type TensorDType } from '../base/dtype'
import { NonFiniteError } from '../base/errors'
import { sizeOf, type Shape } from '../base/shape'
import { sliceLength, slices, type Sliced } from '../base/slices'
import type { NativeBuffer } from '../native/contract'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { bufferOf, Tensor } from '../tensor/tensor'
import type { RowSource } from './row-source'

/** Rows in JavaScript memory, in the model's dtype. */
export interface Flat<D extends TensorDType = DType> {
  data: ArrayOf<D>
  shape: number[]
}

/** Where the data of a model lives: an Engine is one. */
export interface Home<D extends TensorDType = DType> {
  /** Of the rows there: the model's own, or int32. */
  dtype: D
  device: string
}

/** Rows in native memory. */
export interface NativeRows {
  buffer: NativeBuffer
  shape: number[]
  release(): void
}

/** [from, to) of row numbers, about a millisecond's work each. */
function rowSlices(shape: Shape): Generator<[from: number, to: number], void, undefined> {
  return slices(shape[0], Math.max(1, Math.floor(sliceLength / sizeOf(shape.slice(1)))))
}

/**
 * Copies the rows into native memory, unless a Tensor has them there, and checks that all numbers are finite. `check`
 * sees every part too, and how many elements come before it.
 */
export function* toNative<D extends TensorDType>(
  where: string,
  name: string,
  source: RowSource<D>,
  home: Home<D>,
  check?: (part: ArrayOf<D>, from: number) => void,
): Sliced<NativeRows> {
  const { shape } = source
  const keep = home.device === 'cpu' ? source.take?.() : undefined
  const buffer = keep
    ? bufferOf(keep)
    : guarded(where, () => native.bufferReserve(home.dtype, sizeOf(shape), home.device))
  const release = () => (keep ? keep.dispose() : native.bufferDispose(buffer))
  try {
    for (const [from, to] of slices(sizeOf(shape))) {
      const part = source.read(from, to)
      requireFinite(where, name, part, shape, from)
      check?.(part, from)
      if (!keep) guarded(where, () => native.bufferWrite(buffer, part, from))
      yield
    }
  } catch (error) {
    release()
    throw error
  }
  return { buffer, shape, release }
}

/** Copies the rows into one JavaScript array, calling `check` on whole rows. */
export function* toFlatRows<D extends TensorDType>(
  source: RowSource<D>,
  dtype: D,
  check: (part: Flat<D>, from: number) => void,
): Sliced<Flat<D>> {
  const { shape } = source
  const width = sizeOf(shape.slice(1))
  const data = newArray(dtype, sizeOf(shape))
  for (const [from, to] of rowSlices(shape)) {
    const begin = from * width
    for (const [first, end] of slices((to - from) * width)) {
      data.set(source.read(begin + first, begin + end), begin + first)
      if (end < (to - from) * width) yield
    }
    check({ data: data.subarray(from * width, to * width) as ArrayOf<D>, shape: [to - from, ...shape.slice(1)] }, from)
    yield
  }
  return { data, shape }
}

/** Copies an array into native memory in slices. */
export function* upload(
  where: string,
  { data }: Flat<TensorDType>,
  { dtype, device }: Home<TensorDType>,
): Sliced<NativeBuffer> {
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

/**
 * A tensor of this shape, rows first, in the CPU's memory: `fill` writes the rows [from, to) into zeros, a slice at a
 * time. `reads` numbers are read for each row, where that is more than a row has.
 */
export function* writtenRows(
  where: string,
  shape: Shape,
  dtype: DType,
  reads: number,
  fill: (values: ArrayOf<DType>, from: number, to: number) => void,
): Sliced<Tensor> {
  const [count, ...row] = shape
  const width = sizeOf(row)
  const parts = function* (): Generator<[part: ArrayOf<DType>, at: number]> {
    for (const [from, to] of slices(count, Math.max(1, Math.floor(sliceLength / Math.max(width, reads))))) {
      const values = newArray(dtype, (to - from) * width)
      fill(values, from, to)
      yield [values, from * width]
    }
  }
  return yield* writtenParts(where, shape, dtype, parts())
}

/** A tensor of this shape in the CPU's memory, of parts that are written at their places, a slice each. */
export function* writtenParts(
  where: string,
  shape: Shape,
  dtype: DType,
  parts: Iterable<[part: ArrayOf<DType>, at: number]>,
): Sliced<Tensor> {
  const buffer = guarded(where, () => native.bufferReserve(dtype, sizeOf(shape), 'cpu'))
  try {
    for (const [part, at] of parts) {
      guarded(where, () => native.bufferWrite(buffer, part, at))
      yield
    }
  } catch (error) {
    native.bufferDispose(buffer)
    throw error
  }
  return Tensor.fromBuffer(buffer, shape, dtype)
}

/** Copies rows out of native memory in slices. */
export function* download<D extends TensorDType>(
  where: string,
  { buffer, shape }: Omit<NativeRows, 'release'>,
  dtype: D,
): Sliced<Flat<D>> {
  const data = newArray(dtype, sizeOf(shape))
  for (const [from, to] of slices(data.length)) {
    data.set(
      guarded(where, () => native.bufferRead<TensorArray>(buffer, from, to - from)),
      from,
    )
    yield
  }
  return { data, shape }
}

/** NonFiniteError with the place of the first NaN or Infinity. `offset`: how many elements come before `data`. */
export function requireFinite(where: string, name: string, data: TensorArray, shape: Shape, offset = 0): void {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i] * 0
  if (sum === 0) return
  const i = data.findIndex((value) => !Number.isFinite(value))
  const large = isArrayOf('float32', data) && !Number.isNaN(data[i])
  throw new NonFiniteError(
    `${where}: ${placeText(name, offset + i, shape)} is ${data[i]}` +
      `${large ? ' as a float32 number (the largest is 3.4e38)' : ''}; the data must be finite numbers. ` +
      `Remove the row or fill the value in.`,
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
