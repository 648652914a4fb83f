/**
 * Augmentation on handwritten digits (5.4.5 of the notes): small turns, shifts and elastic distortions make new training
 * images in every epoch. The same network, trained plain and augmented, on the same split.
 *
 *   npx tsx examples/augmented-digits.ts [--seeds 3] [--epochs 60]
 */
import { callbacks, data, layers, optimizers, schedules, sequential } from 'myelin'
import { loadDigits, side } from './digits'

export interface Result {
  /** Share of right answers on the test part. */
  accuracy: number
  seconds: number
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
    // Down to a hundredth in the end: the last epochs settle.
    optimizer: optimizers.adam({ learningRate: schedules.exponential({ initial: 2e-3, beta: 0.01 ** (1 / epochs) }) }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  // Gentle: a digit must stay one. Stronger distortions made training slower and the test no better.
  const augment = data.augment({
    shape: [side, side],
    rotate: 10,
    translate: 1,
    distort: { strength: 2, smoothness: 8 },
    seed,
  })
  const start = performance.now()
  await model.fit(train.x, train.y, {
    epochs,
    batchSize: 128,
    callbacks: process.stderr.isTTY ? [callbacks.progressBar()] : [],
    ...(augmented ? { augment } : {}),
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

async function main(): Promise<void> {
  const [seeds, epochs] = [argument('seeds', 1), argument('epochs', 60)]
  for (let seed = 1; seed <= seeds; seed++)
    for (const augmented of [false, true]) {
      const { accuracy, seconds } = await train({ seed, epochs, augmented })
      const what = augmented ? 'augmented' : 'plain    '
      console.log(`seed ${seed}  ${what}  test accuracy ${(100 * accuracy).toFixed(1)} %  (${seconds.toFixed(0)} s)`)
    }
}

if (require.main === module) void main()
