'use strict'
// One workload of scripts/gpu on one device: microseconds of a step, epoch by epoch, and the first costs, as JSON. Data
// and weights are made by the rule of step_pytorch.py, so that the costs of both can be compared.
//   node bench/gpu/workload.js '{"widths": …}' cuda
const { performance } = require('node:perf_hooks')
const my = require('../../dist')

/** Number i of a sequence in [−1, 1). */
const number = (i) => (Math.imul(i, 2654435761) >>> 0) / 2 ** 31 - 1
const weightsBegin = 1000003 // of layer l: number(i + weightsBegin · l)
const firstEpochs = 2 // compile, capture and warm up

async function workload({ widths, hidden, head, batch, rows, epochs, precision }, device) {
  const outputs = widths[widths.length - 1]
  const x = Float32Array.from({ length: rows * widths[0] }, (_, i) => number(i))
  const y = Float32Array.from({ length: rows }, (_, i) => (i * 7) % (outputs === 1 ? 2 : outputs))
  const model = my.sequential({
    inputShape: [widths[0]],
    seed: 1,
    device,
    precision,
    layers: widths
      .slice(1)
      .map((units, i) =>
        my.layers.dense({ units, activation: i < widths.length - 2 ? hidden : head, name: `layer${i + 1}` }),
      ),
  })
  model.compile({
    optimizer: my.optimizers.adam({ learningRate: 1e-3, epsilon: 1e-8 }),
    loss: head === 'softmax' ? 'sparseCategoricalCrossentropy' : 'binaryCrossentropy',
  })
  model.setWeights(
    widths.slice(1).map((out, i) => {
      const scale = Math.sqrt(6 / (widths[i] + out))
      const values = Float32Array.from(
        { length: out * widths[i] },
        (_, at) => number(at + weightsBegin * (i + 1)) * scale,
      )
      return {
        name: `layer${i + 1}`,
        weight: my.tensor(values, [out, widths[i]]),
        bias: my.tensor(new Float32Array(out)),
      }
    }),
  )
  const steps = Math.ceil(rows / batch)
  const microseconds = []
  let last = performance.now()
  const history = await model.fit(my.tensor(x, [rows, widths[0]]), my.tensor(y, [rows]), {
    epochs,
    batchSize: batch,
    shuffle: false,
    onEpoch: () => {
      const now = performance.now()
      microseconds.push(((now - last) * 1000) / steps)
      last = now
    },
  })
  return {
    microseconds: microseconds.slice(firstEpochs),
    costs: Array.from(history.batches.slice(0, 3)),
    finite: history.batches.every(Number.isFinite),
  }
}

workload(JSON.parse(process.argv[2]), process.argv[3]).then(
  (result) => console.log(JSON.stringify(result)),
  (error) => {
    console.error(error instanceof my.MyelinError ? error.message : error)
    process.exitCode = 1
  },
)
