/** Augmentation on a device: the CPU makes the images, a part ahead; the training is the CPU's. */
import { expect } from 'chai'
import * as my from '../../../lib'
import { collectGarbage } from '../../garbage'

const { data, layers, sequential } = my

const [m, side] = [300, 96] // 8 MiB of images are 227 rows: two parts

function modelOn(device: my.DeviceName) {
  const model = sequential({
    inputShape: [side * side],
    seed: 2,
    device,
    layers: [layers.dense({ units: 3, activation: 'softmax' })],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  return model
}

describe('augmentation on cuda', () => {
  it('fit and fitDataset train on the images that the CPU would, and leave no memory behind', async () => {
    const x = my.tensor(
      Float32Array.from({ length: m * side * side }, (_, i) => Math.sin(i)),
      [m, side * side],
    )
    const y = Array.from({ length: m }, (_, i) => i % 3)
    const options = { batchSize: 50, epochs: 2, sampleWeight: y.map((c) => 1 + c) }
    const augment = data.augment({ shape: [side, side], rotate: 10, translate: 2, distort: { strength: 1 } })
    const costs = async (device: my.DeviceName) => {
      const model = modelOn(device)
      const { batches } = await model.fit(x, y, { ...options, augment })
      const stream = await model.fitDataset(() => data.batches({ x, y }, { batchSize: 100 }), { augment })
      model.dispose()
      return [...batches, ...stream.batches]
    }
    const expected = await costs('cpu')
    await collectGarbage()
    const before = my.memory().liveBytes
    const found = await costs('cuda')
    await collectGarbage() // the batches of the stream
    expect(my.memory().liveBytes).to.equal(before)
    expect(found.length).to.equal(expected.length)
    found.forEach((cost, i) => expect(cost).to.be.closeTo(expected[i], 1e-4 * Math.abs(expected[i])))
  })
})
