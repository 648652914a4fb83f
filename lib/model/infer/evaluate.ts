/** Loss and metrics on rows. */
import { sizeOf } from '../../base/shape'
import type { Flat } from '../../data/transfer'
import type { Metric } from '../../metrics'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import type { SampleWeight } from '../data/example-weights'
import { inputsOf, type Examples, type NativeData } from '../data/examples'
import type { Engine } from '../engine'
import type { ModelPlan } from '../programs/plans'
import { evaluateProgram } from '../programs/program'
import { addTotals, splitTotals } from '../programs/run-steps'
import type { Job } from '../queue/job'
import { defaultChunk, runChunks } from './chunks'

/** `loss` includes the penalties, `dataLoss` does not; metrics stand under their names. */
export type Evaluation<Metrics extends string = string> = { loss: number; dataLoss: number } & {
  [metric in Metrics]: number
}

/** Every metric from the totals of its statistics. */
export function finishMetrics(
  metrics: readonly Metric[],
  totals: readonly Float64Array[],
  counts: readonly number[],
  rows: number,
): Record<string, number> {
  const result: Record<string, number> = {}
  let at = 0
  metrics.forEach((metric, i) => {
    result[metric.name] = metric.finish(totals.slice(at, at + counts[i]), rows)
    at += counts[i]
  })
  return result
}

export interface EvaluateRequest {
  data: NativeData
  /** Targets in JavaScript memory: present where exact metrics are wanted. */
  targets?: Flat
  batch: number
}

/**
 * Loss and metrics over all rows. Penalties count once, with m = the rows evaluated, however they are cut into chunks.
 */
export async function evaluateRows(
  engine: Engine,
  job: Job,
  { data, targets, batch }: EvaluateRequest,
): Promise<Evaluation> {
  const compiled = engine.requireCompiled(job.what)
  const { metrics } = compiled
  const exact = targets !== undefined && metrics.some((metric) => metric.exact)
  const weighted = data.weights !== null
  const width = sizeOf(engine.network.outputShape)
  const predictions = exact
    ? guarded(job.what, () => native.bufferCreate(engine.dtype, data.rows * width, null, engine.device))
    : null
  const seen = {
    totals: null as Float64Array | null,
    penalties: {} as Record<string, number>,
    plan: null as ModelPlan | null,
  }
  try {
    await runChunks(job, {
      rows: data.rows,
      batch,
      inputs: inputsOf(data),
      plan: (rows) =>
        engine.plans.get(`evaluate ${rows} ${weighted} ${exact}`, () =>
          evaluateProgram(engine, compiled, { batch: rows, weighted }, exact),
        ),
      request: (firstRow) => (predictions ? { collect: [predictions], collectRow: firstRow } : {}),
      onResult: (result, plan) => {
        if (!result.stepsDone) return
        seen.totals = addTotals(seen.totals, result.accumulators)
        seen.penalties = lastCosts(plan, result.costs)
        seen.plan = plan
      },
    })
    const [lossSum, ...statistics] = splitTotals(seen.totals!, seen.plan!.accumulatorSizes)
    const dataLoss = lossSum[0] / data.rows
    const loss = dataLoss + (seen.penalties.perExample ?? 0) / data.rows + (seen.penalties.absolute ?? 0)
    const values = finishMetrics(metrics, statistics, seen.plan!.statisticCounts, data.rows)
    if (predictions) {
      const yPred = native.bufferRead(predictions)
      for (const metric of metrics)
        if (metric.exact) values[metric.name] = metric.exact(targets!.data, yPred, data.rows)
    }
    return { loss, dataLoss, ...values }
  } finally {
    if (predictions) native.bufferDispose(predictions)
  }
}

/** The costs of a run's last step by name. */
export function lastCosts(plan: ModelPlan, costs: Float64Array): Record<string, number> {
  const last = costs.subarray(costs.length - plan.costNames.length)
  return Object.fromEntries(plan.costNames.map((name, i) => [name, last[i]]))
}

export interface EvaluateOptions {
  /** Rows computed at a time; results differ in rounding only. Default 256. */
  batchSize?: number | undefined
  sampleWeight?: SampleWeight | undefined
  signal?: AbortSignal | undefined
}

export async function evaluate<Metrics extends string>(
  engine: Engine,
  job: Job,
  examples: Examples,
  batch: number | undefined,
): Promise<Evaluation<Metrics>> {
  const { loss } = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const data = await examples.check(engine.network, loss).prepared(engine, job)
  try {
    const request = { data, targets: data.targets ?? undefined, batch: batch ?? defaultChunk }
    return (await evaluateRows(engine, job, request)) as Evaluation<Metrics>
  } finally {
    data.dispose()
  }
}
