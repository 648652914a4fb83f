// Uses a bit of everything, disposes of it all, and prints what native memory is left before any garbage collection.
import { layers, memory, ops, optimizers, sequential, tensor } from '../../../../lib'

async function main(): Promise<void> {
  const x = Array.from({ length: 16 }, (_, i) => new Array<number>(20).fill(i / 16))
  const y = x.map(([value]) => value)
  const hidden = layers.dense({ units: 30, activation: 'relu' })
  const model = sequential({ inputShape: [20], seed: 1, layers: [hidden, layers.dense({ units: 1 })] })
  model.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' })
  await model.fit(x, y, { epochs: 2, batchSize: 5 })
  ;(await model.predict(x)).dispose()
  model.predictSync(x).dispose()
  const t = tensor([1, 2, 3])
  ops.add(t, 1).dispose()
  t.dispose()
  const during = memory()
  model.dispose()
  console.log(JSON.stringify({ during, after: memory() }))
}

void main()
