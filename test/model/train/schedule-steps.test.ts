/** What the steps of a schedule count: those since it was put in, in this process or in the one that saved the file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { layers, loadModel, optimizers, resume, schedules, sequential, type Model } from '../../../lib'
import { blobs } from '../support'

/** 4 steps an epoch. */
const { x, y } = blobs(40)
const options = { batchSize: 10 }
const optimizer = () => optimizers.gradientDescent({ learningRate: schedules.warmup(0.16, { steps: 16 }) })
const loss = 'binaryCrossentropy'

function made(): Model {
  const model = sequential({
    inputShape: [2],
    seed: 5,
    dtype: 'float64',
    layers: [layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: optimizer(), loss })
  return model
}

/** The rates that a fit of so many epochs begins its epochs with, in hundredths. */
async function rates(model: Model, epochs: number): Promise<number[]> {
  const history = await model.fit(x, y, { ...options, epochs })
  return history.epochs.map(({ learningRate }) => Math.round(100 * learningRate))
}

const weightsOf = (model: Model) =>
  model.getWeights().flatMap(({ weight, bias }) => [weight, bias].flatMap((t) => [...t.data]))

describe('steps of a schedule', () => {
  const folder = mkdtempSync(join(tmpdir(), 'myelin-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('go on from fit to fit, and begin again with compile', async () => {
    const model = made()
    expect(await rates(model, 2)).to.deep.equal([1, 5])
    expect(await rates(model, 1)).to.deep.equal([9])
    model.compile({ optimizer: optimizer(), loss })
    expect(await rates(model, 2)).to.deep.equal([1, 5])
    expect(model.progress.steps).to.equal(20)
    const stream = () => [{ x, y }]
    model.compile({ optimizer: optimizer(), loss })
    const { epochs } = await model.fitDataset(stream, { epochs: 2 })
    expect(epochs.map(({ learningRate }) => learningRate)).to.deep.equal([0.01, 0.02])
    model.dispose()
  })

  it('begin again with setLearningRate, also between the epochs of a fit', async () => {
    const model = made()
    const history = await model.fit(x, y, {
      ...options,
      epochs: 4,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) model.setLearningRate(schedules.warmup(0.8, { steps: 8 }))
      },
    })
    expect(history.epochs.map(({ learningRate }) => Math.round(100 * learningRate))).to.deep.equal([1, 5, 10, 50])
    model.dispose()
  })

  it('begin again for loops of one’s own', async () => {
    const [model, fresh] = [made(), made()]
    await rates(model, 3)
    model.setWeights(fresh.getWeights())
    const own = optimizer()
    model.compile({ optimizer: own, loss })
    for (const [each, used] of [
      [model, own],
      [fresh, optimizer()],
    ] as const)
      for (let step = 0; step < 3; step++) used.apply(each, (await each.costAndGradients(x, y)).gradients)
    expect(weightsOf(model)).to.deep.equal(weightsOf(fresh))
    model.dispose()
    fresh.dispose()
  })

  it('go on when layers are frozen', async () => {
    const model = made()
    await rates(model, 2)
    model.freeze('dense_1')
    expect(await rates(model, 1)).to.deep.equal([9])
    model.dispose()
  })

  it('go on in a model from a file, and begin again there with compile', async () => {
    const model = made()
    await rates(model, 2)
    model.compile({ optimizer: optimizer(), loss })
    await rates(model, 1)
    const loaded = await loadModel(model.toBytes())
    expect(await rates(loaded, 1)).to.deep.equal(await rates(model, 1))
    expect(weightsOf(loaded)).to.deep.equal(weightsOf(model))
    loaded.compile({ optimizer: optimizer(), loss })
    expect(await rates(loaded, 1)).to.deep.equal([1])
    model.dispose()
    loaded.dispose()
  })

  it('go on after resume where setLearningRate began them within the fit', async () => {
    const path = join(folder, 'checkpoint')
    const onEpoch = (model: Model) => (logs: { epoch: number }) => {
      if (logs.epoch === 2) model.setLearningRate(schedules.warmup(0.8, { steps: 12 }))
    }
    const whole = made()
    const expected = await whole.fit(x, y, { ...options, epochs: 5, onEpoch: onEpoch(whole) })
    const model = made()
    const controller = new AbortController()
    const stopping = (logs: { epoch: number }) => {
      onEpoch(model)(logs)
      if (logs.epoch === 4) controller.abort()
    }
    const { signal } = controller
    const checkpoint = { path, every: { epochs: 1 } }
    await model.fit(x, y, { ...options, epochs: 5, onEpoch: stopping, checkpoint, signal }).catch(() => undefined)
    const resumed = await resume(path, x, y)
    expect(resumed.history.epochs).to.deep.equal(expected.epochs)
    expect(weightsOf(resumed.model)).to.deep.equal(weightsOf(whole))
    for (const each of [whole, model, resumed.model]) each.dispose()
  })
})
