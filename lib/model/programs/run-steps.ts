/** Many steps of a plan as one job: goes on after interruptions, ends at a step boundary on abort. */
import type { NativeBuffer, RunRequest, RunResult } from '../../native/contract'
import type { Job } from '../queue/job'
import type { HeldWeights } from '../structure/weights'
import type { ModelPlan, PlanRequest, Plans } from './plans'

export interface Steps {
  plans: Plans
  /** Looked up anew after every interruption: the cache may have dropped it meanwhile. */
  plan: PlanRequest
  inputs: Readonly<Record<string, NativeBuffer>>
  /** Left out: each run takes the weights of its moment. */
  weights?: HeldWeights
  /** steps × batch row numbers, or null: every step takes the inputs whole. */
  rows: Uint32Array | null
  batch: number
  steps: number
  /** The rest of the request for `count` steps when `done` have been taken. */
  request?: (done: number, count: number) => RunRequest
  onProgress?: ((stepsDone: number, costs: Float64Array) => void) | null
  /** Committed steps of one native run; throws to end the job. `done`: steps before it. */
  onResult: (result: RunResult, plan: ModelPlan, done: number) => void
}

/** Rows of one native run at most: it copies their numbers, on the event loop. */
const rowsAtOnce = 1 << 21

export async function runSteps(
  job: Job,
  { plans, plan, inputs, weights, rows, batch, steps, request, onProgress, onResult }: Steps,
): Promise<void> {
  for (let done = 0; done < steps;) {
    await job.yieldIfAsked()
    await plans.prepare(plan, () => job.throwIfAborted())
    const current = plans.get(plan)
    const count = Math.min(steps - done, Math.max(1, Math.floor(rowsAtOnce / batch)))
    const part = rows?.subarray(done * batch, (done + count) * batch)
    const rest = { rows: part, steps: count, ...request?.(done, count) }
    const prepared = current.prepare(inputs, part !== undefined, rest, weights?.bufferOf)
    const result = await job.run(prepared, onProgress ?? null)
    onResult(result, current, done)
    done += result.stepsDone
    if (result.status === 'cancelled') job.throwIfAborted()
  }
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
