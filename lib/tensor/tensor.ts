import { dispose } from '../base/disposal'
import { inspect } from 'node:util'
import { checkOptions, tensorDTypeOption } from '../base/checks'
import { markClass } from '../base/copies'
import { isArrayOf, type ArrayOf, type DType, type TensorArray, type TensorDType } from '../base/dtype'
import { describeValue, DisposedError, DTypeError, OptionError, ShapeError, StateError } from '../base/errors'
import { shapeText, sizeOf, type Shape } from '../base/shape'
import { TraceContext } from '../graph/context'
import type { Node } from '../graph/node'
import type { NativeBuffer } from '../native/contract'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { converted, flatten, nest, valuesText, type NestedArray, type NestedNumbers } from './convert'

export type { NestedArray, NestedNumbers } from './convert'

/** What `ops` take: a tensor, or a number that adapts to the other operands. */
export type Value = Tensor<TensorDType> | number

/** What `tensor()` and the models take as data. */
export type TensorLike = Tensor<TensorDType> | NestedNumbers

/**
 * A Float32Array or Float64Array, or an Int32Array for dtype int32. The methods beside it are those of all, in a form
 * that the compiler can call on any: `t.data.reduce((a, b) => a + b)`.
 */
export type TensorData<D extends TensorDType = DType> = ArrayOf<D> & {
  reduce(callback: (previous: number, current: number, index: number) => number): number
  reduce<U>(callback: (previous: U, current: number, index: number) => U, initial: U): U
  reduceRight(callback: (previous: number, current: number, index: number) => number): number
  reduceRight<U>(callback: (previous: U, current: number, index: number) => U, initial: U): U
}

/** Native memory shared by tensors of different shapes (reshape copies nothing); freed with its last user. */
class Storage {
  users = 1
  cached: TensorArray | undefined
  constructor(readonly buffer: NativeBuffer) {}
  release(): void {
    if (--this.users === 0) {
      native.bufferDispose(this.buffer)
      this.cached = undefined
    }
  }
}

/** A tensor of any dtype. @internal */
export type AnyTensor = Tensor<TensorDType>

interface Internals {
  storageOf(t: AnyTensor): Storage
  dataOf(t: AnyTensor): TensorArray
  valuesOf(t: AnyTensor): TensorArray
  nodeOf(t: AnyTensor): Node | undefined
  contextOf(t: AnyTensor): TraceContext | undefined
  isWeak(t: AnyTensor): boolean
  share<D extends TensorDType>(t: Tensor<D>, shape: Shape): Tensor<D>
}
let internals: Internals

/**
 * Each tensor has its values as a property of its own, beside its shape: what copies objects (structuredClone,
 * postMessage) or compares them (deepStrictEqual, Jest, chai) looks at own properties alone.
 */
const ownData: PropertyDescriptor & ThisType<AnyTensor> = {
  enumerable: true,
  get() {
    return internals.dataOf(this)
  },
}

/**
 * An array of numbers in native memory, of rank 0 (a scalar) to 6, or — while a function is traced for its
 * derivative, a layer or a loss — a value that will be computed later, whose data cannot be read yet.
 * Tensors do not change. Memory is freed by the garbage collector, or at once by `dispose()` or `using`.
 *
 * The type alone stands for floating numbers; whole ones made by `tensor(…, { dtype: 'int32' })` are `Tensor<'int32'>`.
 * What is made of them (`ops.reshape(ids, …)`) has the plain type, and says 'int32' at run time only.
 */
export class Tensor<D extends TensorDType = DType> {
  readonly shape: Shape
  /**
   * The values, row by row: a copy that JavaScript owns, made at the first access and kept. Changing it does not
   * change the tensor; after a transfer of its buffer, the next access makes another. StateError on a traced value.
   */
  declare readonly data: TensorData<D>
  #dtype: TensorDType
  #storage: Storage | undefined
  #node: Node | undefined
  #context: TraceContext | undefined
  #weak = false
  #disposed = false

  private constructor(shape: Shape, dtype: TensorDType) {
    this.shape = Object.freeze([...shape])
    this.#dtype = dtype
    Object.defineProperty(this, 'data', ownData)
  }

