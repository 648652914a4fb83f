import { slices, type Sliced } from '../base/slices'
import type { NativeBuffer } from '../native/contract'
import { native } from '../native/native'

/** Σ v² of `size` numbers in native memory, in float64. */
export function* squaredNorm(buffer: NativeBuffer, size: number): Sliced<number> {
  let sum = 0
  for (const [from, to] of slices(size)) {
    for (const value of native.bufferRead(buffer, from, to - from)) sum += value * value
    yield
  }
  return sum
}
