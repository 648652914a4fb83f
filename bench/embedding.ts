/**
 * A training step of a large embedding by both rules of `updates`, in alternating rounds:
 *   npm run bench -- embedding --rounds 7 --rows 100000 --units 64 --ids 256
 * Adam moves every row of the table in each step by default, and those of the batch alone with 'touched'. Prints
 * medians of µs per step, and how many times faster 'touched' is.
 */
import { layers, optimizers, sequential } from '../lib'
import { median, takeOption } from './support/rounds'

const args = process.argv.slice(2)
const option = (name: string, value: number) => Number(takeOption(args, name, String(value)))
const [rounds, vocabulary, units, ids] = [
  option('rounds', 7),
  option('rows', 100_000),
  option('units', 64),
  option('ids', 256),
]
if (args.length) throw new Error('usage: npm run bench -- embedding [--rounds n] [--rows n] [--units n] [--ids n]')

const steps = 40
const x = { data: Int32Array.from({ length: ids * steps }, (_, i) => (i * 7919) % vocabulary), shape: [ids * steps, 1] }
const y = Float32Array.from({ length: ids * steps }, (_, i) => Math.sin(i))

function net(updates: 'all' | 'touched') {
  const model = sequential({
    inputShape: [1],
    seed: 1,
    layers: [layers.embedding({ vocabulary, units, updates }), layers.flatten(), layers.dense({ units: 1 })],
  })
  return model.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' })
}

async function main() {
  const models = { all: net('all'), touched: net('touched') }
  const times = { all: [] as number[], touched: [] as number[] }
  for (let round = -1; round < rounds; round++) {
    for (const rule of round % 2 ? (['all', 'touched'] as const) : (['touched', 'all'] as const)) {
      const start = performance.now()
      await models[rule].fit(x, y, { batchSize: ids, shuffle: false })
      // The first round compiles the plans.
      if (round >= 0) times[rule].push((1000 * (performance.now() - start)) / steps)
    }
  }
  const [all, touched] = [median(times.all), median(times.touched)]
  console.log(
    `embedding ${vocabulary} × ${units}, ${ids} ids a step, adam, float32, ${rounds} rounds of ${steps} steps`,
  )
  console.log(`all: ${all.toFixed(0)} µs, touched: ${touched.toFixed(0)} µs, ratio ${(all / touched).toFixed(1)}`)
}
void main()
