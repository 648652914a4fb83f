/** Types of numbers, and the JavaScript arrays that hold them. */

/** What models and derivatives are computed in. */
export type DType = 'float32' | 'float64'

/** What a tensor holds: floating numbers, or whole ones such as row numbers and classes. */
export type TensorDType = DType | 'int32'

/**
 * What matrix products are computed in. The dtype itself, or, for float32 on a GPU with tensor cores, operands rounded
 * to fewer bits: 'tf32' to 10 bits of fraction, 'bf16' to 7 (both keep the range of float32).
 */
export type Precision = DType | 'tf32' | 'bf16'

export type NativeArray = Float32Array | Float64Array
/** The array of any tensor. */
export type TensorArray = NativeArray | Int32Array
/** The arrays of a dtype. */
export type ArrayOf<D extends TensorDType> = D extends 'int32' ? Int32Array : NativeArray

/** Bytes of one number. */
export const bytesPerNumber: Readonly<Record<TensorDType, number>> = { float32: 4, float64: 8, int32: 4 }

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array }

export function newArray<D extends TensorDType>(dtype: D, count: number): ArrayOf<D> {
  return new arrays[dtype](count) as ArrayOf<D>
}

/** An array of the dtype's type over bytes, from the first on. */
export function arrayOver<D extends TensorDType>(dtype: D, bytes: ArrayBuffer): ArrayOf<D> {
  return new arrays[dtype](bytes) as ArrayOf<D>
}

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!

/**
 * 'Float32Array' and so on; undefined for what is no typed array. In Jest and other users of node:vm arrays come from
 * several realms, each with constructors of its own, so `instanceof` says nothing.
 */
export function arrayName(value: unknown): string | undefined {
  return tagOf.get!.call(value) as string | undefined
}

/** True for an array of exactly the dtype's type. */
export function isArrayOf<D extends TensorDType>(dtype: D, values: unknown): values is ArrayOf<D> {
  return arrayName(values) === arrays[dtype].name
}
