/**
 * What the rest of a Node process notices while `fit` keeps all cores busy for five seconds (512-2048-2048-10, batch 256):
 *   npm run bench -- responsiveness
 * Event-loop delay (p50, p99, max), the slowest fs.stat, how long abort() takes to settle, and whether the model is usable after it.
 */
import { stat } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import * as my from 'myelin'

async function main() {
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

void main()
