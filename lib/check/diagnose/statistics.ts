/** What can be said about the numbers of an array in native memory, read in slices. */
import type { TensorArray } from '../../base/dtype'
import { sizeOf, type Shape } from '../../base/shape'
import { slices, type Sliced } from '../../base/slices'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'

/** Of the numbers of one array. */
export interface Statistics {
  mean: number
  /** Standard deviation. */
  std: number
  /** Root mean square. */
  rms: number
  /** Share of exact zeros. */
  zeros: number
}

/** Of the outputs of a layer. */
export interface UnitStatistics extends Statistics {
  /** Share of outputs within 0.01 of a limit of the activation. */
  saturated: number
  /** Share of units that are 0 for every example. */
  dead: number
}

/** Shows `count` numbers to `visit`, slice by slice. */
function* eachSlice(
  buffer: NativeBuffer,
  count: number,
  visit: (part: TensorArray, from: number) => void,
): Sliced<void> {
  for (const [from, to] of slices(count)) {
    visit(native.bufferRead<TensorArray>(buffer, from, to - from), from)
    yield
  }
}

/** Of the first `count` numbers. `visit` sees them all once. */
export function* statistics(
  buffer: NativeBuffer,
  count: number,
  visit?: (part: TensorArray, from: number) => void,
): Sliced<Statistics> {
  let [sum, zeros, largest] = [0, 0, 0]
  yield* eachSlice(buffer, count, (part, from) => {
    for (let i = 0; i < part.length; i++) {
      sum += part[i]
      if (part[i] === 0) zeros++
      largest = Math.max(largest, Math.abs(part[i]))
    }
    visit?.(part, from)
  })
  const share = zeros / count
  if (!Number.isFinite(sum) || largest === 0) {
    const size = largest === 0 ? 0 : NaN
    return { mean: sum / count, std: size, rms: size, zeros: share }
  }
  const mean = sum / count
  // Divided by the largest first: squares of 1e-200 would be 0.
  let [squares, deviations] = [0, 0]
  yield* eachSlice(buffer, count, (part) => {
    for (let i = 0; i < part.length; i++) {
      squares += (part[i] / largest) ** 2
      deviations += ((part[i] - mean) / largest) ** 2
    }
  })
  return { mean, std: largest * Math.sqrt(deviations / count), rms: largest * Math.sqrt(squares / count), zeros: share }
}

/** Of outputs [m, …units] of an activation that is flat near `limits`. */
export function* unitStatistics(buffer: NativeBuffer, shape: Shape, limits: readonly number[]): Sliced<UnitStatistics> {
  const width = sizeOf(shape.slice(1))
  const alive = new Uint8Array(width)
  let flat = 0
  const all = yield* statistics(buffer, sizeOf(shape), (part, from) => {
    let unit = from % width
    for (let i = 0; i < part.length; i++) {
      if (part[i] !== 0) alive[unit] = 1
      for (const limit of limits)
        if (Math.abs(part[i] - limit) < 0.01) {
          flat++
          break
        }
      if (++unit === width) unit = 0
    }
  })
  const dead = alive.reduce((count, lives) => count + 1 - lives, 0)
  return { ...all, saturated: flat / sizeOf(shape), dead: dead / width }
}
