/**
 * The pictures that a course on deep learning draws, each made from what it shows: measured, trained or computed here,
 * never sketched.
 *
 *   npx tsx examples/pictures.ts [folder] [--png] [--dark]
 *
 * Writes SVG, or PNG, into the folder (default out): pictures-houses.svg and so on.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  callbacks,
  data,
  diagnose,
  layers,
  ops,
  optimizers,
  regularizers,
  sequential,
  trace,
  type Model,
  type Value,
} from 'myelin'
import * as plot from 'myelin/plot'
import { loadDigits } from './support/digits'

const args = process.argv.slice(2)
const folder = args.find((arg) => !arg.startsWith('--')) ?? 'out'
const theme = args.includes('--dark') ? 'dark' : args.includes('--png') ? 'light' : 'auto'

async function save(name: string, picture: plot.Picture): Promise<void> {
  const path = join(folder, `pictures-${name}.${args.includes('--png') ? 'png' : 'svg'}`)
  await picture.save(path, { theme })
  console.log(`wrote ${path}`)
}

/** Points around two half moons that hold each other; class 1 is the lower one. */
function moons(m: number, seed: number, spread: number): { x: number[][]; y: number[] } {
  const noise = ops.randomNormal([m, 2], { seed, dtype: 'float64' }).data
  const y = Array.from({ length: m }, (_, i) => i % 2)
  const x = y.map((label, i) => {
    const t = (Math.PI * i) / (m - 1)
    const [a, b] = label ? [1 - Math.cos(t), 0.5 - Math.sin(t)] : [Math.cos(t), Math.sin(t)]
    return [a + spread * noise[2 * i], b + spread * noise[2 * i + 1]]
  })
  return { x, y }
}

function classifier(widths: number[], options: { lambda?: number; learningRate?: number; seed?: number } = {}): Model {
  const kernelRegularizer = options.lambda ? regularizers.l2({ lambda: options.lambda }) : undefined
  const hidden = widths.map((units) => layers.dense({ units, activation: 'tanh', kernelRegularizer }))
  const output = layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer })
  const model = sequential({ inputShape: [2], seed: options.seed ?? 1, layers: [...hidden, output] })
  const optimizer = optimizers.adam({ learningRate: options.learningRate ?? 0.03 })
  model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
  return model
}

/** First steps: the houses, networks, and what more data gives. */
async function introduction(): Promise<void> {
  const houses = [
    [2104, 400],
    [1600, 330],
    [2400, 369],
    [3000, 540],
  ] as const
  using neuron = sequential({
    inputShape: [1],
    seed: 1,
    layers: [layers.normalize(), layers.dense({ units: 1, activation: 'relu', biasInitializer: 'ones' })],
  })
  neuron.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.3 }), loss: 'meanSquaredError' })
  await neuron.fit(
    houses.map(([size]) => [size]),
    houses.map(([, price]) => price),
    { epochs: 300, batchSize: 'all' },
  )
  const price = (size: number) => neuron.predictSync([[size]]).item()
  await save(
    'houses',
    plot.curve(price, {
      from: 0,
      to: 3400,
      title: 'House prices, one ReLU neuron',
      x: 'size (square feet)',
      y: 'price (1000 $)',
      dots: houses,
    }),
  )
  await save('relu', plot.activation('relu'))
  await save('one-neuron', plot.networkDiagram([1, 1], { title: 'One neuron: price from size' }))
  await save('housing-network', plot.networkDiagram([4, 3, 1], { title: 'Price from four features' }))
  const train = moons(1024, 1, 0.25)
  const dev = moons(2000, 2, 0.25)
  const curveOf = (widths: number[]) =>
    diagnose.learningCurve(
      train,
      async (part, { m, seed }) => {
        using model = classifier(widths, { learningRate: 0.02, seed })
        await model.fit(part.x, part.y, { epochs: Math.ceil(40_000 / m), batchSize: Math.min(m, 32) })
        return 1 - (await model.evaluate(dev.x, dev.y)).accuracy
      },
      { sizes: [16, 32, 64, 128, 256, 512, 1024] },
    )
  await save(
    'learning-curve',
    plot.learningCurve({ 'small: 2 hidden units': await curveOf([2]), 'large: 16 and 16': await curveOf([16, 16]) }),
  )
}

