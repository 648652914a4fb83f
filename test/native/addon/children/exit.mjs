// Leaves in the middle of a run, in the way that `how` names.
import process from 'node:process'
import { endless, input, load } from './common.mjs'

const ways = {
  exit: () => process.exit(7),
  throw: () => {
    setImmediate(() => {
      throw new Error('left by an uncaught error')
    })
  },
  cancel: () => job.cancel(),
}
const job = endless(load(), ways[input.how])
const result = await job.promise
console.log(result.status)
