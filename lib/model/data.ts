/** Data on its way into a model: converted once, checked once, native from then on. */
import { setImmediate } from 'node:timers/promises'
import { flatten } from '../convert'
import type { DataLike, ShapedArray } from '../data/rows'
import { NonFiniteError, OptionError, ShapeError, describeValue, shapeText } from '../errors'
import type { DType, Shape } from '../graph/node'
import type { Loss } from '../losses'
import { native, type NativeArray, type NativeBuffer } from '../native'
import { guarded } from '../runtime'
import { Tensor, toFlat } from '../tensor'

export type { DataLike } from '../data/rows'

/** Weights of examples: one number per row. */
export type SampleWeight = DataLike
/** Weights of classes, by class number. */
export type ClassWeight = readonly number[] | { readonly [classNumber: number]: number }

/** Rows in JavaScript memory, in the model's dtype. */
export interface Flat {
  data: NativeArray
  shape: number[]
}

/** A data set in native memory. */
export interface NativeData {
  rows: number
  x: NativeBuffer
  y: NativeBuffer | null
  /** One weight per row (sample weight times class weight), or null. */
  weights: NativeBuffer | null
  dispose(): void
}

/** Elements scanned between two turns of the event loop. */
const slice = 1 << 21

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

/** A flat array of the wanted dtype with its shape. Shares nothing with what the user holds, except a Tensor's cached copy. */
export function flatData(where: string, value: DataLike, dtype: DType): Flat {
  if (value === undefined || value === null)
    throw new OptionError(
      `${where}: expected nested arrays, a typed array with a shape or a Tensor, got ${describeValue(value)}.`,
    )
  if (isShaped(value)) return flatten(where, value.data, dtype, value.shape)
  if (value instanceof Tensor && value.dtype === dtype) return { data: value.data, shape: [...value.shape] }
  return toFlat(where, value, dtype)
}

/** x as [m, ...inputShape]. */
export function takeX(where: string, value: DataLike, inputShape: Shape, dtype: DType): Flat {
  const flat = flatData(`${where}: x`, value, dtype)
  const [rows, ...rest] = flat.shape
  if (flat.shape.length === 0 || rest.join() !== inputShape.join()) {
    const hint =
      flat.shape.join() === inputShape.join()
        ? ' For one example wrap it: [example].'
        : flat.shape.length === 1
          ? ' A flat typed array needs its shape: tensor(data, [m, …]).'
          : ''
    throw new ShapeError(
      `${where}: x: expected shape ${shapeText([null, ...inputShape])} (examples are rows), got ${shapeText(flat.shape)}.${hint}`,
    )
  }
  if (rows === 0) throw new ShapeError(`${where}: x: expected at least one row, got none.`)
  return flat
}

/** y as [m, ...target]; [m] and [m, 1] stand for each other where the target has one number per example. */
export function takeY(where: string, value: DataLike, target: Shape, rows: number, dtype: DType): Flat {
  const flat = flatData(`${where}: y`, value, dtype)
  const given = flat.shape.slice(1)
  const single = (shape: Shape) => shape.length === 0 || (shape.length === 1 && shape[0] === 1)
  if (given.join() !== target.join() || flat.shape.length === 0) {
    if (flat.shape.length === 0 || !(single(given) && single(target))) {
      const expected = shapeText([rows, ...target])
      const classNumbers = given.length === 0 && target.length === 1 && target[0] > 1
      const hint = classNumbers
        ? " For class numbers use the loss 'sparseCategoricalCrossentropy', or data.oneHot(y)."
        : single(target) && given.length === 1
          ? " For one-hot rows use the loss 'categoricalCrossentropy'."
          : ''
      throw new ShapeError(`${where}: y: expected shape ${expected}, got ${shapeText(flat.shape)}.${hint}`)
    }
    flat.shape = [flat.shape[0], ...target]
  }
  if (flat.shape[0] !== rows) throw new ShapeError(`${where}: x has ${rows} rows but y has ${flat.shape[0]}.`)
  return flat
}

