/** Loss and metrics on rows. */
import { inTurns } from '../../base/slices'
import { isRanked } from '../../metrics'
import { inputsOf, weightedOutputs, type Examples, type NativeData, type SampleWeights } from '../data/examples'
import type { Engine } from '../engine'
import { Answers } from '../programs/answers'
import type { ModelPlan } from '../programs/plans'
import { evaluateProgram } from '../programs/program'
import { addTotals, splitTotals } from '../programs/run-steps'
import type { Job } from '../queue/job'
import type { Compiled, CompiledOutput } from '../structure/compile'
import { defaultChunk, runChunks } from './chunks'

/**
 * `loss` includes the penalties, `dataLoss` does not; metrics stand under their names. Losses and metrics of outputs
 * with names stand under these: `price_loss`, `price_accuracy`.
 */
export type Evaluation<Metrics extends string = string> = { loss: number; dataLoss: number } & {
  [metric in Metrics]: number
}

/** What metrics are made of at the end. */
export interface MetricParts {
  /** Totals of statistics, and how many each metric has. */
  totals: readonly Float64Array[]
  counts: readonly number[]
  rows: number
  /** Those that need all rows, ready. */
  ranked: Readonly<Record<string, number>>
}

/** Every metric, in order. */
export function finishMetrics(
  outputs: readonly CompiledOutput[],
  { totals, counts, rows, ranked }: MetricParts,
): Record<string, number> {
  const result: Record<string, number> = {}
  let at = 0
  let number = 0
  for (const { prefix, metrics } of outputs)
    for (const metric of metrics) {
      const count = counts[number++]
      const name = prefix + metric.name
      result[name] = isRanked(metric) ? ranked[name] : metric.finish(totals.slice(at, at + count), rows)
      at += count
    }
  return result
}

export interface EvaluateRequest {
  /** What the data were checked for: the model may have been compiled anew since. */
  compiled: Compiled
  data: NativeData
  batch: number
}

/**
 * Loss and metrics over all rows. Penalties count once, with m = the rows evaluated, however they are cut into chunks.
 */
export async function evaluateRows(
  engine: Engine,
  job: Job,
  { compiled, data, batch }: EvaluateRequest,
): Promise<Evaluation> {
  const { outputs } = compiled
  const weighted = weightedOutputs(data)
  const answers = Answers.of(job.what, engine, compiled)
  const seen = {
    totals: null as Float64Array | null,
    penalties: {} as Record<string, number>,
    plan: null as ModelPlan | null,
  }
  try {
    if (answers) await inTurns(answers.reserve(data.rows))
    await runChunks(engine, job, {
      rows: data.rows,
      batch,
      inputs: inputsOf(data),
      plan: (rows) =>
        engine.plans.request(
          `evaluate ${rows} ${weighted.join()}`,
          () => evaluateProgram(engine, compiled, { batch: rows, weighted }),
          compiled,
        ),
      request: () => answers?.request() ?? {},
      onResult: (result, plan, rows) => {
        if (!result.stepsDone) return
        if (answers) answers.rows += rows
        seen.totals = addTotals(seen.totals, result, plan)
        seen.penalties = lastCosts(plan, result.costs)
        seen.plan = plan
      },
    })
    const totals = splitTotals(seen.totals!, seen.plan!)
    const losses = outputs.map((_, i) => totals[i][0] / data.rows)
    const dataLoss = losses.reduce((sum, loss, i) => sum + outputs[i].lossWeight * loss, 0)
    const loss = dataLoss + (seen.penalties.perExample ?? 0) / data.rows + (seen.penalties.absolute ?? 0)
    const statistics = totals.slice(outputs.length)
    const ranked = answers ? await inTurns(answers.metrics(), () => job.throwIfAborted()) : {}
    const values = finishMetrics(outputs, {
      totals: statistics,
      counts: seen.plan!.statisticCounts,
      rows: data.rows,
      ranked,
    })
    const named = outputs.flatMap(({ prefix }, i) => (prefix ? [[`${prefix}loss`, losses[i]]] : []))
    return { loss, dataLoss, ...Object.fromEntries(named), ...values }
  } finally {
    answers?.dispose()
  }
}

/** The costs of a run's last step that have names. */
export function lastCosts(plan: ModelPlan, costs: Float64Array): Record<string, number> {
  const last = costs.subarray(costs.length - plan.costsPerStep)
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
  const compiled = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const data = await examples.check(compiled.outputs).prepared(engine, job)
  try {
    const request = { compiled, data, batch: batch ?? defaultChunk }
    return (await evaluateRows(engine, job, request)) as Evaluation<Metrics>
  } finally {
    data.dispose()
  }
}
