/**
 * Median microseconds per training step of one workload through `fit`, printed as one line of JSON.
 *   npm run bench step -- mnist
 *   npm run bench step -- deep --where    also says where the time of the last epoch's steps went
 * The median over epochs leaves out the first, which compiles the plan.
 */
import * as my from 'myelin'
import { loadNative } from '../lib/native/load'
import { whereItWent } from './support/where'
import workloads from './workloads.json'

const args = process.argv.slice(2)
const where = args.includes('--where')
const name = (args.find((argument) => !argument.startsWith('--')) ?? 'mnist') as keyof typeof workloads
const w = workloads[name]
const inputs = w.widths[0]
const outputs = w.widths[w.widths.length - 1]

let state = 12345
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

async function main() {
  const x = Float32Array.from({ length: w.examples * inputs }, () => random())
  const y = Float32Array.from({ length: w.examples }, () => Math.floor(random() * (outputs === 1 ? 2 : outputs)))
  const hidden = w.widths.slice(1, -1).map((units) => my.layers.dense({ units, activation: w.hidden as 'relu' }))
  const model = my.sequential({
    inputShape: [inputs],
    seed: 1,
    layers: [...hidden, my.layers.dense({ units: outputs, activation: w.head as 'softmax' })],
  })
  const loss = w.head === 'softmax' ? 'sparseCategoricalCrossentropy' : 'binaryCrossentropy'
  model.compile({ optimizer: my.optimizers.adam({ learningRate: 1e-3 }), loss })
  if (where) loadNative().stepProfile(true)
  const times: number[] = []
  let last = 0
  await model.fit(my.tensor(x, [w.examples, inputs]), my.tensor(y, [w.examples]), {
    epochs: w.epochs + 1,
    batchSize: w.batch,
    onEpoch: () => {
      const now = performance.now()
      if (last > 0) times.push(now - last)
      last = now
    },
  })
  const profile = where ? loadNative().stepProfile(false) : null
  if (profile) console.log(whereItWent(profile))
  times.sort((a, b) => a - b)
  const steps = Math.ceil(w.examples / w.batch)
  const micros = (ms: number) => Math.round((ms * 1e4) / steps) / 10
  console.log(
    JSON.stringify({ name, median: micros(times[times.length >> 1]), min: micros(times[0]), threads: my.getThreads() }),
  )
}

void main()
