'use strict'
// Two installed copies of the package in one process: arguments are their folders.
const path = require('node:path')

const [first, second] = process.argv.slice(2).map((folder) => require(path.resolve(folder)))

async function train(my) {
  const model = my.sequential({ inputShape: [1], seed: 1, layers: [my.layers.dense({ units: 1 })] })
  model.compile({ optimizer: my.optimizers.adam({ learningRate: 0.1 }), loss: 'meanSquaredError' })
  const x = [[0], [1], [2], [3]]
  const y = [[1], [3], [5], [7]]
  const history = await model.fit(x, y, { epochs: 500, batchSize: 'all' })
  return history.epochs[499].loss
}

async function main() {
  if (first === second) throw new Error('both folders gave the same instance')
  const losses = await Promise.all([train(first), train(second)])
  if (!(losses[0] < 0.01) || losses[0] !== losses[1]) throw new Error(`losses ${losses.join(' and ')}`)
  const kept = first.tensor([1, 2, 3])
  if (first.memory().liveBytes === second.memory().liveBytes) throw new Error('the copies share their counters')
  kept.dispose()
  console.log('each with its own memory, the same numbers')
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
