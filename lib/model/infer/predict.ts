/** The output of a network for rows of x. */
import { sizeOf } from '../../base/shape'
import { atOnce } from '../../base/slices'
import type { RowSource } from '../../data/row-source'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import { Tensor } from '../../tensor/tensor'
import { nativeX, preparedX } from '../data/examples'
import type { Engine } from '../engine'
import type { Job } from '../queue/job'
import { runChunks } from './chunks'

export async function predict(engine: Engine, job: Job, x: RowSource, batch: number): Promise<Tensor> {
  engine.requireAdapted(job.what)
  const input = await preparedX(engine, job, x)
  const rows = input.shape[0]
  const shape = [rows, ...engine.network.outputShape]
  let output: NativeBuffer | null = null
  try {
    output = guarded(job.what, () => native.bufferCreate(engine.dtype, sizeOf(shape), null, engine.device))
    const collect = [output]
    await runChunks(job, {
      rows,
      batch,
      inputs: { x: input.buffer },
      plan: (size) => engine.predictPlan(size),
      request: (firstRow) => ({ collect, collectRow: firstRow }),
      onResult: () => undefined,
    })
    return Tensor.fromBuffer(toHost(job.what, engine, output), shape, engine.dtype)
  } catch (error) {
    if (output) native.bufferDispose(output)
    throw error
  } finally {
    input.release()
  }
}

/** Tensors live in the CPU's memory. */
function toHost(where: string, { device }: Engine, buffer: NativeBuffer): NativeBuffer {
  if (device === 'cpu') return buffer
  const copy = guarded(where, () => native.bufferClone(buffer, 'cpu'))
  native.bufferDispose(buffer)
  return copy
}

/** All rows at once on the calling thread. */
export function predictSync(engine: Engine, x: RowSource): Tensor {
  const where = 'predictSync'
  engine.requireAdapted(where)
  const input = atOnce(nativeX(where, x, engine))
  const rows = input.shape[0]
  try {
    const plan = engine.predictPlan(rows)
    const result = plan.runSync(where, { x: input.buffer })
    return Tensor.fromBuffer(result.fetches[0], [rows, ...engine.network.outputShape], engine.dtype)
  } finally {
    input.release()
  }
}
