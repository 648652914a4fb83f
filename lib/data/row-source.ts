/** What users give as rows, opened once: the shape is known then, the numbers are read and converted part by part. */
import { isRecord, requireUnchanged, shapeOption } from '../base/checks'
import { isArrayOf, type ArrayOf, type DType, type TensorArray, type TensorDType } from '../base/dtype'
import { describeValue, DisposedError, OptionError, ShapeError } from '../base/errors'
import { shapeText, sizeOf, type Shape } from '../base/shape'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { converted, flatten, isNumberArray, nestedElements, shapeOfFirst, type NumberArray } from '../tensor/convert'
import { bufferOf, shareStorage, Tensor, type AnyTensor } from '../tensor/tensor'
import { isShaped, type DataLike } from './rows'

/** What else may be given for an array that changes. */
const orTensor = ', or pass a tensor, which may be disposed at once'

/** Something that has rows. */
export interface RowSource<D extends TensorDType = DType> {
  shape: number[]
  /**
   * The elements [from, to), counted as they follow one another, in the wanted dtype; valid until the next call, not to
   * be changed. Errors name the place: where int32 is wanted, that of a number that is not whole, too (DTypeError).
   */
  read(from: number, to: number): ArrayOf<D>
  /**
   * The values as a tensor, where they are in the CPU's memory in the wanted dtype already. Whoever takes it disposes
   * of it, not `release`.
   */
  take?(): AnyTensor | undefined
  /** What the user gave, for hints. */
  readonly given: DataLike | AnyTensor
  /** Gives back the reference to a tensor's memory; nothing is read afterwards. Idempotent. */
  release(): void
}

/**
 * Opens what a user gives as rows. Its shape is known at once; elements are checked as they are read. Tensors are held
 * until `release`, so their owner may dispose them meanwhile; arrays are read where they are.
 */
export function openRows<D extends TensorDType>(where: string, value: DataLike, dtype: D): RowSource<D> {
  if (value === undefined || value === null)
    throw new OptionError(
      `${where}: expected nested arrays, a typed array with a shape or a Tensor, got ${describeValue(value)}.`,
    )
  if (value instanceof Tensor) return new TensorRows(where, value, dtype)
  const { data, shape } = isShaped(value) ? value : { data: value, shape: undefined }
  const asked = shape === undefined ? undefined : shapeOption(`${where}: shape`, shape)
  if (isNumberArray(data) && data.length > 0) return new ArrayRows(where, value, data, dtype, asked)
  if (Array.isArray(data)) return new NestedRows(where, value, data, dtype, asked)
  const flat = flatten(where, data, dtype, asked)
  return new ArrayRows(where, value, flat.data, dtype, flat.shape)
}

/**
 * What a user gives as rows, or as rows by name, with its tensors held until `release`: for calls that have to wait
 * before they can open it.
 */
export function heldRows<T extends DataLike | { readonly [name: string]: DataLike }>(
  value: T,
): { value: T; release(): void } {
  const held: AnyTensor[] = []
  const hold = (given: unknown): unknown => {
    // A disposed one is refused where it is opened.
    if (!(given instanceof Tensor) || given.disposed) return given
    const own = shareStorage(given as AnyTensor, given.shape)
    held.push(own)
    return own
  }
  const release = () => held.forEach((t) => t.dispose())
  if (value instanceof Tensor || !isRecord(value)) return { value: hold(value) as T, release }
  const entries = Object.entries(value).map(([name, rows]) => [name, hold(rows)] as const)
  return { value: held.length ? (Object.fromEntries(entries) as T) : value, release }
}

class TensorRows<D extends TensorDType> implements RowSource<D> {
  shape: number[]
  readonly #held: AnyTensor
  #isTaken = false

  constructor(
    readonly where: string,
    readonly given: AnyTensor,
    readonly dtype: D,
  ) {
    if (given.disposed)
      throw new DisposedError(`${where}: a disposed tensor of shape ${shapeText(given.shape)} cannot be used.`)
    this.#held = shareStorage(given, given.shape)
    this.shape = [...given.shape]
  }

  read(from: number, to: number): ArrayOf<D> {
    const buffer = bufferOf(this.#held)
    const part = guarded('Tensor', () => native.bufferRead<TensorArray>(buffer, from, to - from))
    return isArrayOf(this.dtype, part) ? part : converted(this.where, part, this.dtype, this.shape, from)
  }

  take(): AnyTensor | undefined {
    if (this.#held.dtype !== this.dtype) return undefined
    this.#isTaken = true
    return this.#held
  }

  release(): void {
    if (!this.#isTaken) this.#held.dispose()
  }
}

class ArrayRows<D extends TensorDType> implements RowSource<D> {
  shape: number[]
  readonly #length: number

  constructor(
    readonly where: string,
    readonly given: DataLike,
    readonly values: NumberArray,
    readonly dtype: D,
    asked: Shape | undefined,
  ) {
    this.#length = values.length
    this.shape = checkedShape(where, [values.length], asked)
  }

  read(from: number, to: number): ArrayOf<D> {
    requireUnchanged(this.where, this.#length, this.values.length, orTensor)
    const part = this.values.subarray(from, to)
    return isArrayOf(this.dtype, part) ? part : converted(this.where, part, this.dtype, this.shape, from)
  }

  release(): void {}
}

/** Nested arrays, or a list of numbers to which `asked` gives a shape. */
class NestedRows<D extends TensorDType> implements RowSource<D> {
  shape: number[]
  readonly #own: Shape

  constructor(
    readonly where: string,
    readonly given: DataLike,
    readonly values: readonly unknown[],
    readonly dtype: D,
    asked: Shape | undefined,
  ) {
    this.#own = shapeOfFirst(where, values)
    this.shape = checkedShape(where, this.#own, asked)
  }

  read(from: number, to: number): ArrayOf<D> {
    requireUnchanged(this.where, this.#own[0], this.values.length, orTensor)
    return nestedElements(this.where, this.values, this.dtype, this.#own, from, to)
  }

  release(): void {}
}

/** The shape that was asked for, or the data's own. ShapeError where the two hold different numbers of elements. */
function checkedShape(where: string, own: Shape, asked: Shape | undefined): number[] {
  if (asked === undefined || sizeOf(asked) === sizeOf(own)) return [...(asked ?? own)]
  throw new ShapeError(
    `${where}: shape ${shapeText(asked)} takes ${sizeOf(asked)} numbers, got ${sizeOf(own)} (${shapeText(own)}).`,
  )
}
