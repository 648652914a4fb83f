// Nothing but an unfinished run keeps this process alive; after it nothing does.
import { bytes, input, load } from './common.mjs'

const native = load()
const plan = native.planCompileSync(bytes(), 'fused')
const state = native.bufferCreate('float32', input.size ** 2, new Float32Array(input.size ** 2).fill(1))
native
  .planRun(plan, { states: [state], steps: input.steps }, null)
  .promise.then((result) => console.log(result.stepsDone))
