/**
 * Milliseconds until the library is there, in fresh processes:
 *   npm run bench -- load --rounds 21
 * `addon` is the native part alone, `package` the JavaScript around it, `gpu` the first question about GPUs, which
 * opens the CUDA library. Rounds alternate between the library beside the addon (npm run build:cuda) and none. Ends
 * with what the process is told about GPUs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { median, takeOption } from './support/rounds'

const root = resolve(__dirname, '..')
const rounds = Number(takeOption(process.argv, 'rounds', '21'))
const addon = join(root, 'build/Release/myelin.node')
const library = join(root, 'build/Release/libmyelin_cuda.so')

const child = `
const start = performance.now()
require(${JSON.stringify(addon)})
const loaded = performance.now()
const my = require('myelin')
const ready = performance.now()
const reason = my.whyNoGpu()
const asked = performance.now()
const devices = my.devices().map((device) => device.name)
console.log(JSON.stringify({ addon: loaded - start, package: ready - loaded, gpu: asked - ready, reason, devices }))
`

interface Times {
  addon: number
  package: number
  gpu: number
  reason: string | null
  devices: string[]
}

function measure(libraryPath: string | undefined): Times {
  const env = { ...process.env, NODE_OPTIONS: '', MYELIN_CUDA_LIBRARY: libraryPath }
  if (libraryPath === undefined) delete env.MYELIN_CUDA_LIBRARY
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', child], { cwd: root, encoding: 'utf8', env })
  if (status !== 0) throw new Error(`a process that loads the library failed:\n${stderr}`)
  return JSON.parse(stdout) as Times
}

const kinds = [
  ...(existsSync(library) ? [{ title: 'CUDA library beside it', path: undefined }] : []),
  { title: 'no CUDA library', path: join(root, 'no-such-library.so') },
]
const results = kinds.map((): Times[] => [])
for (let round = 0; round < rounds; round++) kinds.forEach(({ path }, i) => results[i].push(measure(path)))
kinds.forEach(({ title }, i) => {
  const of = (key: 'addon' | 'package' | 'gpu') => {
    const values = results[i].map((times) => times[key])
    return `${key} ${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)}) ms`
  }
  const [{ reason, devices }] = results[i]
  console.log(`${title}, median (least) of ${rounds}: ${of('addon')}, ${of('package')}, ${of('gpu')}`)
  console.log(`  devices: ${devices.join(', ')}; why no GPU: ${reason ?? 'there is one'}`)
})
