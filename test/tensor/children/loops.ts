/** The most bytes of native memory that were alive in loops that give the event loop no turn, by loop, as JSON. */
import { data, layers, memory, ops, optimizers, sequential, tensor, valueAndGrad } from '../../../lib'

async function most(steps: number, step: () => void, between?: () => Promise<unknown>): Promise<number> {
  const before = memory().liveBytes
  let bytes = 0
  for (let i = 0; i < steps; i++) {
    step()
    bytes = Math.max(bytes, memory().liveBytes - before)
    if (between) await between()
  }
  return bytes
}

async function ofOps(): Promise<number> {
  const x = tensor(new Float32Array(250_000))
  return await most(600, () => ops.add(x, x))
}

async function ofPredictSync(): Promise<number> {
  using model = sequential({ inputShape: [4], layers: [layers.dense({ units: 200 })] })
  const x = { data: new Float32Array(4 * 5000), shape: [5000, 4] }
  return await most(
    150,
    () => model.predictSync(x),
    () => Promise.resolve(),
  )
}

async function ofTraining(): Promise<number> {
  using model = sequential({
    inputShape: [784],
    layers: [layers.dense({ units: 256, activation: 'relu' }), layers.dense({ units: 1 })],
  })
  const optimizer = optimizers.adam()
  const step = valueAndGrad(model, 'meanSquaredError')
  const x = { data: new Float32Array(784 * 64).fill(0.1), shape: [64, 784] }
  const y = { data: new Float32Array(64), shape: [64, 1] }
  const batches = [...data.batches({ x, y }, { batchSize: 16 })]
  let n = 0
  return await most(700, () => {
    const batch = batches[n++ % batches.length]
    optimizer.apply(model, step(batch.x, batch.y).grads)
  })
}

const loops = { ops: ofOps, predictSync: ofPredictSync, training: ofTraining }

async function main(): Promise<void> {
  const found: Record<string, number> = {}
  for (const [name, loop] of Object.entries(loops)) found[name] = await loop()
  console.log(JSON.stringify(found))
}

void main()
