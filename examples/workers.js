/**
 * One model in several worker threads, in plain JavaScript: its bytes go to each of them, and the weights they learnt
 * come back and are averaged.
 *
 *   node examples/workers.js
 */
'use strict'
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { layers, loadModel, ops, optimizers, sequential } = require('myelin')

const workers = 2

/** Points and the quadrant they lie in; every worker has its own. */
function examples(seed) {
  const x = Array.from({ length: 1000 }, (_, i) => [Math.cos(i * (seed + 1)), Math.sin(1.7 * i + seed)])
  return { x, y: x.map(([a, b]) => (a > 0 ? 1 : 0) + (b > 0 ? 2 : 0)) }
}

function learn(bytes, seed) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { bytes, seed } })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** The mean of the weights of all models, in the first of them. */
function average(models) {
  const sets = models.map((model) => model.getWeights())
  models[0].setWeights(
    sets[0].map((layer, i) => ({
      name: layer.name,
      weight: ops.mean(ops.stack(sets.map((set) => set[i].weight)), { axis: 0 }),
      bias: ops.mean(ops.stack(sets.map((set) => set[i].bias)), { axis: 0 }),
    })),
  )
  return models[0]
}

async function work({ bytes, seed }) {
  const model = await loadModel(bytes)
  const { x, y } = examples(seed)
  await model.fit(x, y, { epochs: 2 })
  parentPort.postMessage(model.toBytes())
}

async function main() {
  let model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [layers.dense({ units: 32, activation: 'relu' }), layers.dense({ units: 4, activation: 'softmax' })],
  })
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  const test = examples(workers)
  for (let round = 1; round <= 3; round++) {
    const bytes = model.toBytes()
    const learnt = await Promise.all(Array.from({ length: workers }, (_, seed) => learn(bytes, seed)))
    model = average(await Promise.all(learnt.map((one) => loadModel(one))))
    const { accuracy } = await model.evaluate(test.x, test.y)
    console.log(`round ${round}: accuracy ${(100 * accuracy).toFixed(1)} %`)
  }
}

const run = isMainThread ? main() : work(workerData)
run.catch((error) => {
  console.error(error)
  process.exitCode = 1
})
