// Trains models that between them have every kernel that training has, on the GPU, and prints a picture of every bit
// that came out. Wide enough for sums that several blocks put together.
import { createHash } from 'node:crypto'
import * as my from '../../../../dist/index.mjs'

const { layers, regularizers } = my
const x = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(3 * i), (i % 5) / 5])
const side = x.map((v) => (v[0] * v[1] > 0 ? 1 : 0))
const settings = [
  {
    dtype: 'float32',
    layers: [
      layers.dense({ units: 33, activation: 'tanh' }),
      layers.dropout({ keepProb: 0.7 }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
    compile: { optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'] },
    y: side.map((v) => [v]),
  },
  {
    dtype: 'float64',
    layers: [
      layers.normalize(),
      layers.dense({ units: 70, activation: 'relu', kernelRegularizer: regularizers.l1({ lambda: 0.01 }) }),
      layers.dense({ units: 40, activation: 'softmax' }),
    ],
    compile: {
      optimizer: 'adamw',
      loss: 'categoricalCrossentropy',
      metrics: ['accuracy'],
      gradientClip: { norm: 0.5 },
    },
    y: side.map((v, i) => Array.from({ length: 40 }, (_, k) => Number(k === v + 2 * (i % 20)))),
  },
  {
    dtype: 'float32',
    layers: [
      layers.dense({ units: 130, activation: { name: 'leakyRelu', slope: 0.1 } }),
      layers.dense({ units: 65, activation: 'relu', kernelRegularizer: regularizers.l2({ lambda: 0.1 }) }),
      layers.dense({ units: 2 }),
    ],
    compile: { optimizer: 'rmsprop', loss: 'meanSquaredError', gradientClip: { value: 0.1 } },
    y: x.map((v) => [v[0] * v[1], v[2]]),
  },
]

const hash = createHash('sha256')
const devices = []
for (const { dtype, layers: list, compile, y } of settings) {
  const model = my.sequential({ inputShape: [3], seed: 4, dtype, device: 'cuda', layers: list })
  model.compile(compile)
  const history = await model.fit(x, y, { epochs: 2, batchSize: 28, validationData: [x, y] })
  for (const { weight, bias } of model.getWeights()) if (bias) hash.update(weight.data).update(bias.data)
  hash.update(Float64Array.from(history.batches)).update(JSON.stringify(history.epochs))
  hash.update((await model.predict(x)).data)
  devices.push(model.device)
}
console.log(JSON.stringify({ devices, bits: hash.digest('hex') }))
