/** `npx myelin doctor`: what is used on this machine, why not more, and whether it computes right. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, relative } from 'node:path'
import type * as Myelin from '.'
import type { Native } from './native/contract'
import { nativePath, publishedChecksum, root } from './native/load'

type Library = typeof Myelin

/** Milliseconds of training in the self-test. */
const trainingTime = 1500

/** Writes the report line by line; true when everything works. A missing GPU is no fault. */
export async function doctor(write: (line: string) => void): Promise<boolean> {
  const line = (name: string, text: string): void => write(`${`${name}:`.padEnd(17)}${text}`)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  line('myelin', `${version} in ${root}`)
  line('Node.js', `${process.version} (Node-API ${process.versions.napi}), ${process.execPath}`)
  line('platform', [`${process.platform}-${process.arch}`, libc(), processor()].filter(Boolean).join(', '))
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith('MYELIN_'))
  line('settings', settings.map(([name, value]) => `${name}=${value}`).join(' ') || 'none (MYELIN_* variables)')
  let myelin: Library
  try {
    const { isSound, text } = chosenBinary()
    line('binary', text)
    if (!isSound) return false
    // Only now: loading the library is what may fail.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    myelin = require('.') as Library
  } catch (error) {
    for (const [tool, version] of buildTools()) line(tool, version)
    write('')
    write(messageOf(error))
    return false
  }
  try {
    const [cpu, ...gpus] = myelin.devices()
    line('instruction set', cpu.description)
    line('threads', `${myelin.getThreads()} of ${cpus().length} processors`)
    for (const gpu of gpus)
      line(
        gpu.name,
        `${gpu.description}, ${((gpu.memoryBytes ?? 0) / 2 ** 30).toFixed(1)} GiB, driver for CUDA ${gpu.driver}`,
      )
    const reason = myelin.whyNoGpu()
    if (reason !== null) line('GPU', `none. ${reason}`)
    const places = reason === null ? (['cpu', 'cuda'] as const) : (['cpu'] as const)
    let isWell = true
    for (const device of places) {
      const result = await selfTest(myelin, device)
      line(`self-test (${device})`, result.text)
      isWell &&= result.isWell
    }
    if (refusedThreads())
      line('thread limit', 'the system gives no more threads; those there are do the work. See ulimit -u, pids.max.')
    return isWell
  } catch (error) {
    write('')
    write(messageOf(error))
    return false
  }
}

/** Known after something has been computed. Loads the library only now. */
const refusedThreads = (): boolean =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  (require('./native/native') as { native: Native }).native.threadsRefused()

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What a build of the native part would use: names and versions, or that there is none. */
function buildTools(): (readonly [string, string])[] {
  const { CXX, CMAKE } = process.env
  const tools = [
    ['C++ compiler', CXX ? [CXX] : ['c++', 'g++', 'clang++']],
    ['CMake', [CMAKE || 'cmake']],
    ['make or ninja', ['make', 'ninja']],
  ] as const
  return tools.map(([title, programs]) => {
    for (const program of programs) {
      const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
      if (status === 0) return [title, `${program}: ${stdout.split('\n')[0].trim()}`]
    }
    return [title, `none (looked for ${programs.join(', ')} on PATH)`]
  })
}

function libc(): string {
  if (process.platform !== 'linux') return ''
  const report = process.report as typeof process.report & { excludeNetwork?: boolean }
  report.excludeNetwork = true // else it looks up names of hosts
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl'
}

const processor = (): string => cpus()[0]?.model.trim() ?? ''

/** Which file Node.js will load, and whether it is the published one. */
function chosenBinary(): { isSound: boolean; text: string } {
  const file = nativePath()
  const name = relative(root, file)
  const size = `${(statSync(file).size / 1e6).toFixed(2)} MB`
  const published = publishedChecksum(file)
  if (!published) return { isSound: true, text: `${name}, ${size}, built on this machine` }
  const isSame = createHash('sha256').update(readFileSync(file)).digest('hex') === published.sha256
  return isSame
    ? { isSound: true, text: `${name}, ${size}, as published` }
    : {
        isSound: false,
        text: `${name}, ${size}, ALTERED: its SHA-256 is not the published one. Reinstall the package.`,
      }
}

/**
 * A ring around a disc: no straight line parts the two, so the network has to learn. And its derivatives are checked.
 */
async function selfTest(myelin: Library, device: 'cpu' | 'cuda'): Promise<{ isWell: boolean; text: string }> {
  const { layers, sequential, optimizers, gradientCheck } = myelin
  const points = 512
  const x = Array.from({ length: points }, (_, i) => {
    const radius = i % 2 === 0 ? 0.5 : 1.5
    return [radius * Math.cos(i), radius * Math.sin(i)]
  })
  const y = x.map((_, i) => [i % 2])
  const network = [
    layers.dense({ units: 32, activation: 'tanh' }),
    layers.dense({ units: 32, activation: 'relu' }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]
  const model = sequential({ inputShape: [2], seed: 1, device, layers: network })
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  })
  const signal = AbortSignal.timeout(trainingTime)
  const start = performance.now()
  let steps = 0
  let accuracy = 0
  await model
    .fit(x, y, {
      epochs: 100_000,
      batchSize: 64,
      signal,
      verbose: 0,
      onEpoch: (logs) => {
        steps += points / 64
        accuracy = logs.accuracy
      },
    })
    .catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  const seconds = (performance.now() - start) / 1000
  const check = await gradientCheck(model, x.slice(0, 16), y.slice(0, 16))
  model.dispose()
  const isWell = accuracy > 0.99 && check.verdict === 'correct'
  const rate = Math.round(steps / seconds).toLocaleString('en')
  const text =
    `${isWell ? 'passed' : 'FAILED'}: ${rate} training steps per second, accuracy ${(100 * accuracy).toFixed(1)} %, ` +
    `derivatives ${check.verdict}`
  return { isWell, text }
}
