/** Trains with checkpoints until it is killed. Arguments: path of the checkpoint, every epochs|steps. */
import { layers, optimizers, sequential } from '../../../../lib'
import { settings, trainingData } from './checkpointed-setting'

async function main(): Promise<void> {
  const [path, unit] = process.argv.slice(2)
  const model = sequential({ inputShape: [6], seed: 5, layers: settings.layers(layers) })
  model.compile({ optimizer: optimizers.adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const { x, y } = trainingData()
  await model.fit(x, y, {
    epochs: settings.epochs,
    batchSize: settings.batchSize,
    checkpoint: { path, every: unit === 'steps' ? { steps: 7 } : { epochs: 1 } },
    onEpoch: async ({ epoch }) => {
      process.send?.(epoch)
      await new Promise((resolve) => setTimeout(resolve, 5))
    },
  })
}

void main()
