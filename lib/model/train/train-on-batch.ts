/** One training step on the rows given. */
import { NonFiniteError } from '../../base/errors'
import { dataOf, inputsOf, type ClassWeight, type DataLike, type SampleWeight } from '../data/data'
import { finishMetrics, lastCosts, type Evaluation } from '../infer/evaluate'
import { splitTotals } from '../infer/run'
import type { Job } from '../queue/queue'
import type { Engine } from '../structure/engine'

export interface TrainOnBatchOptions {
  sampleWeight?: SampleWeight
  classWeight?: ClassWeight
  signal?: AbortSignal
}

/** J before the update, and the metrics of the same forward pass. NonFiniteError (nothing changed) if it or a gradient is not finite. */
export async function trainOnBatch(
  engine: Engine,
  job: Job,
  x: DataLike,
  y: DataLike,
  options: TrainOnBatchOptions,
): Promise<Evaluation> {
  const { loss, metrics } = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const { inputShape, outputShape } = engine.network
  const { sampleWeight, classWeight } = options
  const request = { where: job.what, inputShape, outputShape, loss, x, y, sampleWeight, classWeight }
  const data = await dataOf(engine, job, request)
  try {
    const plan = engine.trainPlan({ batch: data.rows, weighted: data.weights !== null })
    const hyper = engine.hypers(1, 1)
    const key = { hyper, seed: engine.seed, firstStep: engine.progress.steps + 1 }
    const result = await job.run(plan.native, plan.request(inputsOf(data), false, key))
    engine.advance(result.stepsDone)
    if (result.status === 'nonFinite') {
      const layer = result.label.split('.')[0]
      const message = `${job.what}: a value is not finite; the first is in '${layer}' (${result.value}). The step was not taken.`
      throw Object.assign(new NonFiniteError(message), { epoch: 1, batch: 1, layer })
    }
    if (!result.stepsDone) job.throwIfAborted()
    const costs = lastCosts(plan, result.costs)
    const totals = splitTotals(result.accumulators, plan.accumulatorSizes)
    return {
      loss: costs.cost,
      dataLoss: costs.dataLoss,
      ...finishMetrics(metrics, totals, plan.statisticCounts, data.rows),
    }
  } finally {
    data.dispose()
  }
}
