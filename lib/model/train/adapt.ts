/** Layers that learn from data before training starts. */
import { StateError } from '../../base/errors'
import { sizeOf } from '../../base/shape'
import { inTurns } from '../../base/slices'
import { native } from '../../native/native'
import type { NativeInputs, OpenInputs } from '../data/inputs'
import type { Engine } from '../engine'
import type { Job } from '../queue/job'
import type { PlacedLayer } from '../structure/network'

/** Teaches layers the statistics of the inputs they stand on; `only` these, or all that can learn. */
export async function adaptTo(
  engine: Engine,
  job: Job,
  inputs: NativeInputs,
  only?: ReadonlySet<PlacedLayer>,
): Promise<void> {
  const learnt = new Map<PlacedLayer, Record<string, Float64Array>>()
  for (const { use, input } of engine.network.adapting) {
    if (only && !only.has(use.place)) continue
    const { buffer } = inputs.list.find((given) => given.input === input)!
    const width = sizeOf(input.shape)
    const read = (from: number, to: number) => native.bufferRead(buffer, from * width, (to - from) * width)
    const found = await inTurns(use.built.adapt!(read, inputs.rows), () => job.throwIfAborted())
    learnt.set(use.place, found)
  }
  // All of them or, after an abort, none.
  for (const [place, values] of learnt) engine.setStatistics(place, values)
}

/** `model.adapt`: all layers that learn statistics. StateError where there are none. */
export async function adaptOn(engine: Engine, job: Job, open: OpenInputs): Promise<void> {
  if (engine.network.adapting.length === 0)
    throw new StateError(`${job.what}: the model has no normalize layer. Put layers.normalize() first.`)
  const inputs = await open.prepared(engine, job)
  try {
    await adaptTo(engine, job, inputs)
  } finally {
    inputs.release()
  }
}
