/** `toRows` and `takeRows` in slices, for promises: nothing large is converted or copied in one go. */
import { arrayName, isArrayOf, type DType, type NativeArray } from '../base/dtype'
import { sizeOf } from '../base/shape'
import { sliceLength, slices, type Sliced } from '../base/slices'
import { Tensor } from '../tensor/tensor'
import { requireUnchanged } from '../base/checks'
import { openRows } from './row-source'
import { beyondFloat32, copyRows, dtypeOfArray, isShaped, requireRows, toRows, type DataLike, type Rows } from './rows'
import { toFlatRows, writtenParts, writtenRows } from './transfer'

/**
 * The rows that `toRows` gives, and its errors. Typed arrays of floating numbers are not copied: they have to stay as
 * they are.
 */
export function* rowsInSlices(where: string, value: DataLike): Sliced<Rows> {
  requireRows(where, value)
  const source = isShaped(value) ? value.data : value
  // A tensor with a shape, or what is no data at all.
  if (!Array.isArray(source) && !ArrayBuffer.isView(source) && source !== value) return toRows(where, value)
  const known = dtypeOfRows(source)
  const opened = openRows(where, value, known ?? 'float64')
  try {
    if (opened.shape.length === 0) return toRows(where, value)
    const [count] = opened.shape
    const data = isArrayOf(known ?? 'float64', source)
      ? opened.read(0, sizeOf(opened.shape))
      : (yield* toFlatRows(opened, known ?? 'float64', () => {})).data
    const rows = { shape: opened.shape, count, width: data.length / count }
    if (known) return { ...rows, data, dtype: known }
    for (const [from, to] of slices(data.length)) {
      if (data.subarray(from, to).some(beyondFloat32)) return { ...rows, data, dtype: 'float64' }
      yield
    }
    return { ...rows, data: yield* narrowed(data), dtype: 'float32' }
  } finally {
    opened.release()
  }
}

/** What toRows gives to a tensor or an array, where that does not depend on its numbers. */
function dtypeOfRows(source: unknown): DType | undefined {
  if (source instanceof Tensor) return source.dtype === 'int32' ? undefined : (source as Tensor).dtype
  return dtypeOfArray(arrayName(source))
}

function* narrowed(data: NativeArray): Sliced<Float32Array> {
  const result = new Float32Array(data.length)
  for (const [from, to] of slices(data.length)) {
    result.set(data.subarray(from, to), from)
    yield
  }
  return result
}

/** A tensor of the named rows, in that order. StateError where the array is no longer what it was. */
export function* takenRows(where: string, source: Rows, rows: Uint32Array): Sliced<Tensor> {
  const { data, width, shape, dtype, count } = source
  const taken = [rows.length, ...shape.slice(1)]
  if (width > sliceLength) return yield* writtenParts(where, taken, dtype, piecesOf(where, source, rows))
  // Each row lies elsewhere in memory, and getting there costs as much as some numbers do.
  const reads = 2 * width + 32
  return yield* writtenRows(where, taken, dtype, reads, (values, from, to) => {
    requireUnchanged(where, count * width, data.length)
    copyRows(source, rows.subarray(from, to), values)
  })
}

/** The named rows, too long for one slice each, in pieces of the array where they are. */
function* piecesOf(
  where: string,
  { data, count, width }: Rows,
  rows: Uint32Array,
): Generator<[part: NativeArray, at: number]> {
  for (let i = 0; i < rows.length; i++)
    for (const [from, to] of slices(width)) {
      requireUnchanged(where, count * width, data.length)
      yield [data.subarray(rows[i] * width + from, rows[i] * width + to), i * width + from]
    }
}
