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
  onProgress?: ((costs: Float64Array, plan: ModelPlan) => void) | null
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
    const result = await job.run(prepared, onProgress ? (_, costs) => onProgress(costs, current) : null)
    onResult(result, current, done)
    done += result.stepsDone
    if (result.status === 'cancelled') job.throwIfAborted()
  }
}

/** Cuts totals into one array each. */
export function splitTotals(all: Float64Array, { totals }: Pick<ModelPlan, 'totals'>): Float64Array[] {
  let at = 0
  return totals.map(({ size }) => all.subarray(at, (at += size)))
}

/** What a run has left of its steps. */
type RunTotals = Pick<RunResult, 'stepsDone' | 'costs' | 'accumulators'>

/** Adds the totals of another run: those that are noted step by step, to the same bits as in one run of all steps. */
export function addTotals(
  into: Float64Array | null,
  { stepsDone, costs, accumulators }: RunTotals,
  { totals, costsPerStep }: Pick<ModelPlan, 'totals' | 'costsPerStep'>,
): Float64Array {
  const sums = into ?? new Float64Array(totals.reduce((n, { size }) => n + size, 0))
  let [at, next] = [0, 0]
  for (const { size, cost } of totals) {
    if (cost !== null) for (let step = 0; step < stepsDone; step++) sums[at] += costs[step * costsPerStep + cost]
    else for (let i = 0; i < size; i++) sums[at + i] += accumulators[next++]
    at += size
  }
  return sums
}
