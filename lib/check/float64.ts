/** Numbers in float64 on their way into native memory and out of it, in slices. */
import { slices, type Sliced } from '../base/slices'
import type { NativeBuffer } from '../native/contract'
import { native } from '../native/native'
import { guarded } from '../native/runtime'

/** The first `count` numbers of a buffer, whatever its dtype. */
export function* readFloat64(buffer: NativeBuffer, count: number): Sliced<Float64Array> {
  const data = new Float64Array(count)
  for (const [from, to] of slices(count)) {
    data.set(native.bufferRead(buffer, from, to - from), from)
    yield
  }
  return data
}

/** A buffer of `count` numbers on `device`: `part` gives those of [from, to). `where` opens errors. */
export function* filledFloat64(
  where: string,
  count: number,
  device: string,
  part: (from: number, to: number) => Float64Array,
): Sliced<NativeBuffer> {
  const buffer = guarded(where, () => native.bufferReserve('float64', count, device))
  try {
    for (const [from, to] of slices(count)) {
      guarded(where, () => native.bufferWrite(buffer, part(from, to), from))
      yield
    }
  } catch (error) {
    native.bufferDispose(buffer)
    throw error
  }
  return buffer
}
