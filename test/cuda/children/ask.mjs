// What a process is told about GPUs, whether it opened the CUDA library before it was asked, and how long that took.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import * as my from '../../../dist/index.mjs'

const loaded = () => /myelin_cuda/.test(readFileSync('/proc/self/maps', 'utf8'))
my.tensor([1, 2]).toArray()
const loadedBefore = loaded()
const start = performance.now()
const reason = my.whyNoGpu()
const milliseconds = performance.now() - start
const names = my.devices().map((device) => device.name)
let error = null
try {
  my.sequential({ inputShape: [2], device: 'cuda', layers: [my.layers.dense({ units: 1 })] })
} catch (e) {
  error = { name: e.name, message: e.message }
}
const model = my.sequential({ inputShape: [500], device: 'auto', layers: [my.layers.dense({ units: 500 })] })
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
const x = [new Array(500).fill(1)]
const { batches } = await model.fit(x, x, { epochs: 2 })
const trained = { device: model.device, finite: batches.every(Number.isFinite) }
console.log(JSON.stringify({ loadedBefore, loadedAfter: loaded(), milliseconds, reason, names, error, trained }))
