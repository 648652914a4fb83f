'use strict'
// Training in two workers and the main thread at once; a third worker ends in the middle of its training.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { train } = require('./train')

async function main() {
  const workers = ['train', 'train'].map((task) => new Worker(__filename, { workerData: task }))
  const results = workers.map(
    (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
  )
  const losses = await Promise.all([train(), ...results])
  if (new Set(losses).size !== 1) throw new Error(`the same seed gave ${losses.join(', ')}`)
  const endless = new Worker(__filename, { workerData: 'endless' })
  await new Promise((resolve) => endless.once('message', resolve))
  await endless.terminate()
  console.log('two workers and the main thread agree; one was ended while it trained')
}

async function endless() {
  const my = require('myelin')
  const model = my.sequential({ inputShape: [4], layers: [my.layers.dense({ units: 4 })] })
  model.compile({ optimizer: my.optimizers.gradientDescent({ learningRate: 0.001 }), loss: 'meanSquaredError' })
  const rows = Array.from({ length: 64 }, (_, i) => [i, i, i, i].map((v) => v / 64))
  await model.fit(rows, rows, { epochs: 1e6, onEpoch: (logs) => logs.epoch === 2 && parentPort.postMessage('running') })
}

if (isMainThread) {
  main().catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
} else if (workerData === 'endless') endless()
else train().then((loss) => parentPort.postMessage(loss))
