/** What the killed and the uninterrupted run share. */
import type { layers as Layers } from '../../../../lib'
import { Random } from '../../../../lib/data/random'

export const settings = {
  epochs: 40,
  batchSize: 16,
  layers: (layers: typeof Layers) => [
    layers.normalize(),
    layers.dense({ units: 12, activation: 'relu' }),
    layers.dropout({ keepProb: 0.7 }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ],
}

export function trainingData() {
  const random = new Random(33n)
  const x = Array.from({ length: 150 }, () => Array.from({ length: 6 }, () => random.uint32() / 2 ** 31 - 1))
  return { x, y: x.map((row) => (row[0] + row[1] > 0 ? 2 : row[2] > 0 ? 1 : 0)) }
}
