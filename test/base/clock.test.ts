import { mock } from 'node:test'
import { expect } from 'chai'
import * as my from '../../lib'

describe('timers that a test has replaced', () => {
  const real = { setTimeout: globalThis.setTimeout, now: performance.now }
  afterEach(() => {
    mock.timers.reset()
    performance.now = real.now
  })

  it('do not stop fit, fitDataset, predict during a fit, and evaluate', async () => {
    const rows = 100_000
    const x = Array.from({ length: rows }, (_, i) => [i / rows, 1, 2, 3])
    const y = x.map(([first]) => first)
    const model = my.sequential({ inputShape: [4], layers: [my.layers.dense({ units: 1 })] })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    mock.timers.enable()
    performance.now = () => 0
    const work = async () => {
      let asked: Promise<my.Tensor> | null = null
      const onProgress = () => void (asked ??= model.predict(x))
      await model.fit(x, y, { epochs: 2, batchSize: 100, callbacks: [{ name: 'asks', onProgress }] })
      await asked
      const controller = new AbortController()
      const stalls = async function* () {
        yield { x: [[1, 2, 3, 4]], y: [1] }
        await new Promise(() => undefined)
      }
      const onBatch = () => controller.abort()
      await model.fitDataset(stalls, { signal: controller.signal, onBatch }).catch(() => undefined)
      return (await model.evaluate(x, y)).loss
    }
    const late = new Promise((done) => real.setTimeout(done, 30_000, 'hangs'))
    expect(await Promise.race([work(), late])).to.be.a('number')
  })
})
