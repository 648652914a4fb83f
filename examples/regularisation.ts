/**
 * Overfitting and what helps against it: a network with 109,386 parameters and 1000 digits, one in five of which has
 * a wrong label, as happens in real data. No regularisation, L2, dropout, early stopping, and more images made from
 * those there are.
 *
 *   npm run examples -- regularisation
 */
import {
  callbacks,
  data,
  diagnose,
  layers,
  ops,
  optimizers,
  range,
  regularizers,
  search,
  sequential,
  type FitOptions,
  type History,
  type Model,
  type Regularizer,
} from 'myelin'
import * as plot from 'myelin/plot'
import { loadDigits, side } from './support/digits'
import { notice, percent, run, save, table } from './support/show'

const { train, dev, test } = data.split(loadDigits(), { train: 0.1, dev: 0.1, test: 0.8, seed: 1, stratify: true })
const draws = ops.randomUniform([train.y.size, 2], { seed: 1 }).toArray() as number[][]
/** The labels to learn from. Those of dev and test are right. */
const labels = Float32Array.from(train.y.data, (digit, i) => {
  const [isWrong, which] = draws[i]
  return isWrong < 0.2 ? (digit + 1 + Math.floor(9 * which)) % 10 : digit
})
const epochs = 40
const options: FitOptions = { epochs, batchSize: 50, validationData: [dev.x, dev.y] }

/**
 * One and the same network; what differs is a penalty, or that dropout keeps 80 % of the inputs and half of the units.
 */
function network(kernelRegularizer?: Regularizer, dropout = false): Model {
  const keep = (keepProb: number) => layers.dropout({ keepProb: dropout ? keepProb : 1 })
  const model = sequential({
    inputShape: [side * side],
    seed: 1,
    layers: [
      keep(0.8),
      layers.dense({ units: 128, activation: 'relu', kernelRegularizer }),
      keep(0.5),
      layers.dense({ units: 64, activation: 'relu', kernelRegularizer }),
      keep(0.5),
      layers.dense({ units: 10, activation: 'softmax', kernelRegularizer }),
    ],
  })
  const optimizer = optimizers.adam({ learningRate: 2e-3 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

const fit = (model: Model, more: FitOptions = {}) => model.fit(train.x, labels, { ...options, ...more })

/** λ on a logarithmic scale, ranked by the share of mistakes on the dev set. */
async function bestLambda(): Promise<number> {
  const { trials, best } = await search(
    { lambda: range.log(0.1, 3, { points: 4 }) },
    async ({ lambda }) => {
      using model = network(regularizers.l2({ lambda }))
      await fit(model)
      return 1 - (await model.evaluate(dev.x, dev.y)).accuracy
    },
    { strategy: 'grid' },
  )
  const inOrder = [...trials].sort((a, b) => a.config.lambda - b.config.lambda)
  const rows = inOrder.map(({ config, error }) => [config.lambda.toPrecision(2), percent(error)])
  console.log(`${table([['λ', 'dev error'], ...rows])}\n`)
  return best.config.lambda
}

/** As many steps on eight times as many images: doubled three times, by small turns and shifts. */
function fitAugmented(model: Model): Promise<History> {
  const augmenter = data.augment({ shape: [side, side], rotate: 8, translate: 1, seed: 1 })
  let { x, y } = augmenter.append({ x: train.x, y: labels })
  for (let times = 2; times <= 3; times++) ({ x, y } = augmenter.append({ x, y }))
  return model.fit(x, y, { ...options, epochs: epochs / 8 })
}

async function compare(): Promise<void> {
  const lambda = await bestLambda()
  const stop = callbacks.earlyStopping({ monitor: 'val_loss', patience: 3, restoreBestWeights: true })
  const methods: [string, Model, (model: Model) => Promise<History>][] = [
    ['none', network(), fit],
    [`L2, λ = ${lambda.toPrecision(2)}`, network(regularizers.l2({ lambda })), fit],
    ['dropout', network(undefined, true), fit],
    ['early stopping', network(), (model) => fit(model, { callbacks: [stop] })],
    ['augmentation', network(), fitAugmented],
  ]
  const runs: Record<string, History> = {}
  const found: { name: string; train: number; dev: number; test: number; gap: number }[] = []
  for (const [name, model, learn] of methods) {
    runs[name] = await learn(model)
    const onTrain = await model.evaluate(train.x, labels)
    const onDev = await model.evaluate(dev.x, dev.y)
    const onTest = await model.evaluate(test.x, test.y)
    const [a, b, c] = [onTrain, onDev, onTest].map(({ accuracy }) => 1 - accuracy)
    found.push({ name, train: a, dev: b, test: c, gap: onDev.dataLoss - onTrain.dataLoss })
    model.dispose()
  }
  const rows = found.map(({ name, train, dev, gap, test }) => [
    name,
    percent(train),
    percent(dev),
    gap.toFixed(3),
    percent(test),
  ])
  console.log(table([['', 'train error', 'dev error', 'dev − train cost', 'test error'], ...rows]))

  const [none, ...others] = found
  const { bias, variance, recipe } = diagnose.biasVariance({ trainError: none.train, devError: none.dev })
  console.log(`\nwithout regularisation: bias ${bias}, variance ${variance}; to try: ${recipe.join(', ')}`)
  const narrower = others.filter(({ gap }) => gap < 0.7 * none.gap)
  const better = others.filter(({ test }) => test < none.test - 0.01)
  const best = others.reduce((a, b) => (b.test < a.test ? b : a))
  notice(
    `Left alone, the network memorises wrong labels: ${percent(none.train)} train error, ${percent(none.dev)} ` +
      `dev error. ${narrower.length} of 4 methods narrow the gap of the costs by more than 30 %, ${better.length} ` +
      `make fewer mistakes on the test set; the fewest: ${best.name}, ${percent(best.test)} instead of ` +
      `${percent(none.test)}.`,
    variance === 'high' && narrower.length === 4 && better.length === 4,
  )
  const early = runs['early stopping']
  notice(
    `Early stopping ended after ${early.epochs.length} of ${epochs} epochs. It decides with one knob how well to fit ` +
      `and how much to regularise; L2 keeps the two apart, at the price of a search for λ.`,
    early.stopped === 'early',
  )
  await save('regularisation-dev-cost', plot.costCurves(runs, { key: 'val_loss' }))
  await save('regularisation-train-cost', plot.costCurves(runs, { key: 'dataLoss' }))
}

run(compare)
