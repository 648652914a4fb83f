/** Runs nodes through the native core. */
import type { DType } from '../../lib/base/dtype'
import { encode } from '../../lib/graph/encode'
import { emptyProgram, type Node } from '../../lib/graph/node'
import type { NativeBuffer } from '../../lib/native/contract'
import { native } from '../../lib/native/native'

export type Mode = 'fused' | 'plain'

/** A compiled function of input arrays, on a device. */
export function compile(fetches: Node[], inputs: Node[], dtype: DType, mode: Mode, seed = 0n, device = 'cpu') {
  const { bytes, captures } = encode({ ...emptyProgram(dtype), inputs, fetches })
  if (captures.length) throw new Error('no captures expected')
  const plan = native.planCompile(bytes, mode, device)
  const toBuffer = (values: readonly number[]): NativeBuffer => {
    const data = dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values)
    return native.bufferCreate(dtype, data.length, data, device)
  }
  return (values: readonly (readonly number[])[]): number[][] => {
    const buffers = values.map(toBuffer)
    const result = native.planRunSync(plan, { inputs: buffers, seed })
    const out = result.fetches.map((buffer) => Array.from(native.bufferRead(buffer)))
    for (const buffer of [...buffers, ...result.fetches]) native.bufferDispose(buffer)
    return out
  }
}
