/** All rows of a data set through a plan, chunk by chunk. */
import { inTurns } from '../../base/slices'
import { countedRows } from '../../data/random'
import type { NativeBuffer, RunRequest, RunResult } from '../../native/contract'
import type { ModelPlan } from '../programs/plans'
import { runSteps } from '../programs/run-steps'
import type { Job } from '../queue/job'

/** Rows of a chunk: large enough for full speed, small enough for the cache. */
export const defaultChunk = 256

export interface Chunks {
  rows: number
  /** Rows of a full chunk; the last, smaller one has a plan of its own. */
  batch: number
  inputs: Readonly<Record<string, NativeBuffer>>
  plan: (batch: number) => ModelPlan
  /** The rest of the request for a run that starts at this row. */
  request?: (firstRow: number) => RunRequest
  /** `rows`: how many of them the run has computed. */
  onResult: (result: RunResult, plan: ModelPlan, rows: number) => void
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
      onResult: (result, used) => onResult(result, used, result.stepsDone * rows),
    })
    return
  }
  const order = await inTurns(countedRows(rows), () => job.throwIfAborted())
  const full = Math.floor(rows / batch)
  await runSteps(job, {
    plan: () => plan(batch),
    inputs,
    rows: order.subarray(0, full * batch),
    batch,
    steps: full,
    request: (done) => request?.(done * batch) ?? {},
    onResult: (result, used) => onResult(result, used, result.stepsDone * batch),
  })
  const rest = rows - full * batch
  if (!rest) return
  await runSteps(job, {
    plan: () => plan(rest),
    inputs,
    rows: order.subarray(full * batch),
    batch: rest,
    steps: 1,
    request: () => request?.(full * batch) ?? {},
    onResult: (result, used) => onResult(result, used, result.stepsDone * rest),
  })
}
