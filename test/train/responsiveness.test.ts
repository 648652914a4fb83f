import { expect } from 'chai'
import { stat } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { AbortError, layers, optimizers, sequential } from '../../lib'
import { native } from '../../lib/native'

function network(sizes: number[], seed = 1) {
  const hidden = sizes.slice(1, -1).map((units) => layers.dense({ units, activation: 'relu' }))
  const model = sequential({
    inputShape: [sizes[0]],
    seed,
    layers: [...hidden, layers.dense({ units: sizes[sizes.length - 1], activation: 'softmax' })],
  })
  model.compile({
    optimizer: optimizers.gradientDescent({ learningRate: 0.001 }),
    loss: 'sparseCategoricalCrossentropy',
  })
  return model
}

function rows(m: number, inputs: number, classes: number) {
  const x = { data: Float32Array.from({ length: m * inputs }, (_, i) => Math.sin(i)), shape: [m, inputs] }
  return { x, y: Float32Array.from({ length: m }, (_, i) => i % classes) }
}

describe('while training', function () {
  this.timeout(60_000)

  it('the event loop and the file system stay responsive, and abort ends the run at once', async () => {
    const model = network([512, 1024, 1024, 10])
    const { x, y } = rows(2048, 512, 10)
    const controller = new AbortController()
    await model.trainOnBatch(x, y)
    const fit = model.fit(x, y, { epochs: 10_000, batchSize: 256, signal: controller.signal }).then(
      () => null,
      (error: unknown) => error,
    )
    await sleep(200)
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    let slowest = 0
    const end = performance.now() + 2000
    while (performance.now() < end) {
      const start = performance.now()
      await stat(__filename)
      slowest = Math.max(slowest, performance.now() - start)
      await sleep(5)
    }
    delay.disable()
    const aborted = performance.now()
    controller.abort('enough')
    const error = await fit
    expect(performance.now() - aborted, 'abort in ms').to.be.below(500)
    expect(error).to.be.instanceOf(AbortError)
    expect((error as AbortError).cause).to.equal('enough')
    expect(delay.percentile(99) / 1e6, 'event-loop delay p99 in ms').to.be.below(25)
    expect(slowest, 'slowest fs.stat in ms').to.be.below(80)
    expect((await model.predict(x)).data.every(Number.isFinite)).to.equal(true)
    expect((await model.fit(x, y, { batchSize: 256 })).epochs.length).to.equal(1)
    model.dispose()
  })

  it('JavaScript does not work per step: crossings of an epoch do not grow with its steps', async () => {
    const model = network([4, 8, 2])
    const crossings = async (steps: number) => {
      const { x, y } = rows(4 * steps, 4, 2)
      const settings = { batchSize: 4, shuffle: false }
      await model.fit(x, y, settings) // plans are compiled
      const before = native.crossings()
      const start = performance.now()
      await model.fit(x, y, settings)
      return { count: native.crossings() - before, periods: Math.ceil((performance.now() - start) / 20) }
    }
    const few = await crossings(100)
    const many = await crossings(1000)
    for (const { count, periods } of [few, many]) expect(count).to.be.at.most(10 + periods)
    expect(many.count - many.periods).to.be.at.most(few.count)
  })
})
