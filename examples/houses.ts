/**
 * House prices: one neuron on four houses, then a network on two thousand.
 *
 *   npm run examples -- houses
 */
import { layers, ops, optimizers, sequential, type Model } from 'myelin'
import * as plot from 'myelin/plot'
import { notice, percent, run, save, table } from './support/show'

/** Four houses: size in square feet, bedrooms; price in thousands. */
const houses = [
  [2104, 3],
  [1600, 3],
  [2400, 3],
  [3000, 4],
]
const prices = [400, 330, 369, 540]

/** A neuron is a dense layer of one unit. `normalize` brings size and bedrooms to the same scale first. */
async function fourHouses(): Promise<void> {
  using neuron = sequential({ inputShape: [2], seed: 1, layers: [layers.normalize(), layers.dense({ units: 1 })] })
  neuron.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.3 }), loss: 'meanSquaredError' })
  await neuron.fit(houses, prices, { epochs: 1500, batchSize: 'all' })

  using network = sequential({
    inputShape: [2],
    seed: 3,
    layers: [layers.normalize(), layers.dense({ units: 10, activation: 'relu' }), layers.dense({ units: 1 })],
  })
  network.compile({ optimizer: optimizers.adam({ learningRate: 1 }), loss: 'meanSquaredError' })
  await network.fit(houses, prices, { epochs: 1500, batchSize: 'all' })

  const [straight, bent] = [neuron, network].map((model) => [...model.predictSync(houses).data])
  const rows = houses.map(([size, bedrooms], i) =>
    [size, bedrooms, prices[i], straight[i].toFixed(1), bent[i].toFixed(1)].map(String),
  )
  console.log(table([['size', 'bedrooms', 'price', 'one neuron', 'ten hidden units'], ...rows]))
  const worst = (guesses: number[]) => Math.max(...guesses.map((g, i) => Math.abs(g / prices[i] - 1)))
  notice(
    `The neuron is a plane through the examples, as close as a plane can be (up to ${percent(worst(straight))} off); ` +
      `the hidden layer bends it (up to ${percent(worst(bent), 3)} off). Four examples say nothing about a fifth.`,
    worst(straight) > 0.04 && worst(bent) < 0.05,
  )

  // The price by size alone, from one ReLU neuron, which never predicts a negative price.
  using bySize = sequential({
    inputShape: [1],
    seed: 1,
    layers: [layers.normalize(), layers.dense({ units: 1, activation: 'relu', biasInitializer: 'ones' })],
  })
  bySize.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.3 }), loss: 'meanSquaredError' })
  const sizes = houses.map(([size]) => [size])
  await bySize.fit(sizes, prices, { epochs: 500, batchSize: 'all' })
  const dots = houses.map(([size], i) => [size, prices[i]] as const)
  const options = { from: 0, to: 3500, title: 'One ReLU neuron', x: 'size in square feet', y: 'price in 1000', dots }
  await save(
    'houses-neuron',
    plot.curve((size) => bySize.predictSync([[size]]).data[0], options),
  )
}

/**
 * Houses of an invented town: size in m², rooms, age in years, kilometres to the centre. A square metre is dear in the
 * centre, old houses are cheaper, and one house differs from the next by about 8 % for reasons that no feature shows.
 */
function town(m: number, seed: number): { x: number[][]; y: number[] } {
  const shares = ops.randomUniform([m, 4], { seed }).toArray() as number[][]
  const luck = ops.randomNormal([m], { seed: seed + 1 }).data
  const x = shares.map(([a, b, c, d]) => {
    const size = 40 + 160 * a
    return [size, Math.max(1, Math.round(size / 28 + 2 * b - 1)), 90 * c, 20 * d]
  })
  const y = x.map(([size, rooms, age, distance], i) => {
    const perSquareMetre = 2 + 6 * Math.exp(-distance / 4)
    const worn = 1 - 0.4 * (1 - Math.exp(-age / 30))
    return (size * perSquareMetre + 8 * rooms) * worn * (1 + 0.08 * luck[i])
  })
  return { x, y }
}

async function twoThousandHouses(): Promise<void> {
  const [train, test] = [town(2000, 1), town(1000, 3)]
  const trained = async (hidden: number[]) => {
    const model = sequential({
      inputShape: [4],
      seed: 1,
      layers: [
        layers.normalize(),
        ...hidden.map((units) => layers.dense({ units, activation: 'relu' })),
        layers.dense({ units: 1 }),
      ],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.02 }), loss: 'meanSquaredError' })
    // Prices in units of 100,000: targets of about 1 keep the cost and its gradients of about 1, too.
    const y = train.y.map((price) => price / 100)
    const history = await model.fit(train.x, y, { epochs: 60, batchSize: 64 })
    return { model, history }
  }
  const offBy = async (model: Model) => {
    const guesses = (await model.predict(test.x)).data
    return test.y.reduce((sum, price, i) => sum + Math.abs((100 * guesses[i]) / price - 1), 0) / test.y.length
  }
  const neuron = await trained([])
  const network = await trained([32, 16])
  const [straight, bent] = [await offBy(neuron.model), await offBy(network.model)]
  // The mean size of 8 % normal noise, 0.08·√(2/π): what is left when everything that can be known is.
  const best = 0.08 * Math.sqrt(2 / Math.PI)
  console.log(
    table([
      ['on 1000 houses not seen before', 'mean error'],
      ['one neuron', percent(straight)],
      ['hidden layers of 32 and 16', percent(bent)],
      ['the best possible', percent(best)],
    ]),
  )
  notice(
    `A price per square metre that falls with the distance is a product, and no sum of the features: one neuron ` +
      `stays ${percent(straight)} off, the network comes to ${percent(bent)} where ${percent(best)} is left to luck.`,
    straight > 2 * bent && bent < 1.3 * best,
  )

  const near = test.x.flatMap(([size, , age, distance], i) =>
    Math.abs(size - 120) < 25 && Math.abs(age - 30) < 25 ? [[distance, (test.y[i] / size) * 120] as const] : [],
  )
  const priceAt = (distance: number) => 100 * network.model.predictSync([[120, 4, 30, distance]]).data[0]
  const title = 'What the network thinks of 120 m², 30 years old'
  const options = { from: 0, to: 20, title, x: 'kilometres to the centre', y: 'price in 1000', dots: near }
  await save('houses-distance', plot.curve(priceAt, options))
  await save('houses-cost', plot.costCurves({ 'one neuron': neuron.history, network: network.history }))
  neuron.model.dispose()
  network.model.dispose()
}

run(async () => {
  await fourHouses()
  await twoThousandHouses()
})
