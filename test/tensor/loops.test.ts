import { expect } from 'chai'
import { data, layers, memory, ops, optimizers, sequential, tensor, valueAndGrad } from '../../lib'
import { collectGarbage } from '../garbage'

/**
 * The garbage collector lets 64 MB of native memory gather, and more where earlier tests have left a large heap. Every
 * loop below makes 600 MB or more.
 */
const limit = 300e6

/** The most that was alive while `step` was done `steps` times. */
async function most(steps: number, step: () => void, between?: () => Promise<unknown>) {
  await collectGarbage()
  const before = memory().liveBytes
  let bytes = 0
  for (let i = 0; i < steps; i++) {
    step()
    bytes = Math.max(bytes, memory().liveBytes - before)
    if (between) await between()
  }
  return bytes
}

describe('loops that give the event loop no turn keep no dead tensors', () => {
  it('ops', async () => {
    const x = tensor(new Float32Array(250_000))
    expect(await most(600, () => ops.add(x, x))).to.be.lessThan(limit)
  })

  it('predictSync, with awaits that are no turns', async () => {
    const model = sequential({ inputShape: [4], layers: [layers.dense({ units: 200 })] })
    const x = { data: new Float32Array(4 * 5000), shape: [5000, 4] }
    const turnless = () => Promise.resolve()
    expect(await most(150, () => model.predictSync(x), turnless)).to.be.lessThan(limit)
    model.dispose()
  })

  it('training of one’s own', async () => {
    const model = sequential({
      inputShape: [784],
      layers: [layers.dense({ units: 256, activation: 'relu' }), layers.dense({ units: 1 })],
    })
    const optimizer = optimizers.adam()
    const step = valueAndGrad(model, 'meanSquaredError')
    const x = { data: new Float32Array(784 * 64).fill(0.1), shape: [64, 784] }
    const y = { data: new Float32Array(64), shape: [64, 1] }
    const batches = [...data.batches({ x, y }, { batchSize: 16 })]
    let n = 0
    const once = () => {
      const batch = batches[n++ % batches.length]
      optimizer.apply(model, step(batch.x, batch.y).grads)
    }
    expect(await most(700, once)).to.be.lessThan(limit)
    model.dispose()
  })
})
