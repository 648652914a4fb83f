/**
 * Augmentation on handwritten digits: small turns, shifts and elastic distortions make new training images in every
 * epoch. The same network, trained plain and augmented, on the same split.
 *
 *   npm run examples -- augmented-digits
 *   npx tsx examples/augmented-digits.ts [--seeds 1] [--epochs 25]
 */
import { callbacks, data, layers, ops, optimizers, sequential, tensor } from 'myelin'
import * as plot from 'myelin/plot'
import { loadDigits, side } from './support/digits'
import { notice, percent, run, save } from './support/show'

export interface Result {
  /** Share of right answers on the test part. */
  accuracy: number
  seconds: number
}

/** Gentle: a digit must stay one. Stronger distortions made training slower and the test no better. */
function augmenter(seed: number) {
  return data.augment({
    shape: [side, side],
    rotate: 10,
    translate: 1,
    distort: { strength: 2, smoothness: 8 },
    seed,
  })
}

/** Trains 512-256 on 9 of 10 parts of the digits and tests on the last. */
export async function train(options: { seed: number; epochs: number; augmented: boolean }): Promise<Result> {
  const { seed, epochs, augmented } = options
  const { train, test } = data.split(loadDigits(), { train: 0.9, test: 0.1, seed, stratify: true })
  const model = sequential({
    inputShape: [side * side],
    seed,
    layers: [
      layers.dense({ units: 512, activation: 'relu' }),
      layers.dense({ units: 256, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
  model.compile({
    // In a straight line to almost 0: a falling rate lets the last epochs settle.
    optimizer: optimizers.adam({ learningRate: ({ epoch }) => 2e-3 * (1 - (epoch - 1) / epochs) }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  const start = performance.now()
  await model.fit(train.x, train.y, {
    epochs,
    batchSize: 128,
    callbacks: process.stderr.isTTY ? [callbacks.progressBar()] : [],
    ...(augmented ? { augment: augmenter(seed) } : {}),
  })
  const seconds = (performance.now() - start) / 1000
  const { accuracy } = await model.evaluate(test.x, test.y)
  model.dispose()
  return { accuracy, seconds }
}

function argument(name: string, standard: number): number {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? standard : Number(process.argv[at + 1])
}

/** Six digits in the first column, and what five epochs see of each. */
async function look(): Promise<void> {
  const digits = loadDigits()
  const rows = [1500, 2500, 3500, 5500, 7500, 8500]
  const plain = ops.stack(rows.map((row) => tensor(digits.x.data.slice(row * side ** 2, (row + 1) * side ** 2))))
  const augment = augmenter(1)
  const seen = [plain, ...Array.from({ length: 5 }, () => augment.apply(plain))]
  const byDigit = rows.flatMap((_, i) => seen.map((images) => ops.slice(images, [i, 0], [1, side ** 2])))
  await save(
    'augmented-digits',
    plot.weightImages(ops.concat(byDigit), {
      size: [side, side],
      title: 'Six digits, and what five epochs see of each',
    }),
  )
}

async function main(): Promise<void> {
  const [seeds, epochs] = [argument('seeds', 1), argument('epochs', 25)]
  await look()
  for (let seed = 1; seed <= seeds; seed++) {
    const plain = await train({ seed, epochs, augmented: false })
    const augmented = await train({ seed, epochs, augmented: true })
    const [fewer, more] = [1 - augmented.accuracy, 1 - plain.accuracy]
    notice(
      `Seed ${seed}, ${epochs} epochs: ${percent(more)} of the test digits are misread ` +
        `(${plain.seconds.toFixed(0)} s), with images changed anew in every epoch ${percent(fewer)} ` +
        `(${augmented.seconds.toFixed(0)} s).`,
      fewer < more,
    )
  }
}

if (require.main === module) run(main)
