/** Jobs that leave the model as it is: evaluate, predict, activations, costs and gradients. */
import type { NativeArray } from '../../base/dtype'
import { atOnce, inTurns } from '../../base/slices'
import type { Metric } from '../../metrics'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import { Tensor } from '../../tensor/tensor'
import type { WeightSet } from '../../tensor/weight-set'
import {
  dataOf,
  inputsOf,
  nativeX,
  type ClassWeight,
  type DataLike,
  type Flat,
  type NativeData,
  type NativeRows,
  type SampleWeight,
} from '../data/data'
import type { ModelPlan } from '../programs/plans'
import { activationsProgram, costProgram, evaluateProgram } from '../programs/program'
import type { Job } from '../queue/queue'
import type { Engine } from '../structure/engine'
import { addTotals, runChunks, splitTotals } from './run'

/** Rows of a chunk: large enough for full speed, small enough for the cache. */
export const defaultChunk = 256

/** `loss` includes the penalties, `dataLoss` does not; metrics stand under their names. */
export type Evaluation = { loss: number; dataLoss: number } & { [metric: string]: number }

/** Values of one layer: z before its activation (where it has one), a after it; [m, …]. */
export interface LayerActivations {
  z?: Tensor
  a: Tensor
}

export interface CostAndGradients {
  cost: number
  /** The cost without penalties. */
  dataLoss: number
  gradients: WeightSet
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

/** Loss and metrics over all rows. Penalties count once, with m = the rows evaluated, however they are cut into chunks. */
export async function evaluateRows(
  engine: Engine,
  job: Job,
  { data, targets, batch }: EvaluateRequest,
): Promise<Evaluation> {
  const compiled = engine.requireCompiled(job.what)
  const { metrics } = compiled
  const exact = targets !== undefined && metrics.some((metric) => metric.exact)
  const weighted = data.weights !== null
  const width = engine.network.outputShape.reduce((n, d) => n * d, 1)
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
  batchSize?: number
  sampleWeight?: SampleWeight
  signal?: AbortSignal
}

export async function evaluate(
  engine: Engine,
  job: Job,
  x: DataLike,
  y: DataLike,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const compiled = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const data = await dataOf(engine, job, {
    where: job.what,
    inputShape: engine.network.inputShape,
    outputShape: engine.network.outputShape,
    loss: compiled.loss,
    x,
    y,
    sampleWeight: options.sampleWeight,
  })
  try {
    return await evaluateRows(engine, job, {
      data,
      targets: data.targets ?? undefined,
      batch: options.batchSize ?? defaultChunk,
    })
  } finally {
    data.dispose()
  }
}

/** x of a job, in native memory. The caller releases it. */
function inputRows(engine: Engine, job: Job, x: DataLike): Promise<NativeRows> {
  return inTurns(nativeX(job.what, x, engine.network.inputShape, engine), () => job.throwIfAborted())
}

export async function predict(engine: Engine, job: Job, x: DataLike, batch: number): Promise<Tensor> {
  engine.requireAdapted(job.what)
  const input = await inputRows(engine, job, x)
  const rows = input.shape[0]
  const shape = [rows, ...engine.network.outputShape]
  let output: NativeBuffer | null = null
  try {
    output = guarded(job.what, () =>
      native.bufferCreate(
        engine.dtype,
        shape.reduce((n, d) => n * d, 1),
        null,
        engine.device,
      ),
    )
    const collect = [output]
    await runChunks(job, {
      rows,
      batch,
      inputs: { x: input.buffer },
      plan: (size) => engine.predictPlan(size),
      request: (firstRow) => ({ collect, collectRow: firstRow }),
      onResult: () => undefined,
    })
    return Tensor.fromBuffer(toHost(job.what, engine, output), shape, engine.dtype)
  } catch (error) {
    if (output) native.bufferDispose(output)
    throw error
  } finally {
    input.release()
  }
}

/** Tensors live in the CPU's memory. */
function toHost(where: string, { device }: Engine, buffer: NativeBuffer): NativeBuffer {
  if (device === 'cpu') return buffer
  const copy = guarded(where, () => native.bufferClone(buffer, 'cpu'))
  native.bufferDispose(buffer)
  return copy
}

/** All rows at once on the calling thread. */
export function predictSync(engine: Engine, x: DataLike): Tensor {
  const where = 'predictSync'
  engine.requireAdapted(where)
  const input = atOnce(nativeX(where, x, engine.network.inputShape, engine))
  const rows = input.shape[0]
  try {
    const plan = engine.predictPlan(rows)
    const result = guarded(where, () => native.planRunSync(plan.native, plan.request({ x: input.buffer }, false)))
    return Tensor.fromBuffer(result.fetches[0], [rows, ...engine.network.outputShape], engine.dtype)
  } finally {
    input.release()
  }
}

export async function activations(
  engine: Engine,
  job: Job,
  x: DataLike,
  training: boolean,
): Promise<Record<string, LayerActivations>> {
  engine.requireAdapted(job.what)
  const input = await inputRows(engine, job, x)
  const rows = input.shape[0]
  try {
    const plan = engine.plans.get(`activations ${rows} ${training}`, () => activationsProgram(engine, rows, training))
    const result = await job.run(plan.native, plan.request({ x: input.buffer }, false, stepKey(engine)))
    job.throwIfAborted()
    const layers: Record<string, LayerActivations> = {}
    plan.fetchNames.forEach((name, i) => {
      const dot = name.lastIndexOf('.')
      const value = Tensor.fromBuffer(result.fetches[i], plan.fetchShapes[i], engine.dtype)
      const layer = (layers[name.slice(0, dot)] ??= {} as LayerActivations)
      layer[name.slice(dot + 1) as 'z' | 'a'] = value
    })
    return layers
  } finally {
    input.release()
  }
}

/** What random primitives are keyed by: the model's next step, so that masks stay frozen until one is taken. */
export function stepKey(engine: Engine): { seed: bigint; firstStep: number } {
  return { seed: engine.seed, firstStep: engine.progress.steps + 1 }
}

export interface CostOptions {
  sampleWeight?: SampleWeight
  classWeight?: ClassWeight
  /** Whether dropout is active. Its mask then is that of the next training step, the same for every call until a step is taken. Default false. */
  training?: boolean
  signal?: AbortSignal
}

export async function costAndGradients(
  engine: Engine,
  job: Job,
  x: DataLike,
  y: DataLike,
  { sampleWeight, classWeight, training = false }: CostOptions,
): Promise<CostAndGradients> {
  const { loss } = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const { inputShape, outputShape } = engine.network
  const request = { where: job.what, inputShape, outputShape, loss, x, y, sampleWeight, classWeight }
  const data = await dataOf(engine, job, request)
  try {
    const shape = { batch: data.rows, weighted: data.weights !== null }
    const plan = engine.plans.get(`gradients ${shape.batch} ${shape.weighted} ${training}`, () =>
      costProgram(engine, loss, shape, { training, withGradients: true }),
    )
    const result = await job.run(plan.native, plan.request(inputsOf(data), false, stepKey(engine)))
    job.throwIfAborted()
    const [cost, dataLoss, ...found] = result.fetches
    const gradients = engine.weights.layOut((p, i) => Tensor.fromBuffer(found[i], p.shape, engine.dtype))
    return { cost: scalar(cost), dataLoss: scalar(dataLoss), gradients }
  } finally {
    data.dispose()
  }
}

function scalar(buffer: NativeBuffer): number {
  const value: NativeArray = native.bufferRead(buffer)
  native.bufferDispose(buffer)
  return value[0]
}
