/** From what users have (nested arrays, typed arrays, numbers) to the flat arrays that native memory takes. Pure. */
import { shapeOption } from '../base/checks'
import { arrayName, newArray, type ArrayOf, type TensorArray, type TensorDType } from '../base/dtype'
import { describeValue, DTypeError, ShapeError } from '../base/errors'
import { shapeText, sizeOf, type Shape } from '../base/shape'

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
export type NestedNumbers = number | boolean | NumberArray | readonly NestedNumbers[]

export interface FlatArray<D extends TensorDType> {
  data: ArrayOf<D>
  shape: number[]
}

export function isNumberArray(value: unknown): value is NumberArray {
  return arrayName(value) !== undefined && !isBigIntArray(value)
}

function isBigIntArray(value: unknown): boolean {
  return arrayName(value)?.startsWith('Big') === true
}

function wrongKind(where: string, value: unknown, place: string): DTypeError {
  const what = typeof value === 'bigint' || isBigIntArray(value) ? 'BigInt values are refused' : 'expected numbers'
  const fix = typeof value === 'bigint' || isBigIntArray(value) ? ' Convert them with Number(…).' : ''
  return new DTypeError(`${where}: ${what}, got ${describeValue(value)}${place ? ` at index ${place}` : ''}.${fix}`)
}

function placeText(path: readonly number[]): string {
  return path.length ? `[${path.join('][')}]` : ''
}

/**
 * The values as int32. DTypeError with the place of the first that is no whole number within int32. `shape` is that of
 * the array they belong to, in which they stand from element `offset` on.
 */
export function toInt32(where: string, values: ArrayLike<number>, shape: Shape, offset = 0): Int32Array {
  const result = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    result[i] = value
    if (result[i] === value) continue
    const path = shape.map((d, axis) => Math.floor((offset + i) / sizeOf(shape.slice(axis + 1))) % d)
    throw new DTypeError(
      `${where}: expected whole numbers from −2147483648 to 2147483647 for dtype 'int32', got ${value}` +
        `${path.length ? ` at index ${placeText(path)}` : ''}.`,
    )
  }
  return result
}

/**
 * The shape that the first elements show; `fillRows` then checks every element against it. A first element that is no
 * number is refused here: what shape its array has says nothing to its user.
 */
export function shapeOfFirst(where: string, value: unknown): number[] {
  const shape: number[] = []
  let inner = value
  while (Array.isArray(inner) || isNumberArray(inner)) {
    shape.push(inner.length)
    if (inner.length === 0) {
      const place = shape.length > 1 ? ` at index ${placeText(shape.slice(1).map(() => 0))}` : ''
      throw new ShapeError(`${where}: expected at least one number, got an empty array${place}.`)
    }
    if (shape.length > 6) throw new ShapeError(`${where}: expected at most 6 dimensions, got more.`)
    inner = inner[0]
  }
  if (typeof inner !== 'number' && typeof inner !== 'boolean')
    throw wrongKind(where, inner, placeText(shape.map(() => 0)))
  return shape
}

/**
 * Writes the elements [from, to) of `value`, counted as they follow one another, to the beginning of `data`, checking
 * every one against `shape`.
 */
export function fillRows(
  where: string,
  value: unknown,
  shape: readonly number[],
  data: TensorArray,
  from = 0,
  to = sizeOf(shape),
): void {
  let next = 0
  const path: number[] = []
  const widths = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  /** `start`: how many elements come before `item`. */
  const visit = (item: unknown, start: number): void => {
    const depth = path.length
    if (depth === shape.length) {
      if (typeof item === 'number') data[next++] = item
      else if (typeof item === 'boolean') data[next++] = item ? 1 : 0
      else if (Array.isArray(item) || isNumberArray(item)) {
        const rest = `${shapeText(shape)} was expected from the first elements`
        throw new ShapeError(
          `${where}: ragged array: expected a number at index ${placeText(path)}, got ${describeValue(item)}; ${rest}.`,
        )
      } else throw wrongKind(where, item, placeText(path))
      return
    }
    if (!Array.isArray(item) && !isNumberArray(item)) {
      if (typeof item === 'number' || typeof item === 'boolean')
        throw new ShapeError(
          `${where}: ragged array: expected ${shape[depth]} elements at index ${placeText(path)}, ` +
            `got the number ${String(item)}.`,
        )
      throw wrongKind(where, item, placeText(path))
    }
    if (item.length !== shape[depth])
      throw new ShapeError(
        `${where}: ragged array: expected ${shape[depth]} elements at index ${placeText(path)}, got ${item.length}.`,
      )
    const width = widths[depth]
    const begin = Math.max(0, Math.floor((from - start) / width))
    const end = Math.min(item.length, Math.ceil((to - start) / width))
    const isRow = depth === shape.length - 1
    if (isRow && isNumberArray(item)) {
      data.set(item.subarray(begin, end), next)
      next += end - begin
      return
    }
    for (let i = begin; i < end; i++) {
      const entry: unknown = item[i]
      if (isRow && typeof entry === 'number') {
        data[next++] = entry
        continue
      }
      path.push(i)
      visit(entry, start + i * width)
      path.pop()
    }
  }
  visit(value, 0)
}

