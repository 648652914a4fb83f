// What the child programs of the addon's tests share: the addon, and a run that lasts until it is stopped.
import { createRequire } from 'node:module'
import process from 'node:process'
import { isMainThread, workerData } from 'node:worker_threads'

const require = createRequire(import.meta.url)

export const input = isMainThread ? JSON.parse(process.argv[2]) : workerData
export const load = (path = input.addonPath) => require(path)
export const bytes = () => new Uint8Array(Buffer.from(input.graph, 'base64'))

/** Starts a run of a million steps and calls `started` once it is under way. */
export function endless(native, started) {
  const plan = native.planCompileSync(bytes(), 'fused')
  const state = native.bufferCreate('float32', input.size ** 2, new Float32Array(input.size ** 2).fill(1))
  let isFirst = true
  return native.planRun(plan, { states: [state], steps: 1_000_000 }, () => {
    if (isFirst) started()
    isFirst = false
  })
}
