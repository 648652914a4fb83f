/** J on the rows given, and its derivatives. */
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { Tensor } from '../../tensor/tensor'
import type { WeightSet } from '../../tensor/weight-set'
import {
  inputsOf,
  weightedOutputs,
  type ClassWeights,
  type Examples,
  type NativeData,
  type SampleWeights,
} from '../data/examples'
import type { Engine } from '../engine'
import { costProgram } from '../programs/program'
import type { Job } from '../queue/job'
import type { Compiled } from '../structure/compile'

export interface CostAndGradients<Weights extends WeightSet = WeightSet> {
  cost: number
  /** The cost without penalties. */
  dataLoss: number
  gradients: Weights
}

export interface CostOptions {
  sampleWeight?: SampleWeights | undefined
  classWeight?: ClassWeights | undefined
  /**
   * Whether dropout is active and normalisation uses the batch; states stay as they are. The mask then is that of
   * the next training step, the same for every call until a step is taken. Default false.
   */
  training?: boolean | undefined
  signal?: AbortSignal | undefined
}

export async function costAndGradients<Weights extends WeightSet>(
  engine: Engine,
  job: Job,
  examples: Examples,
  training: boolean,
): Promise<CostAndGradients<Weights>> {
  const { outputs } = engine.requireCompiled(job.what)
  engine.requireAdapted(job.what)
  const data = await examples.check(outputs).prepared(engine, job)
  try {
    return await costAndGradientsOf(engine, job, outputs, data, training)
  } finally {
    data.dispose()
  }
}

/** The same on examples that are in native memory already, and were checked for these outputs. */
export async function costAndGradientsOf<Weights extends WeightSet>(
  engine: Engine,
  job: Job,
  outputs: Compiled['outputs'],
  data: NativeData,
  training: boolean,
): Promise<CostAndGradients<Weights>> {
  const shape = { batch: data.rows, weighted: weightedOutputs(data) }
  const wanted = engine.plans.request(
    `gradients ${shape.batch} ${shape.weighted.join()} ${training}`,
    () => costProgram(engine, outputs, shape, { training, withGradients: true }),
    outputs,
  )
  await engine.plans.prepare(wanted, () => job.throwIfAborted())
  const plan = engine.plans.get(wanted)
  const { trainable } = engine.weights
  const result = await job.run(plan.prepare(inputsOf(data), false, engine.stepKey()))
  job.throwIfAborted()
  const [cost, dataLoss, ...found] = result.fetches
  const gradients = engine.weights.layOut(trainable, (p, i) =>
    Tensor.fromBuffer(found[i], p.shape, engine.dtype),
  ) as Weights
  return { cost: scalar(cost), dataLoss: scalar(dataLoss), gradients }
}

function scalar(buffer: NativeBuffer): number {
  const [value] = native.bufferRead(buffer)
  native.bufferDispose(buffer)
  return value
}