/** Logistic regression: the loss, the bowl of its cost with the way down, computation graphs. */
async function basics(): Promise<void> {
  await save('sigmoid', plot.activation('sigmoid'))
  await save('loss', plot.crossentropy())
  const x = [-2, -1, 0.5, 1, -0.5, 2]
  const y = [0, 0, 1, 0, 1, 1]
  const J = (w: Value, b: Value) => {
    const costs = x.map((v, i) => ops.sigmoidCrossEntropy(ops.add(ops.mul(w, v), b), y[i]))
    return ops.div(
      costs.reduce((sum, c) => ops.add(sum, c)),
      x.length,
    )
  }
  using model = sequential({
    inputShape: [1],
    layers: [layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'zeros' })],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1 }), loss: 'binaryCrossentropy' })
  model.setWeights([{ name: 'dense_1', weight: [[-1.5]], bias: [1.8] }])
  const path: [number, number][] = []
  const record = () => {
    const [{ weight, bias }] = model.getWeights()
    path.push([weight.item(), bias.item()])
  }
  record()
  await model.fit(
    x.map((v) => [v]),
    y,
    { epochs: 25, batchSize: 'all', onEpoch: record },
  )
  await save(
    'bowl',
    plot.bowl(J, {
      x: [-2, 4],
      y: [-2.5, 2.5],
      title: 'Cost J(w, b) of logistic regression',
      axes: ['w', 'b'],
      paths: { 'gradient descent': path },
    }),
  )
  const f = (a: Value, b: Value, c: Value) =>
    ops.named('J', ops.mul(3, ops.named('v', ops.add(a, ops.named('u', ops.mul(b, c))))))
  const graph = trace(f, [[], [], []])
  await save('computation-graph', plot.computationGraph(graph, { title: 'J = 3(a + bc)' }))
  await save(
    'backward',
    plot.computationGraph(graph, { at: [5, 3, 2], title: 'J = 3(a + bc), values and derivatives' }),
  )
  const logistic = (x1: Value, w1: Value, x2: Value, w2: Value, b: Value) => {
    const z = ops.named('z', ops.add(ops.add(ops.mul(w1, x1), ops.mul(w2, x2)), b))
    return ops.named('L', ops.neg(ops.log(ops.named('a', ops.sigmoid(z)))))
  }
  await save(
    'logistic-regression',
    plot.computationGraph(trace(logistic, [[], [], [], [], []]), {
      at: [1, 0.5, -2, 0.25, 0.1],
      title: 'Logistic regression, y = 1',
    }),
  )
}

