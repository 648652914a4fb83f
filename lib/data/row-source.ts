/** What users give as rows, opened once: the shape is known then, the numbers are read and converted part by part. */
import { shapeOption } from '../base/checks'
import { newArray, type DType, type NativeArray } from '../base/dtype'
import { describeValue, DisposedError, OptionError, ShapeError, StateError } from '../base/errors'
import { shapeText, sizeOf, type Shape } from '../base/shape'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { fillRows, flatten, isNumberArray, shapeOfFirst, type NumberArray } from '../tensor/convert'
import { bufferOf, shareStorage, Tensor } from '../tensor/tensor'
import { isShaped, type DataLike } from './rows'

/** Something that has rows. */
export interface RowSource {
  shape: number[]
  /** The rows [from, to) in the wanted dtype, valid until the next call, not to be changed. Errors name the place. */
  read(from: number, to: number): NativeArray
  /** Present where the values are in the CPU's memory in the wanted dtype already. */
  tensor?: Tensor
  /** What the user gave, for hints. */
  given: DataLike
  /** Gives back the reference to a tensor's memory; nothing is read afterwards. Idempotent. */
  release(): void
}

/**
 * Opens what a user gives as rows. Its shape is known at once; elements are checked as they are read. Tensors are held
 * until `release`, so their owner may dispose them meanwhile; arrays are read where they are.
 */
export function openRows(where: string, value: DataLike, dtype: DType): RowSource {
  if (value === undefined || value === null)
    throw new OptionError(
      `${where}: expected nested arrays, a typed array with a shape or a Tensor, got ${describeValue(value)}.`,
    )
  return { ...open(where, value, dtype), given: value }
}

function open(where: string, value: DataLike, dtype: DType): OpenRows {
  if (value instanceof Tensor) return ofTensor(where, value, dtype)
  const { data, shape } = isShaped(value) ? value : { data: value, shape: undefined }
  const asked = shape === undefined ? undefined : shapeOption(`${where}: shape`, shape)
  if (isNumberArray(data) && data.length > 0) return ofArray(where, data, dtype, asked)
  if (Array.isArray(data)) return ofNested(where, data, dtype, asked)
  const flat = flatten(where, data, dtype, asked)
  return ofArray(where, flat.data, dtype, flat.shape)
}

type OpenRows = Omit<RowSource, 'given'>

const nothing = () => undefined

function ofTensor(where: string, value: Tensor, dtype: DType): OpenRows {
  if (value.disposed)
    throw new DisposedError(`${where}: a disposed tensor of shape ${shapeText(value.shape)} cannot be used.`)
  const held = shareStorage(value, value.shape)
  const width = value.size / (value.shape[0] ?? 1)
  const part = (from: number, to: number) =>
    guarded('Tensor', () => native.bufferRead(bufferOf(held), from * width, (to - from) * width))
  const source = { shape: [...value.shape], release: () => held.dispose() }
  if (value.dtype === dtype) return { ...source, read: part, tensor: held }
  return { ...source, read: (from, to) => converted(part(from, to), dtype) }
}

function ofArray(where: string, values: NumberArray, dtype: DType, asked?: Shape): OpenRows {
  const shape = checkedShape(where, [values.length], asked)
  const { length } = values
  const width = length / (shape[0] ?? 1)
  const same = values instanceof (dtype === 'float32' ? Float32Array : Float64Array)
  const read = (from: number, to: number) => {
    requireUnchanged(where, length, values.length)
    const part = values.subarray(from * width, to * width)
    return same ? (part as NativeArray) : converted(part, dtype)
  }
  return { shape, read, release: nothing }
}

/** Nested arrays, or a list of numbers to which `asked` gives a shape. */
function ofNested(where: string, value: readonly unknown[], dtype: DType, asked?: Shape): OpenRows {
  const own = shapeOfFirst(where, value)
  const shape = checkedShape(where, own, asked)
  const width = sizeOf(shape.slice(1))
  const ownWidth = sizeOf(own.slice(1))
  const read = (from: number, to: number) => {
    // The array's own rows that cover the rows wanted: the same ones unless another shape was asked for.
    const first = Math.floor((from * width) / ownWidth)
    const last = Math.ceil((to * width) / ownWidth)
    requireUnchanged(where, own[0], value.length)
    const data = newArray(dtype, (last - first) * ownWidth)
    fillRows(where, value, own, data, first, last)
    return data.subarray(from * width - first * ownWidth, to * width - first * ownWidth)
  }
  return { shape, read, release: nothing }
}

/** An array is read where it is, in slices: its owner could change or transfer it in between. */
function requireUnchanged(where: string, opened: number, now: number): void {
  if (now === opened) return
  throw new StateError(
    `${where}: the array was changed or transferred while it was read: it had ${opened} elements and has ${now}. ` +
      'Leave it as it is until the call has settled, or pass a tensor, which may be disposed at once.',
  )
}

/** The shape that was asked for, or the data's own. ShapeError where the two hold different numbers of elements. */
function checkedShape(where: string, own: Shape, asked: Shape | undefined): number[] {
  if (asked === undefined || sizeOf(asked) === sizeOf(own)) return [...(asked ?? own)]
  throw new ShapeError(
    `${where}: shape ${shapeText(asked)} takes ${sizeOf(asked)} numbers, got ${sizeOf(own)} (${shapeText(own)}).`,
  )
}

function converted(values: NumberArray, dtype: DType): NativeArray {
  const data = newArray(dtype, values.length)
  data.set(values)
  return data
}
