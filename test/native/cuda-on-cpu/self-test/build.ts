// Builds and runs the self-test of the stand-in CUDA runtime.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

interface StandInScript {
  buildStandIn(options: { sanitize: string; drivers: string[] }): string
  sanitizers: Record<string, string[]>
  kernelFlags(sanitize: string): string[]
  runtimeFlags(sanitize: string): string[]
  runtimeSources(): string[]
  compile(source: string, object: string, flags: string[]): Promise<boolean>
  link(output: string, objects: string[], flags: string[]): void
  inParallel<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]>
}

const root = path.resolve(__dirname, '../../../..')
const script = createRequire(__filename)(path.join(root, 'scripts/cuda-stand-in.js')) as StandInScript

/** Whether this machine can: Linux with a compiler. */
export const canBuild =
  process.platform === 'linux' && spawnSync(process.env.CXX || 'g++', ['--version'], { stdio: 'ignore' }).status === 0

/** How many barriers the kernels of the self-test have; they are numbered from 1. */
export const barriers = Number(
  /constexpr int barriers = (\d+);/.exec(fs.readFileSync(path.join(__dirname, 'kernels.h'), 'utf8'))?.[1],
)

/** Compiles what changed; resolves to the program. `sanitize`: '', 'address' or 'thread'. */
export async function buildSelfTest(sanitize: string): Promise<string> {
  const folder = path.join(root, 'build/cuda-stand-in-self-test', sanitize || 'plain')
  const jobs = script.runtimeSources().map((source) => ({
    source: path.join(root, source),
    object: path.join(folder, `${path.basename(source)}.o`),
    flags: script.runtimeFlags(sanitize),
  }))
  jobs.unshift({
    source: path.join(__dirname, 'self_test.cpp'),
    object: path.join(folder, 'self_test.o'),
    flags: script.kernelFlags(sanitize),
  })
  await script.inParallel(jobs, ({ source, object, flags }) => script.compile(source, object, flags))
  const program = path.join(folder, 'self_test')
  const objects = jobs.map(({ object }) => object)
  script.link(program, objects, script.sanitizers[sanitize]!)
  return program
}

/** Builds drivers of test/native/cuda-on-cpu over the CUDA library, by name; returns their programs. */
export function buildDrivers(sanitize: string, names: string[]): string[] {
  const last = script.buildStandIn({ sanitize, drivers: names.map((name) => `test/native/cuda-on-cpu/${name}.cpp`) })
  return names.map((name) => path.join(path.dirname(last), path.basename(name)))
}

export function runSelfTest(program: string, args: string[], env: Record<string, string> = {}) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, EMU_ORDER: 'forward', TSAN_OPTIONS: 'halt_on_error=1', ...env },
  })
  return { failed: result.status !== 0, said: `${result.stdout}${result.stderr}` }
}
