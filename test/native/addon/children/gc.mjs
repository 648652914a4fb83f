// Makes and forgets many native objects without dispose; prints live memory before, at most, and after collection.
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { bytes, input, load } from './common.mjs'

const native = load()
async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await turn()
  }
}
async function use() {
  for (let i = 0; i < 50; i++) {
    const buffer = native.bufferCreate('float64', input.n, null)
    native.bufferClone(buffer)
    const plan = native.planCompileSync(bytes(), i % 2 ? 'fused' : 'plain')
    const request = { states: [buffer], hyper: new Float64Array([1]) }
    native.planRunSync(plan, request)
    const { promise, cancel } = native.planRun(plan, request, () => {})
    await promise
    cancel()
  }
}
// One round first: what stays for good (threads, tables) is then there.
await use()
await collect()
const before = native.memory()
await use()
const during = native.memory()
await collect()
console.log(JSON.stringify({ before, during, after: native.memory(), external: process.memoryUsage().external }))
