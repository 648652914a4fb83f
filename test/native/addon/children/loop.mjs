// A loop without a turn of the event loop: makes and forgets buffers, and calls that fail. Prints how much was alive at
// most.
import { bytes, input, load } from './common.mjs'

const native = load()
const plan = native.planCompileSync(bytes(), 'fused')
const request = { states: [native.bufferCreate('float64', input.n, null)], hyper: new Float64Array([1]) }
const before = native.memory().liveBytes
let most = 0
let failures = 0
for (let i = 0; i < input.rounds; i++) {
  native.bufferCreate('float64', input.n, null)
  native.planRunSync(plan, request)
  try {
    native.bufferRead({})
  } catch (error) {
    if (/bufferRead: buffer must be a buffer/.test(error.message)) failures++
  }
  most = Math.max(most, native.memory().liveBytes - before)
  if (i % 100 === 0) await null
}
console.log(JSON.stringify({ most, failures }))
