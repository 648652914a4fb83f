import { expect } from 'chai'
import * as my from '../../../lib'
import { native } from '../../../lib/native/native'
import { blobs, rejected } from '../support'

const { layers, optimizers, regularizers, schedules, sequential } = my

describe('fit', () => {
  it('learns two classes and records every field of the history', async () => {
    const { x, y } = blobs(60)
    const model = sequential({
      inputShape: [2],
      seed: 3,
      layers: [layers.dense({ units: 8, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({
      optimizer: optimizers.adam({ learningRate: 0.05 }),
      loss: 'binaryCrossentropy',
      metrics: ['accuracy'],
    })
    const history = await model.fit(x, y, { epochs: 15, batchSize: 16, validationData: [x, y] })
    expect(history.epochs).to.have.length(15)
    expect(history.stopped).to.equal('epochs')
    expect(history.batches)
      .to.be.instanceOf(Float64Array)
      .with.length(15 * 4)
    const last = history.epochs[14]
    expect(last).to.include.all.keys(
      'epoch',
      'loss',
      'dataLoss',
      'learningRate',
      'accuracy',
      'val_loss',
      'val_dataLoss',
      'val_accuracy',
    )
    expect(last.val_accuracy).to.equal(1)
    expect(last.learningRate).to.equal(0.05)
    expect(last.loss).to.be.lessThan(history.epochs[0].loss)
    model.dispose()
  })

  it("makes an epoch's loss the size-weighted mean of its batch costs", async () => {
    const { x, y } = blobs(22)
    const model = small()
    const { epochs, batches } = await model.fit(x, y, { epochs: 2, batchSize: 8 })
    const sizes = [8, 8, 6]
    for (const e of [0, 1]) {
      const mean = sizes.reduce((sum, size, i) => sum + size * batches[3 * e + i], 0) / 22
      expect(epochs[e].loss).to.be.closeTo(mean, 1e-12)
    }
  })

  it('leaves the last smaller batch out if asked', async () => {
    const { x, y } = blobs(22)
    const history = await small().fit(x, y, { epochs: 3, batchSize: 8, dropLast: true })
    expect(history.batches).to.have.length(6)
  })

  it('gives the same bits for the same seed, and others for another', async () => {
    const { x, y } = blobs(40)
    const run = async (seed: number) => {
      const model = small(seed)
      const history = await model.fit(x, y, { epochs: 3, batchSize: 8 })
      return [...history.batches]
    }
    const first = await run(5)
    expect(await run(5)).to.deep.equal(first)
    expect(await run(6)).to.not.deep.equal(first)
  })

  it('shuffles every example into exactly one batch of an epoch', async () => {
    // With a zero learning rate the loss of a row tells which row it was.
    const x = Array.from({ length: 10 }, () => [0])
    const y = Array.from({ length: 10 }, (_, i) => [i])
    const model = sequential({
      inputShape: [1],
      seed: 1,
      layers: [layers.dense({ units: 1, kernelInitializer: 'zeros' })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: () => 0 }), loss: 'meanSquaredError' })
    const { batches } = await model.fit(x, y, { epochs: 2, batchSize: 1 })
    const epochs = [batches.slice(0, 10), batches.slice(10)].map((part) => [...part].map(Math.sqrt))
    for (const order of epochs) expect([...order].sort((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(epochs[0]).to.not.deep.equal(epochs[1])
    const { batches: inOrder } = await model.fit(x, y, { epochs: 1, batchSize: 1, shuffle: false })
    expect([...inOrder].map(Math.sqrt)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('stops by convergence', async () => {
    const { x, y } = blobs(20)
    const history = await small().fit(x, y, { epochs: 10_000, batchSize: 'all', stopWhen: { tolerance: 1e-3 } })
    expect(history.stopped).to.equal('converged')
    const [before, last] = history.epochs.slice(-2)
    expect(Math.abs(before.loss - last.loss)).to.be.lessThan(1e-3)
  })

  it('follows schedules by epoch and step, and setLearningRate', async () => {
    const { x, y } = blobs(20)
    const model = small()
    model.compile({
      optimizer: optimizers.gradientDescent({ learningRate: schedules.inverseTime({ initial: 0.2, decayRate: 1 }) }),
      loss: 'binaryCrossentropy',
    })
    const { epochs } = await model.fit(x, y, {
      epochs: 3,
      batchSize: 10,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) model.setLearningRate(0.5)
      },
    })
    expect(epochs.map((e) => e.learningRate)).to.deep.equal([0.1, 0.2 / 3, 0.5])
    const steps: number[] = []
    model.setLearningRate(({ step }) => {
      steps.push(step)
      return 0.1
    })
    await model.fit(x, y, { epochs: 1, batchSize: 10 })
    expect(steps).to.include.members([1, 2]).and.not.include(3)
  })

  it('divides weighted losses by m, and leaves metrics unweighted', async () => {
    const x = [[1], [2], [3], [4]]
    const y = [[1], [1], [1], [1]]
    const make = () => {
      const model = sequential({
        inputShape: [1],
        dtype: 'float64',
        seed: 1,
        layers: [layers.dense({ units: 1, kernelInitializer: 'zeros' })],
      })
      model.compile({
        optimizer: optimizers.gradientDescent({ learningRate: 0.1 }),
        loss: 'meanSquaredError',
        metrics: ['meanAbsoluteError'],
      })
      return model
    }
    const { epochs } = await make().fit(x, y, { batchSize: 'all', sampleWeight: [3, 0, 0, 1] })
    expect(epochs[0].loss).to.be.closeTo(1, 1e-15)
    expect(epochs[0].meanAbsoluteError).to.be.closeTo(1, 1e-15)
    const evaluated = await make().evaluate(x, y, { sampleWeight: [1, 0, 0, 1] })
    expect(evaluated.loss).to.be.closeTo(0.5, 1e-15)
  })

  it('counts penalties once in evaluation, however chunked', async () => {
    const { x, y } = blobs(30)
    const model = sequential({
      inputShape: [2],
      dtype: 'float64',
      seed: 2,
      layers: [layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer: regularizers.l2({ lambda: 3 }) })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'binaryCrossentropy' })
    const whole = await model.evaluate(x, y)
    const chunked = await model.evaluate(x, y, { batchSize: 7 })
    expect(chunked.loss).to.be.closeTo(whole.loss, 1e-14)
    const [{ weight }] = model.getWeights()
    const squares = [...weight.data].reduce((sum, w) => sum + w * w, 0)
    expect(whole.loss - whole.dataLoss).to.be.closeTo((3 / (2 * 30)) * squares, 1e-14)
  })

  it('names epoch, batch and layer when a value is not finite, and does not take the step', async () => {
    const model = sequential({
      inputShape: [1],
      seed: 1,
      layers: [layers.dense({ units: 1, name: 'first' }), layers.dense({ units: 1, name: 'second' })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1e19 }), loss: 'meanSquaredError' })
    const error = (await rejected(
      model.fit([[1], [2]], [[1], [9]], { epochs: 50, batchSize: 1 }),
    )) as my.NonFiniteError & { epoch: number; batch: number; layer: string }
    expect(error).to.be.instanceOf(my.NonFiniteError)
    expect(error.message).to.match(/epoch \d+, batch \d+/)
    expect(error.epoch).to.be.at.least(1)
    expect(['first', 'second', 'loss']).to.include(error.layer)
    for (const { weight } of model.getWeights()) expect([...weight.data].every(Number.isFinite)).to.equal(true)
  })

  it('advises to clip gradients, unless they are', async () => {
    for (const gradientClip of [undefined, { value: 1 }]) {
      const model = sequential({ inputShape: [1], seed: 1, layers: [layers.dense({ units: 1 })] })
      model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError', gradientClip })
      const { message } = await rejected(model.fit([[1e30]], [[-1e30]]))
      expect(message).to.include('Lower the learning rate')
      expect(message.includes('clip gradients')).to.equal(gradientClip === undefined)
      model.dispose()
    }
  })

  it('clips by norm and by value', async () => {
    const updates = async (gradientClip: my.GradientClip) => {
      const model = sequential({
        inputShape: [2],
        dtype: 'float64',
        seed: 1,
        layers: [layers.dense({ units: 1, kernelInitializer: 'zeros' })],
      })
      model.compile({
        optimizer: optimizers.gradientDescent({ learningRate: 1 }),
        loss: 'meanSquaredError',
        gradientClip,
      })
      await model.fit([[3, 4]], [[-0.5]], { batchSize: 1 })
      const [{ weight, bias }] = model.getWeights()
      return [...weight.data, ...bias.data]
    }
    // dJ/da = 1: the gradient is [3, 4, 1].
    const norm = Math.sqrt(26)
    ;(await updates({ norm: 2 })).forEach((w, i) => expect(w).to.be.closeTo((-2 * [3, 4, 1][i]) / norm, 1e-14))
    expect(await updates({ value: 2 })).to.deep.equal([-2, -2, -1])
  })

  it('observes batches late but completely', async () => {
    const { x, y } = blobs(40)
    const seen: my.BatchLogs[] = []
    const history = await small().fit(x, y, { epochs: 2, batchSize: 10, onBatch: (batch) => void seen.push(batch) })
    expect(seen.map((b) => b.loss)).to.deep.equal([...history.batches])
    expect(seen.map((b) => b.batch)).to.deep.equal([1, 2, 3, 4, 1, 2, 3, 4])
  })

  it('rejects when a callback throws, and stays usable', async () => {
    const { x, y } = blobs(20)
    const model = small()
    const fail = () => {
      throw new Error('mine')
    }
    expect((await rejected(model.fit(x, y, { epochs: 2, onEpoch: fail }))).message).to.equal('mine')
    expect((await rejected(model.fit(x, y, { epochs: 2, onBatch: fail }))).message).to.equal('mine')
    expect((await model.fit(x, y)).epochs).to.have.length(1)
  })

  it('rejects when the promise of a callback rejects, late ones of the last epoch included', async () => {
    const { x, y } = blobs(20)
    const mine = new Error('mine')
    const fails = async () => {
      await new Promise((done) => setTimeout(done, 10))
      throw mine
    }
    for (const hook of ['onTrainBegin', 'onEpochBegin', 'onProgress', 'onBatch', 'onEpoch', 'onTrainEnd'] as const)
      for (const epochs of [1, 1e5]) {
        if (epochs > 1 && hook === 'onTrainEnd') continue
        const model = small()
        const callbacks = [{ name: 'own', [hook]: fails }]
        expect(await rejected(model.fit(x, y, { epochs, batchSize: 4, callbacks })), hook).to.equal(mine)
        expect((await model.fit(x, y)).epochs).to.have.length(1)
      }
  })

  it('ends an epoch when the promises of its onBatch have settled, or on abort', async () => {
    const { x, y } = blobs(20)
    let settled = 0
    const onBatch = async () => {
      await new Promise((done) => setTimeout(done, 10))
      settled++
    }
    await small().fit(x, y, { epochs: 2, batchSize: 4, onBatch })
    expect(settled).to.equal(10)
    const controller = new AbortController()
    const stalls = () => new Promise(() => setTimeout(() => controller.abort(), 10))
    const error = await rejected(small().fit(x, y, { onBatch: stalls, signal: controller.signal }))
    expect(error).to.be.instanceOf(my.AbortError)
  })

  it('copies the costs of earlier epochs no more often for later ones', async () => {
    const { x, y } = blobs(40)
    const model = small()
    const typed = Object.getPrototypeOf(Float64Array.prototype) as { set(values: ArrayLike<number>, at?: number): void }
    const { set } = typed
    let copied = 0
    typed.set = function (values, at) {
      if (values instanceof Float64Array) copied += values.length
      return set.call(this, values, at)
    }
    try {
      const { batches } = await model.fit(x, y, { epochs: 200, batchSize: 2 })
      expect(batches).to.have.length(4000)
    } finally {
      typed.set = set
    }
    // Each a few times, where it was 200.
    expect(copied).to.be.below(10 * 4000)
  })

  it('crosses between JavaScript and C++ a few times per epoch, not per step', async () => {
    const crossings = async (rows: number) => {
      const { x, y } = blobs(rows)
      const model = small()
      await model.fit(x, y, { batchSize: 4, epochs: 1 })
      let atStart = 0
      let atEnd = 0
      await model.fit(x, y, {
        batchSize: 4,
        epochs: 2,
        onEpoch: ({ epoch }) => {
          if (epoch === 1) atStart = native.crossings()
          else atEnd = native.crossings()
        },
      })
      return atEnd - atStart
    }
    const few = await crossings(42)
    expect(few).to.be.at.most(10)
    expect(await crossings(402)).to.be.at.most(few + 2)
  })
})

function small(seed = 1): my.Model {
  const model = sequential({
    inputShape: [2],
    seed,
    layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.02 }), loss: 'binaryCrossentropy' })
  return model
}
