/**
 * What augmentation costs: epochs of 784-512-256-10 on 9,000 digits with and without it, in alternating rounds, and
 * what the event loop notices meanwhile.
 *   npm run bench -- augment [--rounds 5]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import * as my from 'myelin'
import { loadDigits, side } from '../examples/support/digits'
import { median, takeOption } from './support/rounds'

const epochs = 5
const { dense } = my.layers

function network(): my.Model {
  const model = my.sequential({
    inputShape: [side * side],
    seed: 1,
    layers: [
      dense({ units: 512, activation: 'relu' }),
      dense({ units: 256, activation: 'relu' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  return model
}

const round = (value: number) => Math.round(value * 100) / 100

async function main(): Promise<void> {
  const rounds = Number(takeOption(process.argv, 'rounds', '5'))
  const { train } = my.data.split(loadDigits(), { train: 0.9, test: 0.1, seed: 1 })
  const shape = [side, side]
  const kinds: Record<string, my.data.Augmenter | undefined> = {
    plain: undefined,
    'flip and shift': my.data.augment({ shape, flip: true, translate: 2 }),
    'turn, shift, distort': my.data.augment({ shape, rotate: 10, translate: 1, distort: { strength: 1 } }),
  }
  const models = Object.keys(kinds).map(network)
  const wall: number[][] = models.map(() => [])
  const cpu: number[][] = models.map(() => [])
  const delays: number[] = models.map(() => 0)
  for (let r = 0; r <= rounds; r++)
    for (const [i, augment] of Object.values(kinds).entries()) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const [start, used] = [performance.now(), process.cpuUsage()]
      await models[i].fit(train.x, train.y, { epochs, batchSize: 128, ...(augment ? { augment } : {}) })
      const spent = process.cpuUsage(used)
      delay.disable()
      if (r === 0) continue // plans are compiled, memory is touched
      wall[i].push((performance.now() - start) / epochs)
      cpu[i].push((spent.user + spent.system) / 1000 / epochs)
      delays[i] = Math.max(delays[i], delay.percentile(99) / 1e6)
    }
  Object.keys(kinds).forEach((kind, i) =>
    console.log(
      JSON.stringify({
        kind,
        epochMs: round(median(wall[i])),
        cpuMs: round(median(cpu[i])),
        ratio: round(median(wall[i].map((ms, r) => ms / wall[0][r]))),
        cpuRatio: round(median(cpu[i].map((ms, r) => ms / cpu[0][r]))),
        eventLoopDelayP99Ms: round(delays[i]),
      }),
    ),
  )
}

void main()
