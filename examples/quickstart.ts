/**
 * Trains a network on handwritten digits, shows what it learnt, saves it and reads it back.
 *
 *   npm run quickstart                 one training run (seed 1)
 *   npm run quickstart -- --seeds 5    five runs, seeds 1…5, and their mean
 */
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  callbacks,
  data,
  layers,
  loadModel,
  optimizers,
  sequential,
  type History,
  type Model,
  type Tensor,
} from 'myelin'
import { drawDigit, loadDigits, side, sideBySide } from './support/digits'

const modelFile = 'out/digits.safetensors'
const pictureFile = 'out/cost-curve.svg'
const epochs = 30

const digits = loadDigits()

interface Run {
  model: Model
  history: History
  test: { x: Tensor; y: Tensor }
  accuracy: number
}

async function train(seed: number): Promise<Run> {
  const { train, dev, test } = data.split(digits, { train: 0.8, dev: 0.1, test: 0.1, seed, stratify: true })
  const model = sequential({
    inputShape: [784],
    seed,
    labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    layers: [
      layers.dense({ units: 256, activation: 'relu' }),
      layers.dropout({ keepProb: 0.5 }),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dropout({ keepProb: 0.5 }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
  model.compile({
    optimizer: optimizers.adam({ learningRate: 1e-3 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  if (seed === 1) console.log(`${model.summary()}\n`)
  const start = performance.now()
  const history = await model.fit(train.x, train.y, {
    epochs,
    batchSize: 128,
    validationData: [dev.x, dev.y],
    callbacks: [callbacks.progressBar()],
  })
  const seconds = (performance.now() - start) / 1000
  const { accuracy } = await model.evaluate(test.x, test.y)
  console.log(`\nseed ${seed}: trained ${epochs} epochs in ${seconds.toFixed(1)} s`)
  console.log(`test accuracy ${(100 * accuracy).toFixed(1)} %`)
  return { model, history, test, accuracy }
}

/** Three digits that were read correctly and two that were not, with the network's answers. */
function drawPredictions({ test }: Run, probabilities: Tensor): string {
  const rows = Array.from(test.y.data, (digit, row) => {
    const scores = probabilities.data.subarray(row * 10, row * 10 + 10)
    const guess = scores.indexOf(Math.max(...scores))
    return { row, digit, guess, score: scores[guess] }
  })
  const right = rows.filter(({ digit, guess }) => digit === guess).slice(0, 3)
  const wrong = rows.filter(({ digit, guess }) => digit !== guess).slice(0, 2)
  const pictures = [...right, ...wrong].map(({ row, digit, guess, score }) => ({
    lines: drawDigit(test.x.data.subarray(row * side * side, (row + 1) * side * side)),
    caption: `${digit}, read as ${guess} (${(100 * score).toFixed(0)} %)`,
  }))
  return sideBySide(pictures)
}

async function show(run: Run): Promise<void> {
  const { model, history, test } = run
  const probabilities = await model.predict(test.x)
  console.log(`\n${data.confusionMatrix(test.y, probabilities)}\n`)
  console.log(`${drawPredictions(run, probabilities)}\n`)

  mkdirSync('out', { recursive: true })
  await history.plot(pictureFile)
  await model.save(modelFile)
  const restored = await loadModel(modelFile)
  const again = await restored.predict(test.x)
  const equal = Buffer.from(again.data.buffer).equals(Buffer.from(probabilities.data.buffer))
  console.log(`wrote ${pictureFile} and ${modelFile}`)
  console.log(`read back from the file, the model predicts ${equal ? 'the same bits' : 'OTHER BITS'}`)
  if (!equal) process.exitCode = 1
}

function seedsWanted(): number {
  const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1' } } })
  const count = Number(values.seeds)
  if (Number.isInteger(count) && count >= 1) return count
  console.error(`--seeds: expected a number of runs such as 5, got '${values.seeds}'`)
  process.exit(1)
}

async function main(): Promise<void> {
  // The library's advice comes as warnings of the process. Here it is part of what is shown.
  process.removeAllListeners('warning').on('warning', ({ message }) => console.log(`note: ${message}\n`))
  const accuracies: number[] = []
  const seeds = seedsWanted()
  for (let seed = 1; seed <= seeds; seed++) {
    const run = await train(seed)
    if (seed === 1) await show(run)
    accuracies.push(run.accuracy)
    run.model.dispose()
  }
  if (accuracies.length > 1) {
    const mean = accuracies.reduce((a, b) => a + b, 0) / accuracies.length
    console.log(`\nmean test accuracy of ${accuracies.length} seeds ${(100 * mean).toFixed(2)} %`)
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
