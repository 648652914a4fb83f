import type { Callback, TrainingRun } from '../model'
import type { EpochLogs } from '../model/train/history'
import { Tensor } from '../tensor/tensor'

/**
 * Adds ‖W‖²_F of every weight of rank 2 or more (biases are left out) to the logs of each epoch, after its last update,
 * under names like `dense_1.weight.squaredNorm`: with an L2 penalty or early stopping it stays small.
 */
export function weightNorms(): Callback {
  return {
    name: 'weightNorms',
    onEpoch(logs: EpochLogs, run: TrainingRun): void {
      for (const layer of run.model.getWeights())
        for (const [key, value] of Object.entries(layer)) {
          if (!(value instanceof Tensor)) continue
          if (value.rank >= 2) logs[`${layer.name}.${key}.squaredNorm`] = value.data.reduce((sum, w) => sum + w * w, 0)
          value.dispose()
        }
    },
  }
}
