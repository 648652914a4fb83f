// What an ES module project does. Names and default are of the same instance as require gives.
import { createRequire } from 'node:module'
import * as my from 'myelin'
import { ops, tensor } from 'myelin'
import { train } from './train.js'

await train()
const required = createRequire(import.meta.url)('myelin')
const missing = Object.keys(required).filter((name) => my[name] !== required[name])
if (missing.length > 0) throw new Error(`import lacks or doubles ${missing.join(', ')}`)
if (ops.add(tensor([1]), tensor([2])).toArray()[0] !== 3) throw new Error('1 + 2 is not 3')
console.log(`${Object.keys(required).length} names, one instance`)
