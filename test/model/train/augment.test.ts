/** fit({ augment }): which images every step sees, and that nothing else changes. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { bitsOf } from '../../whole/errors/bits'
import { collectGarbage } from '../../garbage'
import { rejected } from '../support'

const { data, layers, optimizers, sequential, tensor } = my

const side = 8
const size = side * side
const options = { shape: [side, side], rotate: 15, translate: 1, distort: { strength: 1 }, seed: 9 }

function pictures(m: number) {
  const x = tensor(
    Float32Array.from({ length: m * size }, (_, i) => Math.abs(Math.sin(i * 0.7 + Math.floor(i / size)))),
    [m, size],
  )
  return { x, y: Array.from({ length: m }, (_, i) => i % 3) }
}

function network(inputs = size) {
  const model = sequential({
    inputShape: [inputs],
    seed: 4,
    layers: [
      layers.dense({ units: 7, activation: 'relu' }),
      layers.dropout({ keepProb: 0.8 }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  })
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  return model
}

const labelsOf = (y: number[]) => Float32Array.from(y)

describe('fit with augmentation', () => {
  const { x, y } = pictures(46)
  const sampleWeight = y.map((_, i) => 0.5 + (i % 4))

  it('trains on what the augmenter makes of every epoch, and on nothing else', async () => {
    const kept = [...x.data]
    const shared = { batchSize: 8, shuffle: false, sampleWeight, classWeight: { 1: 2 } }
    const fitted = network()
    const validationData = [x, y] as const
    const history = await fitted.fit(x, y, { ...shared, epochs: 3, augment: data.augment(options), validationData })
    const byHand = network()
    const augment = data.augment(options)
    for (let epoch = 1; epoch <= 3; epoch++) {
      const h = await byHand.fit(augment.apply(x), y, { ...shared, initialEpoch: epoch - 1, epochs: epoch })
      expect([...h.batches]).to.deep.equal([...history.batches.subarray(6 * (epoch - 1), 6 * epoch)])
      expect(history.epochs[epoch - 1].val_loss).to.equal((await byHand.evaluate(x, y)).loss)
    }
    expect(bitsOf(fitted)).to.equal(bitsOf(byHand))
    expect([...x.data]).to.deep.equal(kept)
    const plain = network()
    await plain.fit(x, y, { ...shared, epochs: 3 })
    expect(bitsOf(plain)).to.not.equal(bitsOf(fitted))
    await network().fit(x, y, { augment: data.augment({ shape: [side, side] }) })
  })

  it('changes nothing without options: the bits of a plain fit, over many parts, shuffled', async () => {
    const m = 600 // more than one part
    const wide = 64 * 64
    const big = tensor(
      Float32Array.from({ length: m * wide }, (_, i) => Math.sin(i)),
      [m, wide],
    )
    const classes = Array.from({ length: m }, (_, i) => i % 3)
    const [plain, augmented] = [network(wide), network(wide)]
    const settings = { batchSize: 32, epochs: 2 }
    await plain.fit(big, classes, settings)
    await augmented.fit(big, classes, { ...settings, augment: data.augment({ shape: [64, 64] }) })
    expect(bitsOf(augmented)).to.equal(bitsOf(plain))
    const batch = [network(wide), network(wide)]
    await batch[0].fit(big, classes, { batchSize: 'all', augment: data.augment({ shape: [64, 64], flip: 1 }) })
    await batch[1].fit(data.transformImages(big, { shape: [64, 64], flip: true }), classes, { batchSize: 'all' })
    expect(bitsOf(batch[0])).to.equal(bitsOf(batch[1]))
  })

  it('the same bits for any number of threads; images as [height, width] need no shape', async () => {
    const threads = my.getThreads()
    const found: string[] = []
    for (const n of [1, 2, 3, 7]) {
      my.setThreads(n)
      const model = network()
      await model.fit(x, y, { batchSize: 8, epochs: 2, augment: data.augment(options) })
      found.push(bitsOf(model))
    }
    my.setThreads(threads)
    expect(new Set(found).size).to.equal(1)
    const square = sequential({
      inputShape: [side, side],
      seed: 4,
      layers: [layers.flatten(), layers.dense({ units: 3, activation: 'softmax' })],
    })
    square.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
    const { shape, ...rest } = options
    expect(shape).to.deep.equal([side, side])
    const history = await square.fit(tensor(x, [46, side, side]), y, { augment: data.augment(rest) })
    expect(history.batches.length).to.equal(2)
  })

  it('interrupted at any step and resumed: the same bits, with the options from the checkpoint', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-augment-'))
    try {
      const path = join(folder, 'run')
      const left: string[] = []
      const keep = () => {
        left.push(`${path}.${left.length}`)
        copyFileSync(path, left[left.length - 1])
      }
      for (const every of [{ epochs: 1 }, { steps: 4 }]) {
        left.length = 0
        const model = network()
        const augment = data.augment({ ...options, seed: 2n ** 63n })
        const history = await model.fit(x, y, {
          batchSize: 8,
          epochs: 4,
          sampleWeight,
          augment,
          checkpoint: { path, every },
          callbacks: [{ name: 'keeper', onEpochBegin: keep }],
        })
        for (const checkpoint of left) {
          const again = await my.resume(checkpoint, x, y)
          expect(bitsOf(again.model)).to.equal(bitsOf(model))
          expect(JSON.stringify(again.history)).to.equal(JSON.stringify(history))
        }
        expect(left.length).to.equal(4)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('predict, abort and failures in between leave a usable model and no memory behind', async () => {
    network().dispose() // initial values warm up a cache of their own
    await collectGarbage()
    const before = my.memory().liveBytes
    const model = network()
    const controller = new AbortController()
    const { signal } = controller
    const fit = model.fit(x, y, { batchSize: 8, epochs: 1e6, augment: data.augment(options), signal })
    for (let i = 0; i < 20; i++) (await model.predict(x)).dispose()
    controller.abort('enough')
    expect(await rejected(fit)).to.have.property('name', 'AbortError')
    const failing = { name: 'failing', onEpoch: () => Promise.reject(new Error('mine')) }
    const error = await rejected(model.fit(x, y, { epochs: 3, augment: data.augment(options), callbacks: [failing] }))
    expect(error.message).to.equal('mine')
    await model.fit(x, y)
    const predicted = model.predictSync(x)
    expect(predicted.data.every(Number.isFinite)).to.equal(true)
    predicted.dispose()
    model.dispose()
    await collectGarbage()
    expect(my.memory().liveBytes).to.equal(before)
  })

  it('fitDataset changes the batches of a stream as fit changes the rows', async () => {
    const [fitted, streamed] = [network(), network()]
    const shared = { epochs: 2, augment: data.augment(options) }
    const history = await fitted.fit(x, y, { ...shared, batchSize: 8, shuffle: false })
    function* batches() {
      for (let from = 0; from < 46; from += 8) {
        const rows = Math.min(8, 46 - from)
        const part = x.data.subarray(from * size, (from + rows) * size)
        yield { x: { data: part, shape: [rows, size] }, y: labelsOf(y.slice(from, from + rows)) }
      }
    }
    const stream = await streamed.fitDataset(batches, shared)
    expect([...stream.batches]).to.deep.equal([...history.batches])
    expect(bitsOf(streamed)).to.equal(bitsOf(fitted))
  })
})
