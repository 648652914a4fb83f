// Trains a small model on the device named; prints what it is and a picture of every bit that came out.
import { createHash } from 'node:crypto'
import * as my from '../../../../dist/index.mjs'

const device = process.argv[2]
const x = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(3 * i), (i % 5) / 5])
const y = x.map((v) => [v[0] * v[1] > 0 ? 1 : 0])
const model = my.sequential({
  inputShape: [3],
  seed: 4,
  ...(device === undefined ? {} : { device }),
  layers: [
    my.layers.dense({ units: 33, activation: 'tanh' }),
    my.layers.dropout({ keepProb: 0.7 }),
    my.layers.dense({ units: 1, activation: 'sigmoid' }),
  ],
})
model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] })
const history = await model.fit(x, y, { epochs: 4, batchSize: 7 })
const hash = createHash('sha256')
for (const { weight, bias } of model.getWeights()) hash.update(weight.data).update(bias.data)
hash.update(Float64Array.from(history.batches)).update((await model.predict(x)).data)
console.log(JSON.stringify({ device: model.device, bits: hash.digest('hex') }))
