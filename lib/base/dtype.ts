/** Types of numbers, and the JavaScript arrays that hold them. */

export type DType = 'float32' | 'float64'

/**
 * What matrix products are computed in. The dtype itself, or, for float32 on a GPU with tensor cores, operands rounded
 * to fewer bits: 'tf32' to 10 bits of fraction, 'bf16' to 7 (both keep the range of float32).
 */
export type Precision = DType | 'tf32' | 'bf16'

export type NativeArray = Float32Array | Float64Array

/** Bytes of one number. */
export const bytesPerNumber: Readonly<Record<DType, number>> = { float32: 4, float64: 8 }

export function newArray(dtype: DType, count: number): NativeArray {
  return dtype === 'float32' ? new Float32Array(count) : new Float64Array(count)
}
