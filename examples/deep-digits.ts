/**
 * Deep networks on handwritten digits: what depth gives, what flows through the layers, and a search for
 * hyperparameters that can be interrupted.
 *
 *   npm run examples -- deep-digits
 */
import {
  data,
  diagnose,
  layers,
  loadModel,
  optimizers,
  range,
  schedules,
  search,
  sequential,
  tensor,
  type LearningRate,
  type Model,
} from 'myelin'
import * as plot from 'myelin/plot'
import { loadDigits, side } from './support/digits'
import { notice, outFile, percent, run, save, table } from './support/show'

const labels = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
const { train, dev, test } = data.split(loadDigits(), { train: 0.6, dev: 0.2, test: 0.2, seed: 1, stratify: true })

/** [784, …hidden, 10] with ReLU in the hidden layers and softmax at the end. */
async function trained(hidden: number[], learningRate: LearningRate, epochs: number): Promise<Model> {
  const model = sequential({
    inputShape: [side * side],
    seed: 1,
    labels,
    layers: [
      ...hidden.map((units) => layers.dense({ units, activation: 'relu' })),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
  const optimizer = optimizers.adam({ learningRate })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  await model.fit(train.x, train.y, { epochs, batchSize: 64 })
  return model
}

const errorOn = async (model: Model, part: typeof dev) => 1 - (await model.evaluate(part.x, part.y)).accuracy

/** A network with no hidden layer is softmax regression; each hidden layer makes features of features. */
async function depth(): Promise<void> {
  const shapes = [[], [64], [64, 64], [64, 64, 64]]
  const errors: number[] = []
  for (const hidden of shapes) {
    using model = await trained(hidden, 2e-3, 8)
    errors.push(await errorOn(model, dev))
  }
  const rows = shapes.map((hidden, i) => [[784, ...hidden, 10].join(' → '), `${hidden.length + 1}`, percent(errors[i])])
  console.log(table([['network', 'layers L', 'dev error'], ...rows]))
  notice(
    `One hidden layer brings the error from ${percent(errors[0])} to ${percent(errors[1])}; with only ` +
      `${train.y.size} digits two or three give ${percent(errors[2])} and ${percent(errors[3])}: depth is one more ` +
      `hyperparameter to try.`,
    errors[1] < 0.85 * errors[0] && Math.min(...errors.slice(2)) < errors[1] + 0.01,
  )
}

/** Hyperparameters are tried, not known: α on a logarithmic scale, the widths from a short list. */
async function hyperparameters(): Promise<{ hidden: number[]; alpha: number }> {
  const space = { hidden: range.choice([[64], [128, 64], [256, 128]]), alpha: range.log(1e-4, 1e-1) }
  const { best, trials } = await search(
    space,
    async ({ hidden, alpha }) => {
      using model = await trained(hidden, alpha, 4)
      return await errorOn(model, dev)
    },
    { trials: 8, seed: 3 },
  )
  const row = ({ config, error }: (typeof trials)[number]) => [
    config.hidden.join(', '),
    config.alpha.toFixed(5),
    percent(error),
  ]
  console.log(table([['hidden', 'α', 'dev error'], ...trials.map(row)]))
  const worst = trials[trials.length - 1]
  notice(
    `Of ${trials.length} random choices the best has α = ${best.config.alpha.toPrecision(2)} and a dev error of ` +
      `${percent(best.error)}; the worst, with α = ${worst.config.alpha.toPrecision(2)}, has ${percent(worst.error)}.`,
    worst.error > 1.5 * best.error,
  )
  return best.config
}

async function look(model: Model): Promise<void> {
  console.log(model.summary())
  console.log(`\n${await diagnose.signals(model, dev.x, dev.y)}`)
  const matrix = data.confusionMatrix(test.y, await model.predict(test.x), { labels })
  const mistakes = matrix.counts.flatMap((row, truth) =>
    row.flatMap((count, guess) => (truth === guess ? [] : [{ truth, guess, count }])),
  )
  const [worst] = mistakes.sort((a, b) => b.count - a.count)
  const path = outFile('deep-digits.safetensors')
  await model.save(path)
  using restored = await loadModel(path)
  notice(
    `The chosen network, trained to the end with a falling α, reads ${percent(matrix.accuracy)} of the test digits. ` +
      `The commonest mistake: ${worst.truth} read as ${worst.guess} (${worst.count} times).`,
    matrix.accuracy > 0.93 && (await errorOn(restored, test)) === (await errorOn(model, test)),
  )
  await save('deep-digits-confusion', plot.confusionMatrix(matrix))
  // The first 16 units of the first layer: each looks for strokes in some places.
  const first = model.getWeights()[0].weight.toArray() as number[][]
  await save('deep-digits-weights', plot.weightImages(tensor(first.slice(0, 16)), { size: [side, side] }))
  await save('deep-digits-network', plot.networkDiagram([8, 6, 5, 4]))
}

run(async () => {
  await depth()
  const { hidden, alpha } = await hyperparameters()
  // α falls, so that the end does not depend on where the last steps happened to jump.
  using model = await trained(hidden, schedules.exponential({ initial: alpha, beta: 0.8 }), 20)
  await look(model)
})