/** A copy in the array type of `dtype`; the rest as in `toInt32`, which checks whole numbers. */
export function converted<D extends TensorDType>(
  where: string,
  values: NumberArray,
  dtype: D,
  shape: Shape,
  offset = 0,
): ArrayOf<D> {
  if (dtype === 'int32') return toInt32(where, values, shape, offset) as ArrayOf<D>
  const data = newArray(dtype, values.length)
  data.set(values)
  return data
}

/** The elements [from, to) of nested arrays of this shape, checked one by one. */
export function nestedElements<D extends TensorDType>(
  where: string,
  value: unknown,
  dtype: D,
  shape: Shape,
  from = 0,
  to = sizeOf(shape),
): ArrayOf<D> {
  // What is whole shows before it is rounded: in float64, which holds every int32.
  const data = newArray(dtype === 'int32' ? 'float64' : dtype, to - from)
  fillRows(where, value, shape, data, from, to)
  return (dtype === 'int32' ? toInt32(where, data, shape, from) : data) as ArrayOf<D>
}

/**
 * A flat copy of `value` in the array type of `dtype`, with its shape. `where` opens error messages.
 * Ragged arrays: ShapeError that names the index; BigInt, strings and the like, and numbers that are not whole where
 * `dtype` is int32: DTypeError.
 * With `shape`, the value must hold exactly as many numbers, and takes that shape.
 */
export function flatten<D extends TensorDType>(
  where: string,
  value: unknown,
  dtype: D,
  shape?: readonly number[],
): FlatArray<D> {
  const wanted = shape === undefined ? undefined : shapeOption(`${where}: shape`, shape)
  let data: ArrayOf<D>
  let found: number[]
  if (isNumberArray(value)) {
    if (value.length === 0) throw new ShapeError(`${where}: expected at least one number, got an empty array.`)
    found = [value.length]
    // Another thread may make the buffer longer meanwhile, and this array with it.
    data = converted(where, value.subarray(0, found[0]), dtype, found)
  } else if (Array.isArray(value) || typeof value === 'number' || typeof value === 'boolean') {
    found = shapeOfFirst(where, value)
    data = nestedElements(where, value, dtype, found)
  } else throw wrongKind(where, value, '')
  if (wanted === undefined) return { data, shape: found }
  if (sizeOf(wanted) !== data.length)
    throw new ShapeError(
      `${where}: shape ${shapeText(wanted)} takes ${sizeOf(wanted)} numbers, got ${data.length} (${shapeText(found)}).`,
    )
  return { data, shape: wanted }
}

/** Nested arrays of a flat one; a number for a scalar. */
export function nest(data: ArrayLike<number>, shape: readonly number[]): NestedArray {
  const build = (depth: number, start: number, size: number): NestedArray => {
    if (depth === shape.length) return data[start]
    const step = size / shape[depth]
    return Array.from({ length: shape[depth] }, (_, i) => build(depth + 1, start + i * step, step))
  }
  return build(0, 0, data.length)
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the depth is known only at run time
export type NestedArray = any

/** Text of a tensor's values, the middle of long axes left out. */
export function valuesText(data: ArrayLike<number>, shape: readonly number[], dtype: TensorDType): string {
  const digits = dtype === 'float32' ? 6 : 9
  const number = (v: number) =>
    Number.isInteger(v) || !Number.isFinite(v) ? String(v) : String(Number(v.toPrecision(digits)))
  const build = (depth: number, start: number, size: number): string => {
    if (depth === shape.length) return number(data[start])
    const n = shape[depth]
    const step = size / n
    const shown = n <= 8 ? [...Array(n).keys()] : [0, 1, 2, -1, n - 3, n - 2, n - 1]
    const parts = shown.map((i) => (i < 0 ? '…' : build(depth + 1, start + i * step, step)))
    return `[${parts.join(depth === shape.length - 1 ? ', ' : `,\n${' '.repeat(depth + 1)}`)}]`
  }
  return build(0, 0, data.length)
}
