/** What callbacks may be, and what they do to a run. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { layers, type Callback, OptionError, optimizers, resume, sequential, type TrainingRun } from '../../../lib'
import { blobs, rejected } from '../support'

/** 4 steps an epoch. */
const { x, y } = blobs(40)
const options = { batchSize: 10 }

function made() {
  const model = sequential({ inputShape: [2], seed: 5, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  return model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.5 }), loss: 'binaryCrossentropy' })
}

describe('callbacks of a fit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'myelin-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('set the learning rate of the epoch that begins, and its logs say so', async () => {
    const model = made()
    const onEpochBegin = (epoch: number) => model.setLearningRate(0.1 * epoch)
    const { epochs } = await model.fit(x, y, { ...options, epochs: 2, callbacks: [{ name: 'rates', onEpochBegin }] })
    expect(epochs.map(({ learningRate }) => learningRate)).to.deep.equal([0.1, 0.2])
    const before = model.getWeights()[0].bias.data[0]
    // One step whose gradient is known: the bias moves by rate · mean(a − y).
    const { gradients } = await model.costAndGradients(x, y)
    const stream = () => [{ x, y }]
    const streamed = await model.fitDataset(stream, {
      callbacks: [{ name: 'rates', onEpochBegin: () => model.setLearningRate(0.25) }],
    })
    expect(streamed.epochs[0].learningRate).to.equal(0.25)
    expect(model.getWeights()[0].bias.data[0]).to.be.closeTo(before - 0.25 * gradients[0].bias.data[0], 1e-6)
  })

  it('end a run that is resumed from a checkpoint after they asked for it', async () => {
    const path = join(folder, 'stopped')
    const left = `${path}.interrupted`
    const stops: Callback = {
      name: 'stops',
      onEpochBegin: (epoch: number, run: TrainingRun) => (epoch === 2 ? run.stop() : undefined),
    }
    // The checkpoint in the middle of epoch 2 is there when its last steps are told.
    const onBatch = ({ epoch, batch }: { epoch: number; batch: number }) =>
      epoch === 2 && batch === 4 ? copyFileSync(path, left) : undefined
    const checkpoint = { path, every: { steps: 2 } }
    const history = await made().fit(x, y, { ...options, epochs: 5, checkpoint, callbacks: [stops], onBatch })
    expect([history.epochs.length, history.stopped]).to.deep.equal([2, 'early'])
    const { history: again } = await resume(left, x, y, { callbacks: [stops] })
    expect(JSON.stringify(again)).to.equal(JSON.stringify(history))
  })

  it('are refused where a method is no function, or has a name that nobody calls', async () => {
    const model = made()
    class Watcher {
      readonly name = 'watcher'
      onEpochEnd() {}
    }
    const holes: Callback[] = []
    holes.length = 1
    const cases: [unknown, string][] = [
      [[{ name: 'a', onEpoch: 5 }], 'fit: callbacks[0].onEpoch: expected a function, got 5.'],
      [[{ name: 'a' }, { name: 'b', save: {} }], 'fit: callbacks[1].save: expected a function, got an object'],
      [
        [{ name: 'a', onEpochEnd() {} }],
        "fit: callbacks[0]: 'onEpochEnd' is no method that fit calls. Did you mean 'onEpoch'?",
      ],
      [[new Watcher()], "fit: callbacks[0]: 'onEpochEnd' is no method that fit calls. Did you mean 'onEpoch'?"],
      [
        [{ name: 'a', forRun: () => ({ name: 'b', onBatch: 1 }) }],
        'fit: callbacks[0]: forRun().onBatch: expected a function',
      ],
      [holes, 'fit: callbacks[0]: expected callbacks.… or an object with onEpoch, got undefined.'],
    ]
    for (const [callbacks, message] of cases) {
      const error = await rejected(model.fit(x, y, { callbacks: callbacks as Callback[] }))
      expect(error).to.be.instanceOf(OptionError)
      expect(error.message).to.contain(message)
    }
    expect(model.progress.steps).to.equal(0)
    await model.fit(x, y, { callbacks: [{ name: 'a', onEpoch: undefined, ...{ only: () => 1, on: () => 1 } }] })
  })

  it('are told by the history of a stream, too, that the network has dropout', async () => {
    const layer = layers.dense({ units: 1, activation: 'sigmoid' })
    const model = sequential({ inputShape: [2], seed: 5, layers: [layers.dropout({ rate: 0.5 }), layer] })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
    expect((await model.fitDataset(() => [{ x, y }])).dropout).to.equal(true)
    expect((await model.fit(x, y)).dropout).to.equal(true)
  })
})