function placeText(name: string, index: number, shape: readonly number[]): string {
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

function scan(where: string, name: string, { data, shape }: Flat, from: number, to: number): void {
  let sum = 0
  for (let i = from; i < to; i++) sum += data[i] * 0
  if (sum === 0) return
  for (let i = from; i < to; i++)
    if (!Number.isFinite(data[i])) {
      const large = data instanceof Float32Array && !Number.isNaN(data[i])
      throw new NonFiniteError(
        `${where}: ${placeText(name, i, shape)} is ${data[i]}${large ? ' as a float32 number (the largest is 3.4e38)' : ''}; the data must be finite numbers. Remove the row or fill the value in.`,
      )
    }
}

/** Throws NonFiniteError that names the place of the first NaN or Infinity. */
export function requireFiniteSync(where: string, name: string, flat: Flat): void {
  scan(where, name, flat, 0, flat.data.length)
}

/** The same, giving the event loop a turn now and then. */
export async function requireFinite(where: string, name: string, flat: Flat): Promise<void> {
  for (let from = 0; from < flat.data.length; from += slice) {
    scan(where, name, flat, from, Math.min(flat.data.length, from + slice))
    if (from + slice < flat.data.length) await setImmediate()
  }
}

/** Where the data of a model lives: an Engine is one. */
export interface Home {
  dtype: DType
  device: string
}

export function toBuffer(where: string, { dtype, device }: Home, data: NativeArray): NativeBuffer {
  return guarded(where, () => native.bufferCreate(dtype, data.length, data, device))
}

/** One weight per row: the sample's times its class's; null where neither is given. */
export function takeWeights(
  where: string,
  y: Flat,
  sampleWeight: SampleWeight | undefined,
  classWeight: ClassWeight | undefined,
  classes: number,
  dtype: DType,
): Flat | null {
  if (sampleWeight === undefined && classWeight === undefined) return null
  const rows = y.shape[0]
  const weights = dtype === 'float32' ? new Float32Array(rows).fill(1) : new Float64Array(rows).fill(1)
  if (sampleWeight !== undefined) {
    const given = flatData(`${where}: sampleWeight`, sampleWeight, dtype)
    const column = given.shape.length === 2 && given.shape[1] === 1
    if (given.shape[0] !== rows || (given.shape.length !== 1 && !column))
      throw new ShapeError(
        `${where}: sampleWeight: expected shape ${shapeText([rows])}, one weight per row, got ${shapeText(given.shape)}.`,
      )
    requireFiniteSync(where, 'sampleWeight', given)
    for (let i = 0; i < rows; i++) {
      if (given.data[i] < 0)
        throw new OptionError(`${where}: sampleWeight[${i}] is ${given.data[i]}; weights must be at least 0.`)
      weights[i] = given.data[i]
    }
  }
  if (classWeight !== undefined) {
    const table = classTable(where, classWeight, classes)
    const width = y.data.length / rows
    for (let i = 0; i < rows; i++) weights[i] *= table(classOf(where, y.data, i, width))
  }
  return { data: weights, shape: [rows, 1] }
}

/** The class of row i: the number itself, or the place of the largest entry of a one-hot row. */
function classOf(where: string, data: NativeArray, row: number, width: number): number {
  if (width === 1) {
    if (Number.isInteger(data[row])) return data[row]
    throw new OptionError(
      `${where}: classWeight needs class numbers in y; y[${row}] is ${data[row]}. Use sampleWeight.`,
    )
  }
  let best = 0
  for (let c = 1; c < width; c++) if (data[row * width + c] > data[row * width + best]) best = c
  return best
}

function classTable(where: string, classWeight: ClassWeight, classes: number): (c: number) => number {
  if (typeof classWeight !== 'object' || classWeight === null)
    throw new OptionError(
      `${where}: classWeight: expected { classNumber: weight, … } or a list, got ${describeValue(classWeight)}.`,
    )
  const table = new Map<number, number>()
  for (const [key, weight] of Object.entries(classWeight)) {
    const c = Number(key)
    if (!Number.isInteger(c) || c < 0 || c >= classes)
      throw new OptionError(
        `${where}: classWeight: class '${key}' does not exist; the model tells ${classes} classes apart, 0 to ${classes - 1}.`,
      )
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0)
      throw new OptionError(
        `${where}: classWeight[${key}]: expected a number of at least 0, got ${describeValue(weight)}.`,
      )
    table.set(c, weight)
  }
  return (c) => table.get(c) ?? 1
}

export interface DataRequest {
  where: string
  inputShape: Shape
  outputShape: Shape
  dtype: DType
  loss: Loss
  x: DataLike
  y: DataLike
  sampleWeight?: SampleWeight
  classWeight?: ClassWeight
}

/** Checked rows, still in JavaScript memory. */
export interface CheckedData {
  x: Flat
  y: Flat
  weights: Flat | null
}

/** Shapes, ranges and finiteness, without the scan of x (see requireFinite). */
export function checkData(request: DataRequest): CheckedData {
  const { where, inputShape, outputShape, dtype, loss } = request
  const x = takeX(where, request.x, inputShape, dtype)
  const y = takeY(where, request.y, loss.targetShape(outputShape), x.shape[0], dtype)
  requireFiniteSync(where, 'y', y)
  loss.validateTargets(`${where}: y`, y.data, y.shape, outputShape)
  const width = outputShape.reduce((n, d) => n * d, 1)
  const weights = takeWeights(where, y, request.sampleWeight, request.classWeight, width === 1 ? 2 : width, dtype)
  return { x, y, weights }
}

/** Copies checked rows into the memory of the model's device. */
export function toNativeData(where: string, home: Home, { x, y, weights }: CheckedData): NativeData {
  const buffers: NativeBuffer[] = []
  const keep = (flat: Flat) => {
    const buffer = toBuffer(where, home, flat.data)
    buffers.push(buffer)
    return buffer
  }
  const dispose = () => {
    for (const buffer of buffers) native.bufferDispose(buffer)
  }
  try {
    return { rows: x.shape[0], x: keep(x), y: keep(y), weights: weights && keep(weights), dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

/** The whole way for jobs on their own threads: check, scan, copy. */
export async function nativeData(
  home: Home,
  request: DataRequest,
): Promise<{ checked: CheckedData; data: NativeData }> {
  const checked = checkData(request)
  await requireFinite(request.where, 'x', checked.x)
  return { checked, data: toNativeData(request.where, home, checked) }
}
