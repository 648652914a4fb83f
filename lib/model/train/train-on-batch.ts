/** One training step on the rows given. */
import { NonFiniteError } from '../../base/errors'
import { inTurns } from '../../base/slices'
import { native } from '../../native/native'
import { inputsOf, weightedOutputs, type ClassWeights, type Examples, type SampleWeights } from '../data/examples'
import type { Engine } from '../engine'
import { finishMetrics, lastCosts, type Evaluation } from '../infer/evaluate'
import { rankedMetrics } from '../programs/answers'
import { addTotals, splitTotals } from '../programs/run-steps'
import { layerOf, placeOf } from '../programs/safeguards'
import type { Job } from '../queue/job'

export interface TrainOnBatchOptions {
  sampleWeight?: SampleWeights | undefined
  classWeight?: ClassWeights | undefined
  signal?: AbortSignal | undefined
}

/**
 * J before the update, and the metrics of the same forward pass. NonFiniteError (nothing changed) if it or a gradient
 * is not finite.
 */
export async function trainOnBatch<Metrics extends string>(
  engine: Engine,
  job: Job,
  examples: Examples,
): Promise<Evaluation<Metrics>> {
  const { outputs } = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const data = await examples.check(outputs).prepared(engine, job)
  try {
    const wanted = engine.trainPlan({ batch: data.rows, weighted: weightedOutputs(data) })
    await engine.plans.prepare(wanted, () => job.throwIfAborted())
    const plan = engine.plans.get(wanted)
    const hyper = engine.hypers(1, 1)
    const result = await job.run(plan.prepare(inputsOf(data), false, { hyper, ...engine.stepKey() }))
    engine.advance(result.stepsDone)
    if (result.status === 'nonFinite') {
      const layer = layerOf(result)
      const found = `the first is in ${placeOf(result)} (${result.value})`
      const message = `${job.what}: a value is not finite; ${found}. The step was not taken.`
      throw Object.assign(new NonFiniteError(message), { epoch: 1, batch: 1, layer })
    }
    if (!result.stepsDone) job.throwIfAborted()
    const totals = splitTotals(addTotals(null, result, plan), plan)
    const { cost, ...others } = lastCosts(plan, result.costs)
    // The step is taken: an abort comes too late for it.
    const fetched = { buffers: result.fetches, rows: data.rows, dtype: engine.dtype }
    const ranked = await inTurns(rankedMetrics(job.what, outputs, fetched)).finally(() =>
      result.fetches.forEach((buffer) => native.bufferDispose(buffer)),
    )
    const metrics = finishMetrics(outputs, { totals, counts: plan.statisticCounts, rows: data.rows, ranked })
    return { loss: cost, ...others, ...metrics } as Evaluation<Metrics>
  } finally {
    data.dispose()
  }
}
