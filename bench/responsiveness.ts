/**
 * What the rest of a Node process notices while `fit` keeps all cores busy for five seconds (512-2048-2048-10, batch
 * 256):
 *   npm run bench -- responsiveness
 * Event-loop delay (p50, p99, max), the slowest fs.stat, how long abort() takes to settle, and whether the model is
 * usable after it. Then how long `predict` of one row takes on a small model, idle and while it trains, and how much of
 * the training's speed is left while it answers one request every 5 ms.
 */
import { stat } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import * as my from 'myelin'

async function whileTraining() {
  const [rows, inputs, classes] = [4096, 512, 10]
  const x = my.tensor(
    Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i)),
    [rows, inputs],
  )
  const y = my.tensor(Float32Array.from({ length: rows }, (_, i) => i % classes))
  const { dense } = my.layers
  const hidden = [2048, 2048].map((units) => dense({ units, activation: 'relu' }))
  const model = my.sequential({
    inputShape: [inputs],
    seed: 1,
    layers: [...hidden, dense({ units: classes, activation: 'softmax' })],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  const controller = new AbortController()
  const { signal } = controller
  const fit = model.fit(x, y, { epochs: 1_000_000, batchSize: 256, signal }).catch((error: Error) => error)
  await sleep(500)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  let slowest = 0
  for (const end = performance.now() + 5000; performance.now() < end; await sleep(5)) {
    const start = performance.now()
    await stat(__filename)
    slowest = Math.max(slowest, performance.now() - start)
  }
  delay.disable()
  const aborted = performance.now()
  controller.abort()
  const error = await fit
  const settled = performance.now() - aborted
  const usable = (await model.predict(x)).data.every(Number.isFinite)
  const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e5) / 10
  console.log(
    JSON.stringify({
      delayMs: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
      slowestStatMs: Math.round(slowest * 10) / 10,
      abortMs: Math.round(settled * 10) / 10,
      error: error instanceof Error ? error.name : 'none',
      usable,
    }),
  )
}

async function predictions() {
  const x = my.tensor(
    Float32Array.from({ length: 40_000 }, (_, i) => Math.sin(i)),
    [20_000, 2],
  )
  const y = my.tensor(Float32Array.from({ length: 20_000 }, (_, i) => i % 2))
  const hidden = my.layers.dense({ units: 256, activation: 'relu' })
  const model = my.sequential({
    inputShape: [2],
    seed: 1,
    layers: [hidden, my.layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
  const row = my.tensor([[0.5, -0.5]])
  const latencies = async (ms: number) => {
    const taken: number[] = []
    for (const end = performance.now() + ms; performance.now() < end;) {
      const start = performance.now()
      await model.predict(row)
      taken.push(performance.now() - start)
      await sleep(5)
    }
    taken.sort((a, b) => a - b)
    const at = (share: number) => Math.round(taken[Math.floor(share * taken.length)] * 100) / 100
    return { p50: at(0.5), p99: at(0.99), requests: taken.length }
  }
  const idle = await latencies(1000)
  const controller = new AbortController()
  let epochs = 0
  const counted = { name: 'counted', onEpoch: () => void epochs++ }
  const training = { epochs: 1_000_000, batchSize: 64, signal: controller.signal, callbacks: [counted] }
  const fit = model.fit(x, y, training).catch((error: Error) => error)
  await sleep(500)
  const speed = async (during: Promise<unknown>) => {
    const [start, before] = [performance.now(), epochs]
    await during
    return (epochs - before) / (performance.now() - start)
  }
  const alone = await speed(sleep(2000))
  const answering = latencies(2000)
  const shared = await speed(answering)
  controller.abort()
  await fit
  const trainingSpeedLeft = Math.round((100 * shared) / alone) / 100
  console.log(JSON.stringify({ predictMs: { idle, whileTraining: await answering }, trainingSpeedLeft }))
}

void whileTraining().then(predictions)
