'use strict'
// One workload of scripts/gpu.js on one device: microseconds a step, epoch by epoch, and the first cost as JSON.
const { performance } = require('node:perf_hooks')
const my = require('../dist')

async function workload({ widths, activation, batch, rows }, device) {
  const [inputs, ...units] = widths
  const outputs = units[units.length - 1]
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i * 0.7) * Math.cos(i * 0.013))
  const y = new Float32Array(rows * outputs)
  for (let i = 0; i < rows; i++) y[i * outputs + (outputs === 1 ? 0 : (i * 7) % outputs)] = outputs === 1 ? i % 2 : 1
  const model = my.sequential({
    inputShape: [inputs],
    seed: 1,
    device,
    layers: units.map((n, i) =>
      my.layers.dense({
        units: n,
        activation: i < units.length - 1 ? activation : outputs === 1 ? 'sigmoid' : 'softmax',
      }),
    ),
  })
  model.compile({ optimizer: 'adam', loss: outputs === 1 ? 'binaryCrossentropy' : 'categoricalCrossentropy' })
  const data = [my.tensor(x, [rows, inputs]), my.tensor(y, [rows, outputs])]
  const steps = Math.ceil(rows / batch)
  const microseconds = []
  let last = 0
  const history = await model.fit(...data, {
    epochs: 12,
    batchSize: batch,
    callbacks: [
      {
        name: 'clock',
        onEpoch() {
          const now = performance.now()
          if (last > 0) microseconds.push(((now - last) * 1000) / steps)
          last = now
        },
      },
    ],
  })
  // The first epochs compile, capture and warm up.
  return {
    microseconds: microseconds.slice(2),
    firstCost: history.batches[0],
    finite: history.batches.every(Number.isFinite),
  }
}

workload(JSON.parse(process.argv[2]), process.argv[3]).then(
  (result) => console.log(JSON.stringify(result)),
  (error) => {
    console.error(error)
    process.exitCode = 1
  },
)
