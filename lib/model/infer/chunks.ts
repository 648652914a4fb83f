/** All rows of a data set through a plan, chunk by chunk. */
import { inTurns } from '../../base/slices'
import { countedRows } from '../../data/random'
import type { NativeBuffer, RunRequest, RunResult } from '../../native/contract'
import type { ModelPlan, PlanRequest, Plans } from '../programs/plans'
import { runSteps } from '../programs/run-steps'
import type { Job } from '../queue/job'
import type { HeldWeights, Weights } from '../structure/weights'

/** Rows of a chunk: large enough for full speed, small enough for the cache. */
export const defaultChunk = 256

/** The parts of a model that compute. */
interface ChunksOwner {
  plans: Plans
  weights: Weights
}

export interface Chunks {
  rows: number
  /** Rows of a full chunk; the last, smaller one has a plan of its own. */
  batch: number
  inputs: Readonly<Record<string, NativeBuffer>>
  plan: (batch: number) => PlanRequest
  /** The rest of the request for a run that starts at this row. */
  request?: (firstRow: number) => RunRequest
  /** `rows`: how many of them the run has computed. */
  onResult: (result: RunResult, plan: ModelPlan, rows: number) => void
}

/** All rows in order, chunk by chunk, with the weights of the moment in which the first is computed. */
export async function runChunks({ plans, weights }: ChunksOwner, job: Job, chunks: Chunks): Promise<void> {
  const { rows, batch, inputs, plan, request, onResult } = chunks
  const run = (
    wanted: PlanRequest,
    { firstRow, rowsOfStep, numbers }: { firstRow: number; rowsOfStep: number; numbers: Uint32Array | null },
    held?: HeldWeights,
  ) =>
    runSteps(job, {
      plans,
      plan: wanted,
      inputs,
      weights: held,
      rows: numbers,
      batch: rowsOfStep,
      steps: numbers ? numbers.length / rowsOfStep : 1,
      request: (done) => request?.(firstRow + done * rowsOfStep) ?? {},
      onResult: (result, used) => onResult(result, used, result.stepsDone * rowsOfStep),
    })
  if (rows <= batch) return run(plan(rows), { firstRow: 0, rowsOfStep: rows, numbers: null })
  const rest = rows % batch
  const end = rows - rest
  // Whatever changes the model meanwhile counts from the next call on.
  const [wanted, wantedForRest] = [plan(batch), rest ? plan(rest) : null]
  const order = await inTurns(countedRows(rows), () => job.throwIfAborted())
  const held = weights.hold()
  try {
    await run(wanted, { firstRow: 0, rowsOfStep: batch, numbers: order.subarray(0, end) }, held)
    if (wantedForRest) await run(wantedForRest, { firstRow: end, rowsOfStep: rest, numbers: order.subarray(end) }, held)
  } finally {
    held.release()
  }
}
