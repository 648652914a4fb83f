/** Creates, trains one step and drops models without dispose; prints memory before and after garbage collection. */
import { setImmediate } from 'node:timers/promises'
import { layers, memory, optimizers, sequential } from '../../../../lib'

declare const gc: () => void

const x = Array.from({ length: 32 }, (_, i) => Array.from({ length: 50 }, (_, j) => Math.sin(i * 50 + j)))
const y = x.map((_, i) => i % 10)

async function some(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const model = sequential({
      inputShape: [50],
      seed: i,
      layers: [layers.dense({ units: 200, activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' })],
    })
    model.compile({ optimizer: optimizers.adam(), loss: 'sparseCategoricalCrossentropy' })
    await model.trainOnBatch(x, y)
  }
}

async function collect(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    gc()
    await setImmediate()
  }
}

async function main(): Promise<void> {
  await some(100) // code is compiled, pools are filled
  await collect()
  const before = { resident: process.memoryUsage.rss(), ...memory() }
  // How long dropped models wait is the collector's affair, and the system's allocator keeps the most there ever were.
  for (let i = 0; i < 10; i++) {
    await some(100)
    await collect()
  }
  const after = { resident: process.memoryUsage.rss(), ...memory() }
  console.log(JSON.stringify({ before, after }))
}

void main()
