/**
 * This tree against another one of the same project, a built clone at an earlier commit: whole processes in alternating
 * rounds.
 *   npm run bench -- versus path/to/clone --rounds 15
 *   npm run bench -- versus path/to/clone mnist wide
 * Prints medians of µs per training step and the ratio (above 1: this tree is faster). The two take turns in going
 * first.
 */
import { resolve } from 'node:path'
import workloads from './workloads.json'
import { measureStep, median, takeOption } from './support/rounds'

const args = process.argv.slice(2)
const rounds = Number(takeOption(args, 'rounds', '15'))
const [other, ...chosen] = args
if (!other) throw new Error('usage: npm run bench -- versus path/to/clone [workload …] [--rounds n]')
const names = chosen.length > 0 ? chosen : Object.keys(workloads)
const trees = { other: resolve(other), ours: resolve(__dirname, '..') }

const ratios: number[] = []
for (const name of names) {
  const times = { other: [] as number[], ours: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['other', 'ours'] as const) : (['ours', 'other'] as const)
    for (const side of order) times[side].push(measureStep(trees[side], name))
  }
  const ratio = median(times.other) / median(times.ours)
  ratios.push(ratio)
  const spread = (values: number[]) => `${Math.min(...values)}–${Math.max(...values)}`
  console.log(
    `${name}: other ${median(times.other)} µs (${spread(times.other)}), ours ${median(times.ours)} µs ` +
      `(${spread(times.ours)}), ratio ${ratio.toFixed(3)} over ${rounds} rounds`,
  )
}
const product = ratios.reduce((p, ratio) => p * ratio, 1)
console.log(`geometric mean of the ratios: ${(product ** (1 / ratios.length)).toFixed(3)}`)
