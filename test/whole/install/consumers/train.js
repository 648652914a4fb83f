'use strict'
// What a CommonJS project does: trains a network off the event loop, saves and loads it, differentiates, reads an
// error.
const my = require('myelin')

async function train() {
  const x = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]
  const y = [[0], [1], [1], [0]]
  const model = my.sequential({
    inputShape: [2],
    seed: 3,
    layers: [my.layers.dense({ units: 8, activation: 'tanh' }), my.layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: my.optimizers.adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy' })
  const history = await model.fit(x, y, { epochs: 300, batchSize: 'all' })
  const loss = history.epochs[299].loss
  if (!(loss < 0.05)) throw new Error(`the loss stayed at ${loss}`)
  const before = model.predictSync(x).toArray()
  const again = await my.loadModel(await model.toBytes())
  if (String(again.predictSync(x).toArray()) !== String(before)) throw new Error('the loaded model predicts otherwise')
  const [slope] = my.grad((v) => my.ops.sum(my.ops.mul(v, v)))(my.tensor([3]))
  if (slope.toArray()[0] !== 6) throw new Error(`the derivative of v² at 3 is ${slope.toArray()}`)
  try {
    model.predictSync([[1, 2, 3]])
    throw new Error('a wrong shape was accepted')
  } catch (error) {
    if (!(error instanceof my.MyelinError)) throw error
  }
  model.dispose()
  again.dispose()
  return loss
}

module.exports = { train }

if (require.main === module) {
  train().then(
    (loss) => console.log(`trained to ${loss.toExponential(1)} on ${my.devices()[0].description}`),
    (error) => {
      console.error(error)
      process.exitCode = 1
    },
  )
}
