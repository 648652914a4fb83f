import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { AbortError, layers, optimizers, sequential } from '../../../lib'
import { native } from '../../../lib/native/native'

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

/** Milliseconds that this thread has computed; where the system does not tell, those that have passed. */
function computed(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}

/** The longest turn of the event loop until `call` settles, in ms. */
async function longestTurn(call: () => Promise<unknown>): Promise<number> {
  let [busy, longest, last] = [true, 0, computed()]
  const done = call().finally(() => (busy = false))
  while (busy) {
    await setImmediate()
    const now = computed()
    longest = Math.max(longest, now - last)
    last = now
  }
  await done
  return longest
}

describe('while training', function () {
  this.timeout(60_000)

  it('the event loop and the file system stay responsive, and abort ends the run at once', async function () {
    this.retries(2) // other work on the machine can take the cores away for a moment; bench/responsiveness.ts measures
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

  it('the event loop has its turns while a large data set is read', async function () {
    this.retries(3) // a garbage collection of a few milliseconds is a large share of the shortest call
    const [m, width] = [20_000, 784]
    const model = sequential({
      inputShape: [width],
      seed: 1,
      layers: [layers.normalize(), layers.dense({ units: 10, activation: 'softmax' })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'sparseCategoricalCrossentropy' })
    const { x, y } = rows(m, width, 10)
    const nested = Array.from({ length: m / 4 }, (_, i) => Array.from(x.data.subarray(i * width, (i + 1) * width)))
    const double = { data: Float64Array.from(x.data), shape: x.shape }
    const ways: Record<string, () => Promise<unknown>> = {
      adapt: () => model.adapt(x),
      predict: () => model.predict(x),
      'predict float64': () => model.predict(double),
      'predict nested': () => model.predict(nested),
      evaluate: () => model.evaluate(x, y),
      fit: () => model.fit(x, y, { batchSize: 512 }),
    }
    for (const [name, call] of Object.entries(ways)) {
      let busy = true
      let [turns, longest] = [0, 0]
      const start = performance.now()
      const done = call().finally(() => (busy = false))
      for (let last = start; busy; turns++) {
        await setImmediate()
        const now = performance.now()
        longest = Math.max(longest, now - last)
        last = now
      }
      await done
      expect(turns, `${name}: turns`).to.be.at.least(5)
      expect(longest / (performance.now() - start), `${name}: longest turn, as a share`).to.be.below(0.6)
    }
    model.dispose()
  })

  it('no turn is long, however many rows have weights and ranks', async function () {
    this.retries(3) // a garbage collection may fall into any turn
    const m = 2_000_000
    const model = sequential({
      inputShape: [1],
      seed: 1,
      layers: [layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['auc'] })
    const x = { data: Float32Array.from({ length: m }, (_, i) => Math.sin(i)), shape: [m, 1] }
    const y = Float32Array.from({ length: m }, (_, i) => i % 2)
    const sampleWeight = new Array<number>(m).fill(2)
    const classWeight = { 0: 1, 1: 3 }
    const ways: Record<string, () => Promise<unknown>> = {
      predict: () => model.predict(x),
      evaluate: () => model.evaluate(x, y, { sampleWeight }),
      fit: () => model.fit(x, y, { sampleWeight, classWeight, batchSize: 4096 }),
      trainOnBatch: () => model.trainOnBatch(x, y, { sampleWeight, classWeight }),
      costAndGradients: () => model.costAndGradients(x, y, { sampleWeight, classWeight }),
    }
    for (const call of Object.values(ways)) await call() // the functions are compiled
    for (const [name, call] of Object.entries(ways)) expect(await longestTurn(call), `${name}: ms`).to.be.below(25)
    model.dispose()
  })

  it('JavaScript does not work per step: crossings of an epoch do not grow with its steps', async function () {
    this.retries(3) // how often progress is reported depends on when the cores are free
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
