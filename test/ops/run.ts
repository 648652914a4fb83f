/** Runs nodes through the native core. */
import { newArray, type DType } from '../../lib/base/dtype'
import { encode } from '../../lib/graph/encode'
import { emptyProgram, type Node } from '../../lib/graph/node'
import type { NativeBuffer } from '../../lib/native/contract'
import { native } from '../../lib/native/native'

export type Mode = 'fused' | 'plain'

/** A compiled function of input arrays, on a device. */
export function compile(fetches: Node[], inputs: Node[], dtype: DType, mode: Mode, seed = 0n, device = 'cpu') {
  const { bytes, captures } = encode({ ...emptyProgram(dtype), inputs, fetches })
  if (captures.length) throw new Error('no captures expected')
  const plan = native.planCompileSync(bytes, mode, device)
  const toBuffer = (values: readonly number[], i: number): NativeBuffer => {
    const own = inputs[i].dtype ?? dtype
    const data = newArray(own, values.length)
    data.set(values)
    return native.bufferCreate(own, data.length, data, device)
  }
  return (values: readonly (readonly number[])[]): number[][] => {
    const buffers = values.map(toBuffer)
    const result = native.planRunSync(plan, { inputs: buffers, seed })
    const out = result.fetches.map((buffer) => Array.from(native.bufferRead(buffer)))
    for (const buffer of [...buffers, ...result.fetches]) native.bufferDispose(buffer)
    return out
  }
}
