// Takes a model, in training, from GPU to GPU and to the CPU; prints where it was and whether its bits stayed.
import * as my from '../../../../dist/index.mjs'

const x = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(3 * i)])
const y = x.map(([a, b]) => [a * b])
const model = my.sequential({
  inputShape: [2],
  seed: 4,
  device: 'cuda',
  layers: [my.layers.dense({ units: 5, activation: 'tanh' }), my.layers.dense({ units: 1 })],
})
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
const steps = [{ device: model.device, same: true }]
for (const device of ['cuda:1', 'cpu', 'cuda:1', 'cuda:0', 'cpu', 'cuda']) {
  await model.fit(x, y, { epochs: 1, batchSize: 8 })
  const before = model.toBytes()
  const output = (await model.predict(x)).data
  await model.to(device)
  const predicted = (await model.predict(x)).data
  const near = predicted.every((v, i) => Math.abs(v - output[i]) < 1e-5)
  steps.push({ device: model.device, same: near && Buffer.compare(before, model.toBytes()) === 0 })
}
console.log(JSON.stringify({ devices: my.devices(), steps }))