  static {
    markClass(Tensor)
    // A layer of another copy of the package gets tensors of this one.
    const requireOwn = (t: AnyTensor) => {
      if (!(#dtype in t)) throw new DTypeError(`expected a tensor, got ${describeValue(t)}.`)
    }
    internals = {
      storageOf(t) {
        requireOwn(t)
        t.#usable('used')
        if (!t.#storage) throw t.#tracedError()
        return t.#storage
      },
      dataOf(t) {
        t.#usable('read')
        if (!t.#storage) throw t.#tracedError()
        const { cached } = t.#storage
        // A tensor has at least one number: an empty array is one whose buffer was transferred.
        return cached?.length ? cached : (t.#storage.cached = internals.valuesOf(t))
      },
      valuesOf(t) {
        t.#usable('read')
        if (!t.#storage) throw t.#tracedError()
        const { buffer } = t.#storage
        return guarded('Tensor.data', () => native.bufferRead<TensorArray>(buffer))
      },
      nodeOf(t) {
        requireOwn(t)
        return t.#node
      },
      contextOf(t) {
        requireOwn(t)
        return t.#context
      },
      isWeak(t) {
        requireOwn(t)
        return t.#weak
      },
      share<D extends TensorDType>(t: Tensor<D>, shape: Shape) {
        const result = new Tensor<D>(shape, t.#dtype)
        const storage = internals.storageOf(t)
        storage.users++
        result.#storage = storage
        result.#weak = t.#weak
        return result
      },
    }
  }

  /**
   * Internal: takes over a native buffer. `weak`: the result of numbers alone, adapts to other dtypes.
   * @internal
   */
  static fromBuffer<D extends TensorDType>(buffer: NativeBuffer, shape: Shape, dtype: D, weak = false): Tensor<D> {
    const result = new Tensor<D>(shape, dtype)
    result.#storage = new Storage(buffer)
    result.#weak = weak
    return result
  }

  /**
   * Internal: a traced value. With a dtype instead of a context, tensors that the traced function captures are
   * converted to that dtype, as everything is that goes into a model.
   * @internal
   */
  static fromNode(node: Node, context: TraceContext | DType): Tensor {
    const trace = typeof context === 'string' ? new TraceContext(context, { convertCaptures: true }) : context
    const result = new Tensor(node.shape, trace.dtype)
    result.#node = node
    result.#context = trace
    return result
  }

  /** 'float32', 'float64' or 'int32'. */
  get dtype(): D {
    return (this.#context ? (this.#node?.dtype ?? this.#context.dtype) : this.#dtype) as D
  }

  /** Number of dimensions; 0 for a scalar. */
  get rank(): number {
    return this.shape.length
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /** The value of a tensor that holds exactly one number. */
  item(): number {
    if (this.size !== 1)
      throw new ShapeError(
        `Tensor.item: expected a tensor with one element, got shape ${shapeText(this.shape)}. Use .data or .toArray().`,
      )
    return internals.valuesOf(this)[0]
  }

  /** Nested arrays of numbers; a number for a scalar. */
  toArray(): NestedArray {
    return nest(internals.valuesOf(this), this.shape)
  }

  /** Frees the native memory now. Any later use throws DisposedError; a second `dispose()` does nothing. */
  dispose(): void {
    if (this.#disposed || this.#node) return
    this.#disposed = true
    this.#storage?.release()
    this.#storage = undefined
  }

  [dispose](): void {
    this.dispose()
  }

  /** Shape, dtype and values as text. */
  toString(): string {
    const head = `Tensor ${this.dtype} ${shapeText(this.shape)}`
    if (this.#disposed) return `${head} (disposed)`
    if (this.#node) return `${head} (traced: ${this.#node.op}${this.#node.label ? ` in ${this.#node.label}` : ''})`
    return `${head}${this.rank > 1 ? '\n' : ' '}${valuesText(internals.valuesOf(this), this.shape, this.dtype)}`
  }

  /** Writes `toString()` to the console. */
  print(): void {
    console.log(this.toString())
  }

  [inspect.custom](): string {
    return this.toString()
  }

  /** Nested arrays, so that JSON.stringify shows the values. */
  toJSON(): NestedArray {
    return this.toArray()
  }

  /** A scalar stands for its number in comparisons and arithmetic; anything else, traced values too, throws. */
  [Symbol.toPrimitive](hint: 'string' | 'number' | 'default'): string | number {
    if (hint === 'string') return this.toString()
    if (this.#node) throw this.#tracedError()
    if (this.size === 1) return this.item()
    throw new StateError(
      `A tensor of shape ${shapeText(this.shape)} cannot be used as a number. ` +
        `Use ops.* for arithmetic, .item() or .data to read.`,
    )
  }

  valueOf(): number {
    return this[Symbol.toPrimitive]('number') as number
  }

  #usable(what: string): void {
    if (this.#disposed)
      throw new DisposedError(`A disposed tensor of shape ${shapeText(this.shape)} cannot be ${what}.`)
  }

  #tracedError(): StateError {
    const node = this.#node
    const shape = `of shape ${shapeText(this.shape)}`
    const label = node?.label
    const value =
      node?.op === 'input' && label
        ? `The value of ${/^argument \d+$/.test(label) ? label : `'${label}'`}, ${shape},`
        : `The value of '${node?.op}'${label ? ` in ${label}` : ''}, ${shape},`
    return new StateError(
      `${value} cannot be read while a function is being traced: it is not computed yet. ` +
        `Use ops.* (ops.select instead of if) ` +
        'and return what you need from the function.',
    )
  }
}

/** Native memory of a concrete tensor. StateError on a traced one, DisposedError after dispose. @internal */
export function bufferOf(t: AnyTensor): NativeBuffer {
  return internals.storageOf(t).buffer
}

/** A copy of the values, whatever became of the one that `data` keeps. Errors as those of `data`. @internal */
export function valuesOf(t: AnyTensor): TensorArray {
  return internals.valuesOf(t)
}

/** The node of a traced tensor; undefined for a concrete one. @internal */
export function nodeOf(t: AnyTensor): Node | undefined {
  return internals.nodeOf(t)
}

/** The trace that a traced tensor belongs to; undefined for a concrete one. @internal */
export function contextOf(t: AnyTensor): TraceContext | undefined {
  return internals.contextOf(t)
}

/** True for the result of numbers alone, which adapts to the dtype of other operands. @internal */
export function isWeak(t: AnyTensor): boolean {
  return internals.isWeak(t)
}

/** The same native memory under another shape of the same size. @internal */
export function shareStorage<D extends TensorDType>(t: Tensor<D>, shape: Shape): Tensor<D> {
  return internals.share(t, shape)
}

export interface TensorOptions<D extends TensorDType = DType> {
  /** Default 'float32'; a Tensor keeps its own. 'int32' is for whole numbers, such as rows of a table. */
  dtype?: D | undefined
}

/**
 * Copies `data` into native memory: a number, nested arrays (of equal lengths), a typed array or a Tensor.
 * `shape` is taken from the nesting unless given; a typed array without a shape has rank 1.
 * ShapeError for ragged or empty arrays and for a shape of another size; DTypeError for BigInt and anything that
 * is not a number, and where the dtype is int32 for a number that is not whole or beyond int32. NaN and Infinity are
 * allowed here, but for int32.
 */
export function tensor(data: TensorLike, options?: TensorOptions): Tensor
export function tensor(data: TensorLike, shape?: Shape, options?: TensorOptions): Tensor
export function tensor(data: TensorLike, options: Required<TensorOptions<'int32'>>): Tensor<'int32'>
export function tensor(data: TensorLike, shape: Shape, options: Required<TensorOptions<'int32'>>): Tensor<'int32'>
export function tensor(data: TensorLike, options: TensorOptions<TensorDType>): AnyTensor
export function tensor(
  data: TensorLike,
  second?: Shape | TensorOptions<TensorDType>,
  third?: TensorOptions<TensorDType>,
): AnyTensor {
  const secondIsOptions = second !== undefined && !Array.isArray(second)
  if (secondIsOptions && third !== undefined)
    throw new OptionError('tensor: expected (data, shape?, options?), got two options objects.')
  const shape = secondIsOptions ? undefined : (second as Shape | undefined)
  const options = secondIsOptions ? (second as TensorOptions<TensorDType>) : third
  checkOptions('tensor', options, ['dtype'])
  const dtype = options?.dtype === undefined ? undefined : tensorDTypeOption('tensor', options.dtype)
  if (data instanceof Tensor) {
    const kept: TensorDType = dtype ?? data.dtype
    return fromFlat(toFlat('tensor', data, kept, shape), kept)
  }
  const flat = flatten('tensor', data, dtype ?? 'float32', shape)
  return fromFlat(flat, dtype ?? 'float32')
}

function fromFlat(flat: { data: TensorArray; shape: Shape }, dtype: TensorDType): AnyTensor {
  return Tensor.fromBuffer(
    guarded('tensor', () => native.bufferCreate(dtype, flat.data.length, flat.data)),
    flat.shape,
    dtype,
  )
}

/** Flat JavaScript copy of anything tensor-like in the wanted dtype. Same errors as `tensor`. @internal */
export function toFlat<D extends TensorDType>(
  where: string,
  value: TensorLike,
  dtype: D,
  shape?: Shape,
): { data: ArrayOf<D>; shape: number[] } {
  if (!(value instanceof Tensor)) return flatten(where, value, dtype, shape)
  const values = valuesOf(value)
  const data = isArrayOf(dtype, values) ? values : converted(where, values, dtype, value.shape)
  if (shape !== undefined) return flatten(where, data, dtype, shape)
  return { data, shape: [...value.shape] }
}

/**
 * A native buffer with the values of anything tensor-like in the wanted dtype. A concrete Tensor of that dtype is
 * not copied: its own buffer comes back (`shared: true`), which the caller must not dispose or write. @internal
 */
export function tensorToNative(
  value: TensorLike,
  dtype: TensorDType,
  where = 'tensor',
): { buffer: NativeBuffer; shape: number[]; shared: boolean } {
  if (value instanceof Tensor && (value.dtype as TensorDType) === dtype)
    return { buffer: bufferOf(value), shape: [...value.shape], shared: true }
  const flat = toFlat(where, value, dtype)
  const buffer = guarded(where, () => native.bufferCreate(dtype, flat.data.length, flat.data))
  return { buffer, shape: flat.shape, shared: false }
}
