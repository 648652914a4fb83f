/** The outputs of a network for rows of x. */
import { sizeOf } from '../../base/shape'
import { atOnce } from '../../base/slices'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import { Tensor } from '../../tensor/tensor'
import { slotsOf, type OpenInputs } from '../data/inputs'
import type { Engine } from '../engine'
import type { Job } from '../queue/job'
import { runChunks } from './chunks'

export interface PredictOptions {
  /** Rows computed at a time. Default 256. */
  batchSize?: number | undefined
  signal?: AbortSignal | undefined
}

/** The only output, or outputs by name. */
export type Predictions = Tensor | Record<string, Tensor>

export async function predict(engine: Engine, job: Job, x: OpenInputs, batch: number): Promise<Predictions> {
  engine.requireAdapted(job.what)
  const inputs = await x.prepared(engine, job)
  const { rows } = inputs
  const collect: NativeBuffer[] = []
  try {
    for (const { shape } of engine.network.outputs) {
      const count = rows * sizeOf(shape)
      collect.push(guarded(job.what, () => native.bufferReserve(engine.dtype, count, engine.device)))
    }
    await runChunks(engine, job, {
      rows,
      batch,
      inputs: slotsOf(inputs),
      plan: (size) => engine.predictPlan(size),
      request: (firstRow) => ({ collect, collectRow: firstRow }),
      onResult: () => undefined,
    })
    for (const [i, buffer] of collect.entries()) collect[i] = toHost(job.what, engine, buffer)
    return predictions(engine, rows, collect)
  } catch (error) {
    for (const buffer of collect) native.bufferDispose(buffer)
    throw error
  } finally {
    inputs.release()
  }
}

/** Tensors live in the CPU's memory. */
function toHost(where: string, { device }: Engine, buffer: NativeBuffer): NativeBuffer {
  if (device === 'cpu') return buffer
  const copy = guarded(where, () => native.bufferClone(buffer, 'cpu'))
  native.bufferDispose(buffer)
  return copy
}

/** Buffers by output as users get them. */
function predictions({ network, dtype }: Engine, rows: number, buffers: readonly NativeBuffer[]): Predictions {
  const tensors = network.outputs.map(({ shape }, i) => Tensor.fromBuffer(buffers[i], [rows, ...shape], dtype))
  if (!network.namedOutputs) return tensors[0]
  return Object.fromEntries(network.outputs.map(({ name }, i) => [name, tensors[i]]))
}

/** All rows at once on the calling thread. */
export function predictSync(engine: Engine, x: OpenInputs): Predictions {
  const where = 'predictSync'
  engine.requireAdapted(where)
  const inputs = atOnce(x.toNative(engine))
  try {
    const plan = engine.plans.get(engine.predictPlan(inputs.rows))
    return predictions(engine, inputs.rows, plan.runSync(where, slotsOf(inputs)).fetches)
  } finally {
    inputs.release()
  }
}
