/** Saves two models to one path in turn, and writes checkpoints of a fit, until it is killed. Argument: a folder. */
import { join } from 'node:path'
import { layers, sequential } from '../../../../lib'

async function main(): Promise<void> {
  const [folder] = process.argv.slice(2)
  const models = [1, 2].map((seed) => {
    const model = sequential({ inputShape: [600], seed, layers: [layers.dense({ units: 600 })] })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    return model
  })
  const x = { data: new Float32Array(4 * 600), shape: [4, 600] }
  await models[0].save(join(folder, 'model'))
  const trained = sequential({ inputShape: [600], seed: 3, layers: [layers.dense({ units: 600 })] })
  trained.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  let told = false
  const training = trained.fit(x, x, {
    epochs: 1_000_000,
    checkpoint: { path: join(folder, 'run'), every: { epochs: 1 } },
    onEpoch: () => {
      if (!told) process.send?.('ready')
      told = true
    },
  })
  for (let i = 1; ; i++) await Promise.race([models[i % 2].save(join(folder, 'model')), training])
}

void main()
