/** Examples on their way into a model: read, checked and copied into native memory in slices. */
import type { Shape } from '../../base/shape'
import { inTurns, type Sliced } from '../../base/slices'
import {
  openX,
  openY,
  requireFinite,
  toFlatRows,
  toNative,
  upload,
  type Flat,
  type Home,
  type NativeRows,
  type RowSource,
} from '../../data/row-source'
import type { DataLike } from '../../data/rows'
import type { Loss } from '../../losses'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import type { Job } from '../queue/queue'
import { exampleWeights, type ClassWeight, type SampleWeight } from './example-weights'

export type { DataLike } from '../../data/rows'
export type { ClassWeight, SampleWeight } from './example-weights'
export type { Flat, Home, NativeRows } from '../../data/row-source'

/** A data set in native memory. */
export interface NativeData {
  rows: number
  x: NativeBuffer
  xShape: number[]
  y: NativeBuffer
  /** One weight per row (sample weight times class weight), or null. */
  weights: NativeBuffer | null
  /** y and the weights once more in JavaScript memory, until nobody needs them. */
  targets: Flat | null
  exampleWeights: Flat | null
  dispose(): void
}

export interface DataRequest {
  where: string
  inputShape: Shape
  outputShape: Shape
  loss: Loss
  x: DataLike
  y: DataLike
  sampleWeight?: SampleWeight
  classWeight?: ClassWeight
}

/** The inputs of a plan that trains or evaluates. */
export function inputsOf({ x, y, weights }: NativeData): Record<string, NativeBuffer> {
  return { x, y, ...(weights ? { weights } : {}) }
}

/** x alone. The caller releases it. */
export function nativeX(where: string, value: DataLike, inputShape: Shape, home: Home): Sliced<NativeRows> {
  return toNative(where, 'x', openX(where, value, inputShape, home.dtype), home)
}

/** Shapes, ranges, finiteness, and the copy. */
export function* nativeData(home: Home, request: DataRequest): Sliced<NativeData> {
  const { where, inputShape, outputShape, loss, sampleWeight, classWeight } = request
  const { dtype } = home
  const source = openX(where, request.x, inputShape, dtype)
  const rows = source.shape[0]
  const target = openY(where, request.y, loss.targetShape(outputShape), rows, dtype)
  const targets = yield* checkedTargets(where, target, request, home)
  const width = outputShape.reduce((n, d) => n * d, 1)
  const weights = exampleWeights(where, targets, sampleWeight, classWeight, width === 1 ? 2 : width, dtype)
  const owned: (() => void)[] = []
  const dispose = () => owned.splice(0).forEach((release) => release())
  const keep = (buffer: NativeBuffer) => {
    owned.push(() => native.bufferDispose(buffer))
    return buffer
  }
  try {
    const x = yield* toNative(where, 'x', source, home)
    owned.push(() => x.release())
    const y = keep(yield* upload(where, targets, home))
    const weightBuffer = weights && keep(yield* upload(where, weights, home))
    return { rows, x: x.buffer, xShape: x.shape, y, weights: weightBuffer, targets, exampleWeights: weights, dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

/** y in JavaScript memory, every value as the loss wants it. */
function checkedTargets(
  where: string,
  source: RowSource,
  { loss, outputShape }: DataRequest,
  { dtype }: Home,
): Sliced<Flat> {
  const validate = ({ data, shape }: Flat) => loss.validateTargets(`${where}: y`, data, shape, outputShape)
  return toFlatRows(source, dtype, (part, from) => {
    const width = part.data.length / part.shape[0]
    requireFinite(where, 'y', part.data, source.shape, from * width)
    try {
      validate(part)
    } catch (error) {
      if (!from) throw error
      // Once more from the first row on, so that the message counts rows from there.
      const all = part.data.length + from * width
      const Type = part.data instanceof Float32Array ? Float32Array : Float64Array
      const data = new Type(part.data.buffer as ArrayBuffer, 0, all)
      validate({ data, shape: [from + part.shape[0], ...part.shape.slice(1)] })
      throw error
    }
  })
}

/** The whole way for jobs on their own threads. */
export function dataOf(home: Home, job: Job, request: DataRequest): Promise<NativeData> {
  return inTurns(nativeData(home, request), () => job.throwIfAborted())
}
