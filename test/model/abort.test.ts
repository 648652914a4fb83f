/** Every function that takes a signal, aborted at work: AbortError with the reason, and the model stays usable. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import * as my from '../../lib'
import { rejected } from './support'

const { layers, sequential } = my

describe('abort while working', () => {
  const [rows, width] = [3000, 400]
  const x = { data: Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i)), shape: [rows, width] }
  const y = Float32Array.from({ length: rows }, (_, i) => i % 10)
  const units = 600
  const model = sequential({
    inputShape: [width],
    seed: 1,
    layers: [
      layers.normalize({ mean: 0, variance: 1 }),
      layers.dense({ units, activation: 'relu' }),
      layers.dense({ units, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })

  // Large enough that reading it back takes many turns of the event loop on any machine.
  const wide = [layers.dense({ units: 2500 }), layers.dense({ units: 2500, activation: 'relu' })]
  const large = sequential({ inputShape: [width], seed: 1, layers: wide }).toBytes()

  let folder = ''
  before(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-abort-'))))
  after(() => {
    expect(readdirSync(folder), 'files of a save that was aborted').to.deep.equal([])
    rmSync(folder, { recursive: true, force: true })
  })

  const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    fit: (signal) => model.fit(x, y, { epochs: 10_000, signal }),
    fitDataset: (signal) =>
      model.fitDataset(() => my.data.batches({ x, y }, { batchSize: 500 }), { epochs: 10_000, signal }),
    evaluate: (signal) => model.evaluate(x, y, { signal }),
    predict: (signal) => model.predict(x, { signal }),
    trainOnBatch: (signal) => model.trainOnBatch(x, y, { signal }),
    costAndGradients: (signal) => model.costAndGradients(x, y, { signal }),
    activations: (signal) => model.activations(x, { signal }),
    adapt: (signal) => model.adapt(x, { signal }),
    gradientCheck: (signal) => my.gradientCheck(model, x, y, { signal }),
    save: (signal) => model.save(join(folder, 'model'), { signal }),
    loadModel: (signal) => my.loadModel(large, { signal }),
  }

  for (const [name, call] of Object.entries(calls))
    it(name, async () => {
      const controller = new AbortController()
      const reason = new Error('enough')
      const settled = rejected(call(controller.signal))
      // The first turn of the event loop after the call has started.
      await Promise.race([settled, setImmediate()])
      controller.abort(reason)
      const aborted = performance.now()
      const error = (await settled) as my.AbortError<my.History>
      expect(error).to.be.instanceOf(my.AbortError)
      expect(error.name).to.equal('AbortError')
      expect(error.cause).to.equal(reason)
      expect(error.message).to.include(name)
      expect(performance.now() - aborted, 'ms until it settles').to.be.below(2000)
      if (name.startsWith('fit')) expect(error.history).to.be.instanceOf(my.History)
      const one = { data: x.data.slice(0, width), shape: [1, width] }
      expect(model.predictSync(one).data.every(Number.isFinite)).to.equal(true)
      expect((await model.evaluate(x, y)).loss).to.be.a('number')
    })

  it('a fit that is aborted before it begins has an empty history', async () => {
    for (const call of [calls.fit, calls.fitDataset]) {
      const error = (await rejected(call(AbortSignal.abort('early')))) as my.AbortError<my.History>
      expect(error.cause).to.equal('early')
      expect(error.history!.batches.length).to.equal(0)
    }
    model.dispose()
  })
})
