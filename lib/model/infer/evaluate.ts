/** Loss and metrics on rows. */
import { sizeOf } from '../../base/shape'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import { inputsOf, weightedOutputs, type Examples, type NativeData, type SampleWeights } from '../data/examples'
import type { Engine } from '../engine'
import type { ModelPlan } from '../programs/plans'
import { evaluateProgram } from '../programs/program'
import { addTotals, splitTotals } from '../programs/run-steps'
import type { Job } from '../queue/job'
import type { CompiledOutput } from '../structure/compile'
import { defaultChunk, runChunks } from './chunks'

/**
 * `loss` includes the penalties, `dataLoss` does not; metrics stand under their names. Losses and metrics of outputs
 * with names stand under these: `price_loss`, `price_accuracy`.
 */
export type Evaluation<Metrics extends string = string> = { loss: number; dataLoss: number } & {
  [metric in Metrics]: number
}

/** Every metric from the totals of its statistics. */
export function finishMetrics(
  outputs: readonly CompiledOutput[],
  totals: readonly Float64Array[],
  counts: readonly number[],
  rows: number,
): Record<string, number> {
  const result: Record<string, number> = {}
  let at = 0
  let number = 0
  for (const { prefix, metrics } of outputs)
    for (const metric of metrics) {
      const count = counts[number++]
      result[prefix + metric.name] = metric.finish(totals.slice(at, at + count), rows)
      at += count
    }
  return result
}

export interface EvaluateRequest {
  data: NativeData
  /** Whether metrics are to be exact where they can be, from targets in JavaScript memory. */
  exact: boolean
  batch: number
}

/**
 * Loss and metrics over all rows. Penalties count once, with m = the rows evaluated, however they are cut into chunks.
 */
export async function evaluateRows(
  engine: Engine,
  job: Job,
  { data, exact: wanted, batch }: EvaluateRequest,
): Promise<Evaluation> {
  const compiled = engine.requireCompiled(job.what)
  const { outputs } = compiled
  const exact = wanted && outputs.some(({ metrics }) => metrics.some((metric) => metric.exact))
  const weighted = weightedOutputs(data)
  const predictions: NativeBuffer[] = []
  const seen = {
    totals: null as Float64Array | null,
    penalties: {} as Record<string, number>,
    plan: null as ModelPlan | null,
  }
  try {
    if (exact)
      for (const { shape } of engine.network.outputs)
        predictions.push(
          guarded(job.what, () => native.bufferCreate(engine.dtype, data.rows * sizeOf(shape), null, engine.device)),
        )
    await runChunks(job, {
      rows: data.rows,
      batch,
      inputs: inputsOf(data),
      plan: (rows) =>
        engine.plans.get(`evaluate ${rows} ${weighted.join()} ${exact}`, () =>
          evaluateProgram(engine, compiled, { batch: rows, weighted }, exact),
        ),
      request: (firstRow) => (exact ? { collect: predictions, collectRow: firstRow } : {}),
      onResult: (result, plan) => {
        if (!result.stepsDone) return
        seen.totals = addTotals(seen.totals, result.accumulators)
        seen.penalties = lastCosts(plan, result.costs)
        seen.plan = plan
      },
    })
    const totals = splitTotals(seen.totals!, seen.plan!.accumulatorSizes)
    const losses = outputs.map((_, i) => totals[i][0] / data.rows)
    const dataLoss = losses.reduce((sum, loss, i) => sum + outputs[i].lossWeight * loss, 0)
    const loss = dataLoss + (seen.penalties.perExample ?? 0) / data.rows + (seen.penalties.absolute ?? 0)
    const statistics = totals.slice(outputs.length)
    const values = finishMetrics(outputs, statistics, seen.plan!.statisticCounts, data.rows)
    if (exact)
      outputs.forEach(({ prefix, metrics }, i) => {
        const yPred = native.bufferRead(predictions[i])
        for (const metric of metrics)
          if (metric.exact) values[prefix + metric.name] = metric.exact(data.y[i].targets!.data, yPred, data.rows)
      })
    const named = outputs.flatMap(({ prefix }, i) => (prefix ? [[`${prefix}loss`, losses[i]]] : []))
    return { loss, dataLoss, ...Object.fromEntries(named), ...values }
  } finally {
    for (const buffer of predictions) native.bufferDispose(buffer)
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
  sampleWeight?: SampleWeights | undefined
  signal?: AbortSignal | undefined
}

export async function evaluate<Metrics extends string>(
  engine: Engine,
  job: Job,
  examples: Examples,
  batch: number | undefined,
): Promise<Evaluation<Metrics>> {
  const { outputs } = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const data = await examples.check(outputs).prepared(engine, job)
  try {
    const request = { data, exact: true, batch: batch ?? defaultChunk }
    return (await evaluateRows(engine, job, request)) as Evaluation<Metrics>
  } finally {
    data.dispose()
  }
}
