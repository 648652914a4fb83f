import { sizeOf } from '../base/shape'
import { inTurns } from '../base/slices'
import type { Callback, TrainingRun } from '../model'
import type { EpochLogs } from '../model/train/history'
import { squaredNorm } from './squared-norm'

const where = 'callbacks.weightNorms'

/**
 * Adds ‖W‖²_F of every weight of rank 2 or more (biases are left out) to the logs of each epoch, after its last update,
 * under names like `dense_1.weight.squaredNorm`: with an L2 penalty or early stopping it stays small.
 */
export function weightNorms(): Callback {
  return {
    name: 'weightNorms',
    async onEpoch(logs: EpochLogs, run: TrainingRun): Promise<void> {
      const { weights, queue } = run.model.internals(where).engine
      await queue.enqueue(where, 'read', undefined, async (job) => {
        const pause = () => job.throwIfAborted()
        for (const { name, shape, buffer } of weights.visible)
          if (shape.length >= 2) logs[`${name}.squaredNorm`] = await inTurns(squaredNorm(buffer, sizeOf(shape)), pause)
      })
    },
  }
}
