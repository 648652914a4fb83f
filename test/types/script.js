// JavaScript, as editors check it.
const { layers, sequential } = require('myelin')
const my = require('myelin')

const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
const trained = model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] })

async function main() {
  const { meanAbsoluteError } = await trained.evaluate([[1, 2]], [1])
  console.log(meanAbsoluteError.toFixed(3), trained.getWeights()[0].bias.shape, my.memory().liveBytes)
  // @ts-expect-error: it was not compiled
  console.log((await trained.evaluate([[1, 2]], [1])).accuracy)
}

void main()
