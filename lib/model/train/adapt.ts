/** Layers that learn from data before training starts. */
import { sizeOf } from '../../base/shape'
import { inTurns } from '../../base/slices'
import { featureStatistics } from '../../layers/normalization/normalize'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import type { Engine } from '../engine'
import type { Job } from '../queue/job'

/** Teaches the normalize layer the mean and variance of x, rows of `shape` in native memory. */
export async function adaptTo(engine: Engine, job: Job, x: NativeBuffer, shape: readonly number[]): Promise<void> {
  const features = sizeOf(shape.slice(1))
  const read = (from: number, to: number) => native.bufferRead(x, from * features, (to - from) * features)
  const found = await inTurns(featureStatistics(read, shape[0], features), () => job.throwIfAborted())
  engine.setStatistics({ ...found })
}
