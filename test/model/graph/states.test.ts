import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { rejected } from '../support'
import { custom, net, rows, valuesOf, x, y } from './support'

const state = (set: readonly object[]) => {
  const values = valuesOf(set)
  return { mean: values['centre_1.movingMean'], seen: values['centre_1.seen'][0] }
}

describe('states of layers', () => {
  it('are written by training steps alone, once per step', async () => {
    const made = net()
    await made.predict(x)
    await made.evaluate(x, y)
    await made.costAndGradients(x, y, { training: true })
    my.valueAndGrad(made, { sum: 'meanSquaredError', same: 'binaryCrossentropy' })(x, y)
    await my.gradientCheck(made, x, y, { dropout: 'frozen' })
    expect(state(made.getWeights())).to.deep.equal({ mean: [0, 0, 0, 0], seen: 0 })
    await made.trainOnBatch(x, y)
    expect(state(made.getWeights()).seen).to.equal(1)
    await made.fit(x, y, { epochs: 2, batchSize: 8 })
    expect(state(made.getWeights()).seen).to.equal(7)
  })

  it('have the values that the layer says', async () => {
    const made = net()
    const { plus_1 } = await made.activations(x)
    await made.trainOnBatch(x, y)
    const { mean } = state(made.getWeights())
    for (let j = 0; j < 4; j++) {
      let sum = 0
      for (let i = 0; i < rows; i++) sum += plus_1.a.data[4 * i + j]
      expect(mean[j]).to.be.closeTo((0.2 * sum) / rows, 1e-12)
    }
  })

  it('stay as they are, with the weights, where a step is not finite', async () => {
    const made = net({ dtype: 'float32', optimizer: my.optimizers.gradientDescent({ learningRate: 1e19 }) })
    await rejected(made.fit(x, y, { epochs: 50, batchSize: rows }))
    const { steps } = made.progress
    const values = valuesOf(made.getWeights())
    expect(values['centre_1.seen']).to.deep.equal([steps])
    expect(Object.values(values).flat().every(Number.isFinite)).to.equal(true)
  })

  it('count exactly the committed steps of an aborted run', async () => {
    const made = net()
    const controller = new AbortController()
    const onBatch = () => controller.abort('enough')
    await rejected(made.fit(x, y, { epochs: 1_000_000, batchSize: 4, onBatch, signal: controller.signal }))
    expect(state(made.getWeights()).seen).to.equal(made.progress.steps).and.above(0)
  })

  it('go into files and checkpoints, and on from there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-states-'))
    try {
      const path = join(folder, 'run.checkpoint')
      const whole = net()
      await whole.fit(x, y, { epochs: 4, batchSize: 8 })
      const part = net()
      const controller = new AbortController()
      const onEpoch = ({ epoch }: { epoch: number }) => void (epoch === 2 && controller.abort('enough'))
      const checkpoint = { path, every: { epochs: 1 } }
      await rejected(part.fit(x, y, { epochs: 4, batchSize: 8, checkpoint, onEpoch, signal: controller.signal }))
      const { model } = await my.resume(path, x, y, { custom })
      expect(state(model.getWeights())).to.deep.equal(state(whole.getWeights()))
      const saved = await my.loadModel(whole.toBytes(), { custom })
      expect(state(saved.getWeights())).to.deep.equal(state(whole.getWeights()))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('of a layer used twice follow both uses, one after the other', async () => {
    const [a, b] = [my.input({ shape: [1] }), my.input({ shape: [1] })]
    const shared = custom.centre({ momentum: 0.5 })
    const outputs = { p: shared.apply(a), q: shared.apply(b) }
    const made = my.model({ inputs: { a, b }, outputs, seed: 1, dtype: 'float64' })
    made.compile({ optimizer: 'adam', loss: { p: 'meanSquaredError', q: 'meanSquaredError' } })
    await made.trainOnBatch({ a: [[4], [8]], b: [[10], [20]] }, { p: [[0], [0]], q: [[0], [0]] })
    // 0.5·(0.5·0 + 0.5·6) + 0.5·15, and two counts.
    expect(state(made.getWeights())).to.deep.equal({ mean: [9], seen: 2 })
  })
})

describe('freezing', () => {
  const changed = (before: Record<string, number[]>, after: Record<string, number[]>) =>
    Object.keys(after).filter((name) => after[name].join() !== before[name].join())

  it('leaves weights and states of a layer as they are, and lets the others train', async () => {
    const made = net()
    made.freeze(['encoder', 'centre_1'])
    const before = valuesOf(made.getWeights())
    await made.fit(x, y, { epochs: 2, batchSize: 8 })
    expect(changed(before, valuesOf(made.getWeights()))).to.deep.equal([
      'total.weight',
      'total.bias',
      'equal.weight',
      'equal.bias',
    ])
    const { gradients } = await made.costAndGradients(x, y)
    expect(gradients.map(({ name }) => name)).to.deep.equal(['total', 'equal'])
    expect((await my.gradientCheck(made, x, y)).parameters.map(({ name }) => name.split('.')[0])).not.to.include(
      'encoder',
    )
    my.optimizers.adam().apply(made, gradients)
    expect(made.layers.map(({ trainable }) => trainable)).to.deep.equal([false, true, false, true, true])
    made.unfreeze()
    await made.fit(x, y, { batchSize: 8 })
    expect(changed(before, valuesOf(made.getWeights())).length).to.equal(Object.keys(before).length)
  })

  it('trainable: false starts frozen; a predicate chooses', async () => {
    const made = my.sequential({
      inputShape: [2],
      seed: 1,
      layers: [layers.dense({ units: 3, activation: 'relu', trainable: false }), layers.dense({ units: 1 })],
    })
    made.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    expect(made.layers.map(({ trainable }) => trainable)).to.deep.equal([false, true])
    made.unfreeze(({ name }) => name === 'dense_1')
    made.freeze(({ weights }) => weights.some(({ shape }) => shape[0] === 1))
    expect(made.layers.map(({ trainable }) => trainable)).to.deep.equal([true, false])
    const again = await my.loadModel(made.toBytes())
    expect(again.layers.map(({ trainable }) => trainable)).to.deep.equal([true, false])
  })

  it('starts the optimiser afresh, at any moment between steps', async () => {
    const made = net()
    await made.fit(x, y, {
      epochs: 3,
      batchSize: 8,
      onEpoch: ({ epoch }) => void (epoch === 2 && made.freeze('encoder')),
    })
    expect(made.progress.updates).to.equal(3)
    made.freeze('encoder') // frozen already: nothing starts afresh
    expect(made.progress.updates).to.equal(3)
  })

  it('transfer: weights of a trained base, a new head', async () => {
    const base = my.sequential({
      inputShape: [3],
      seed: 4,
      layers: [layers.dense({ units: 4, activation: 'tanh', name: 'base' }), layers.dense({ units: 1 })],
    })
    base.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    await base.fit(x.left, y.sum, { epochs: 3 })
    const next = my.sequential({
      inputShape: [3],
      seed: 5,
      layers: [
        layers.dense({ units: 4, activation: 'tanh', name: 'base' }),
        layers.dense({ units: 2, activation: 'softmax', name: 'head' }),
      ],
    })
    next.setWeights(
      base.getWeights().filter(({ name }) => name === 'base'),
      { partial: true },
    )
    next.freeze('base')
    next.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
    await next.fit(x.left, y.same, { epochs: 2 })
    expect(valuesOf(next.getWeights())['base.weight']).to.deep.equal(valuesOf(base.getWeights())['base.weight'])
  })
})

const { layers } = my
