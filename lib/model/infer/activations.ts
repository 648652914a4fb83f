/** The values inside a network, layer by layer. */
import { Tensor } from '../../tensor/tensor'
import { slotsOf, type NativeInputs, type OpenInputs } from '../data/inputs'
import type { Engine } from '../engine'
import { activationsProgram } from '../programs/program'
import type { Job } from '../queue/job'

/** Values of one use of a layer: z before its activation (where it has one), a after it; [m, …]. */
export interface LayerActivations {
  z?: Tensor
  a: Tensor
}

export async function activations(
  engine: Engine,
  job: Job,
  x: OpenInputs,
  training: boolean,
): Promise<Record<string, LayerActivations>> {
  engine.requireAdapted(job.what)
  const inputs = await x.prepared(engine, job)
  try {
    return await activationsOf(engine, job, inputs, training)
  } finally {
    inputs.release()
  }
}

/** The same of inputs that are in native memory already. */
export async function activationsOf(
  engine: Engine,
  job: Job,
  inputs: NativeInputs,
  training: boolean,
): Promise<Record<string, LayerActivations>> {
  const { rows } = inputs
  const wanted = engine.plans.request(`activations ${rows} ${training}`, () =>
    activationsProgram(engine, rows, training),
  )
  await engine.plans.prepare(wanted, () => job.throwIfAborted())
  const plan = engine.plans.get(wanted)
  const result = await job.run(plan.prepare(slotsOf(inputs), false, engine.stepKey()))
  job.throwIfAborted()
  // A name such as 'constructor' is there only once it is set.
  const layers = new Map<string, LayerActivations>()
  plan.fetchNames.forEach((name, i) => {
    const dot = name.lastIndexOf('.')
    const value = Tensor.fromBuffer(result.fetches[i], plan.fetchShapes[i], engine.dtype)
    const use = name.slice(0, dot)
    layers.set(use, { ...layers.get(use), [name.slice(dot + 1)]: value } as unknown as LayerActivations)
  })
  return Object.fromEntries(layers)
}