/** Shallow and deep networks. */
async function networks(): Promise<void> {
  await save('shallow-network', plot.networkDiagram([3, 4, 1]))
  await save('tanh', plot.activation('tanh'))
  await save('leaky-relu', plot.activation({ name: 'leakyRelu', slope: 0.1 }))
  await save('deep-network', plot.networkDiagram([3, 5, 5, 5, 5, 3, 1]))
  await save('forward-backward', plot.forwardBackward([3, 5, 5, 3, 1]))
  const { x, y } = loadDigits()
  using model = sequential({
    inputShape: [784],
    seed: 1,
    layers: [
      layers.dense({ units: 25, activation: 'relu', kernelRegularizer: regularizers.l2({ lambda: 3 }) }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  const { train, test } = data.split({ x, y }, { train: 0.8, test: 0.2, seed: 1 })
  await model.fit(train.x, train.y, { epochs: 15, batchSize: 64 })
  await save('weights', plot.weightImages(model.getWeights()[0].weight))
  const matrix = data.confusionMatrix(test.y, await model.predict(test.x))
  await save('confusion-matrix', plot.confusionMatrix(matrix))
}

/** In practice: fitting too little and too much, dropout, early stopping, normalisation. */
async function practice(): Promise<void> {
  const train = moons(60, 3, 0.3)
  const dev = moons(400, 4, 0.3)
  const fitted = async (widths: number[], lambda = 0) => {
    const model = classifier(widths, { lambda })
    await model.fit(train.x, train.y, { epochs: 1500, batchSize: 'all' })
    return model
  }
  const models = {
    'high bias: a line': await fitted([]),
    'just right': await fitted([24, 24], 0.6),
    'high variance: no λ': await fitted([24, 24]),
  }
  await save('bias-variance', await plot.decisionBoundaries(models, train.x, train.y))
  const norms: [number, number][] = []
  for (const lambda of [0.01, 0.03, 0.1, 0.3, 1, 3]) {
    using model = await fitted([24, 24], lambda)
    norms.push([lambda, model.getWeights().reduce((sum, { weight }) => sum + ops.sumSquares(weight).item(), 0)])
  }
  await save(
    'lambda',
    plot.lines(
      { 'sum of squares': norms },
      { title: 'What λ does to the weights', x: 'λ', y: '‖W‖² of all layers', points: true, logX: true, logY: true },
    ),
  )
  await save(
    'dropout',
    plot.networkDiagram([4, 5, 5, 3, 1], {
      title: 'Dropout: one of the thinner networks',
      dropped: [
        [1, 0],
        [1, 3],
        [2, 2],
        [2, 4],
        [3, 1],
      ],
    }),
  )
  const stopped = await classifier([32, 32], { learningRate: 0.005 }).fit(train.x, train.y, {
    epochs: 600,
    batchSize: 20,
    validationData: [dev.x, dev.y],
    callbacks: [callbacks.earlyStopping({ monitor: 'val_loss', patience: 25, restoreBestWeights: true })],
  })
  await save('early-stopping', plot.history(stopped))
  const draws = ops.randomNormal([80, 3], { seed: 5, dtype: 'float64' }).toArray() as number[][]
  // Areas in 100 m², 0.4 … 2, and rooms, 1 … 8: five times the spread.
  const houses = draws.map(([a, b]) => [1.2 + 0.35 * a, 4.2 + 1.5 * (0.4 * a + b)])
  const prices = houses.map(([area, rooms], i) => 2.5 * area + 0.25 * rooms + 0.3 * draws[i][2])
  await save(
    'normalised-inputs',
    plot.costContours(houses, prices, { title: 'Cost J of a linear neuron: house prices', inputs: ['area', 'rooms'] }),
  )
}

/** Optimisation: batches, averages, the ways of the optimisers, a plateau. */
async function optimisation(): Promise<void> {
  const { x, y } = moons(512, 6, 0.2)
  const run = (batchSize: number | 'all', epochs: number) =>
    classifier([16], { learningRate: 0.01 }).fit(x, y, { batchSize, epochs })
  await save('batch-mini-batch', plot.batchVsMiniBatch(await run('all', 200), await run(32, 12)))
  const draws = ops.randomNormal([100, 3], { seed: 8, dtype: 'float64' }).toArray() as number[][]
  const inputs = draws.map(([a, b]) => [a, 0.6 * b])
  const targets = inputs.map(([a, b], i) => 2 * a - 1.5 * b + 0.8 * draws[i][2])
  await save(
    'convergence',
    await plot.convergencePaths(inputs, targets, { steps: 80, learningRate: 0.08, start: [-1.5, 1.5], seed: 2 }),
  )
  const bowl = (w1: Value, w2: Value) => ops.add(ops.mul(0.05, ops.square(w1)), ops.square(w2))
  const frame = { x: [-10, 4], y: [-3, 3], start: [-9, 2.2] } as const
  const { gradientDescent, momentum, rmsprop, adam } = optimizers
  await save(
    'momentum',
    plot.optimizerPaths(
      bowl,
      {
        'gradient descent': gradientDescent({ learningRate: 0.9 }),
        'gradient descent, α too large': gradientDescent({ learningRate: 1.005 }),
        momentum: momentum({ learningRate: 0.9, beta: 0.8 }),
      },
      { ...frame, steps: 22, title: 'Momentum' },
    ),
  )
  await save(
    'rmsprop',
    plot.optimizerPaths(
      bowl,
      {
        'gradient descent': gradientDescent({ learningRate: 0.9 }),
        RMSprop: rmsprop({ learningRate: 0.4 }),
        Adam: adam({ learningRate: 0.7 }),
      },
      { ...frame, steps: 22, title: 'RMSprop and Adam' },
    ),
  )
  const days = await seattle()
  const how = {
    'β = 0.9': { beta: 0.9 },
    'β = 0.98': { beta: 0.98 },
    'β = 0.98, bias-corrected': { beta: 0.98, biasCorrection: true },
  }
  await save(
    'temperatures',
    plot.averages(days.slice(0, 366), how, {
      title: 'Warmest of each day in Seattle, 2012',
      x: 'day',
      y: 'temperature (°C)',
    }),
  )
  const flat = (w: Value) => ops.add(ops.neg(ops.sigmoid(ops.mul(2, ops.sub(w, 5)))), ops.mul(-0.02, w))
  await save('plateau', plot.plateau(flat, { from: -2, to: 10, learningRate: 4, steps: 70 }))
  const race: Record<string, Awaited<ReturnType<typeof run>>> = {}
  for (const name of ['gradientDescent', 'momentum', 'rmsprop', 'adam'] as const) {
    using model = classifier([16])
    model.compile({ optimizer: optimizers[name]({ learningRate: 0.05 }), loss: 'binaryCrossentropy' })
    race[name] = await model.fit(x, y, { epochs: 30, batchSize: 64 })
  }
  await save('race', plot.costCurves(race, { title: 'Four optimisers, α = 0.05' }))
}

/**
 * The highest temperature of each day in Seattle from 2012 to 2015, in °C: the table `seattle-weather` of
 * `vega-datasets`.
 */
async function seattle(): Promise<Float32Array | Float64Array> {
  const file = join(dirname(require.resolve('vega-datasets')), '../data/seattle-weather.csv')
  const { y } = await data.fromCsv(file, { target: 'temp_max', ignore: ['date', 'weather'] })
  return y.data
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await introduction()
  await basics()
  await networks()
  await practice()
  await optimisation()
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
