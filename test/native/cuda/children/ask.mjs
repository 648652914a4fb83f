// What a process is told about GPUs, whether it opened the CUDA library before it was asked, and how long that took.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import * as my from '../../../../dist/index.mjs'

const maps = () => readFileSync('/proc/self/maps', 'utf8')
const loaded = () => /myelin_cuda/.test(maps())
my.tensor([1, 2]).toArray()
const [addon] = /\/\S+\.node$/m.exec(maps())
const loadedBefore = loaded()
const start = performance.now()
const reason = my.whyNoGpu()
const milliseconds = performance.now() - start
const names = my.devices().map((device) => device.name)

const small = (device) => my.sequential({ inputShape: [2], device, layers: [my.layers.dense({ units: 1 })] })
const onCpu = small('cpu')
const ways = {
  sequential: () => small('cuda'),
  'model.to': () => onCpu.to('cuda'),
  'model bytes': () => my.loadModel(onCpu.toBytes(), { device: 'cuda' }),
  setMemoryLimit: () => my.setMemoryLimit('cuda', 1e9),
}
const errors = {}
for (const [way, call] of Object.entries(ways)) {
  try {
    await call()
  } catch ({ name, message }) {
    errors[way] = { name, message }
  }
}

const model = my.sequential({ inputShape: [500], device: 'auto', layers: [my.layers.dense({ units: 500 })] })
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
const x = [new Array(500).fill(1)]
const { batches } = await model.fit(x, x, { epochs: 2 })
const predicted = (await model.predict(x)).data
const trained = { device: model.device, finite: [...batches, ...predicted].every(Number.isFinite) }
const loadedAfter = loaded()
delete process.env.EMU_MEMORY
const later = my.whyNoGpu()
console.log(JSON.stringify({ addon, loadedBefore, loadedAfter, milliseconds, reason, names, errors, trained, later }))
