/** Many steps of a plan as one job: goes on after interruptions, ends at a step boundary on abort. */
import type { NativeBuffer, RunRequest, RunResult } from '../../native/contract'
import type { ModelPlan } from '../programs/plans'
import type { Job } from '../queue/queue'
import { inOrder } from '../train/shuffle'

export interface Steps {
  /** Fetched anew after every interruption: the cache may have dropped it meanwhile. */
  plan: () => ModelPlan
  inputs: Readonly<Record<string, NativeBuffer>>
  /** steps × batch row numbers, or null: every step takes the inputs whole. */
  rows: Uint32Array | null
  batch: number
  steps: number
  /** The rest of the request when `done` steps have been taken. */
  request?: (done: number) => RunRequest
  onProgress?: ((stepsDone: number, costs: Float64Array) => void) | null
  /** Committed steps of one native run; throws to end the job. `done`: steps before it. */
  onResult: (result: RunResult, plan: ModelPlan, done: number) => void
}

export async function runSteps(
  job: Job,
  { plan, inputs, rows, batch, steps, request, onProgress, onResult }: Steps,
): Promise<void> {
  for (let done = 0; done < steps;) {
    await job.yieldIfAsked()
    const current = plan()
    const part = rows?.subarray(done * batch, steps * batch)
    const filled = current.request(inputs, part !== undefined, { rows: part, steps: steps - done, ...request?.(done) })
    const result = await job.run(current.native, filled, onProgress ?? null)
    onResult(result, current, done)
    done += result.stepsDone
    if (result.status === 'cancelled') job.throwIfAborted()
  }
}

export interface Chunks {
  rows: number
  /** Rows of a full chunk; the last, smaller one has a plan of its own. */
  batch: number
  inputs: Readonly<Record<string, NativeBuffer>>
  plan: (batch: number) => ModelPlan
  /** The rest of the request for a run that starts at this row. */
  request?: (firstRow: number) => RunRequest
  onResult: (result: RunResult, plan: ModelPlan) => void
}

/** All rows in order, chunk by chunk. */
export async function runChunks(job: Job, { rows, batch, inputs, plan, request, onResult }: Chunks): Promise<void> {
  if (rows <= batch) {
    await runSteps(job, {
      plan: () => plan(rows),
      inputs,
      rows: null,
      batch: rows,
      steps: 1,
      request: () => request?.(0) ?? {},
      onResult,
    })
    return
  }
  const order = inOrder(rows)
  const full = Math.floor(rows / batch)
  await runSteps(job, {
    plan: () => plan(batch),
    inputs,
    rows: order.subarray(0, full * batch),
    batch,
    steps: full,
    request: (done) => request?.(done * batch) ?? {},
    onResult,
  })
  const rest = rows - full * batch
  if (!rest) return
  const last = { plan: () => plan(rest), inputs, rows: order.subarray(full * batch), batch: rest, steps: 1, onResult }
  await runSteps(job, { ...last, request: () => request?.(full * batch) ?? {} })
}

/** Cuts totals of accumulators into one array each. */
export function splitTotals(totals: Float64Array, sizes: readonly number[]): Float64Array[] {
  let at = 0
  return sizes.map((size) => totals.subarray(at, (at += size)))
}

/** Adds totals of another run. */
export function addTotals(into: Float64Array | null, more: Float64Array): Float64Array {
  if (!into) return Float64Array.from(more)
  for (let i = 0; i < more.length; i++) into[i] += more[i]
  return into
}
