/** `dispose({ after: 'jobs' })`: a model goes when its last answers are given. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { blobs, rejected, thrown } from '../support'

const { layers, loadModel, sequential } = my

const { x, y } = blobs(40)

function small(): my.Model {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [layers.dense({ units: 8, activation: 'tanh' }), layers.dense({ units: 1 })],
  })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

describe('dispose after the jobs', () => {
  it('a service replaces its model: each of 64 predictions in flight is answered, no later one', async () => {
    const old = small()
    const expected = [...old.predictSync(x).data]
    const next = await loadModel(old.toBytes())
    const inFlight = Array.from({ length: 64 }, () => old.predict(x))
    const gone = old.dispose({ after: 'jobs' })
    for (const late of [old.predict(x), old.evaluate(x, y), old.fit(x, y), old.save('never'), old.to('cpu')]) {
      const error = await rejected(late)
      expect(error).to.be.instanceOf(my.DisposedError)
      expect(error.message).to.match(/: the model is being disposed, after the jobs it had\.$/)
    }
    for (const call of [() => old.predictSync(x), () => old.getWeights(), () => old.toBytes(), () => old.freeze([])])
      expect(thrown(call)).to.be.instanceOf(my.DisposedError)
    for (const answer of await Promise.all(inFlight)) expect([...answer.data]).to.deep.equal(expected)
    await gone
    expect(old.disposed).to.equal(true)
    expect((await rejected(old.predict(x))).message).to.equal('predict: the model has been disposed.')
    expect([...next.predictSync(x).data]).to.deep.equal(expected)
  })

  it('is true to its order: all jobs first, then the memory', async () => {
    const model = small()
    const order: string[] = []
    const jobs = [model.predict(x), model.trainOnBatch(x, y), model.evaluate(x, y)]
    const noted = jobs.map((job, i) => job.then(() => order.push(`job ${i}`)))
    const gone = model.dispose({ after: 'jobs' }).then(() => order.push('gone'))
    const again = model.dispose({ after: 'jobs' }).then(() => order.push('gone again'))
    expect(model.disposed).to.equal(false)
    await Promise.all([...noted, gone, again])
    expect(order).to.deep.equal(['job 0', 'job 1', 'job 2', 'gone', 'gone again'])
  })

  it('frees the memory at once where nothing runs, and when it has been freed', async () => {
    const model = small()
    model.predictSync(x).dispose()
    const before = my.memory().liveBytes
    await model.dispose({ after: 'jobs' })
    expect(my.memory().liveBytes).to.be.below(before)
    await model.dispose({ after: 'jobs' })
    model.dispose()
    const other = small()
    other.dispose()
    await other.dispose({ after: 'jobs' })
  })

  it('a fit is a job: it ends as it would have, with its callbacks and checkpoints', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dispose-'))
    try {
      const model = small()
      const other = small()
      const path = join(folder, 'run')
      const losses: number[] = []
      const onEpoch: my.FitOptions['onEpoch'] = async ({ epoch }, run) => {
        losses.push((await run.model.evaluate(x, y)).loss)
        if (epoch === 4) run.model.setLearningRate(0.1)
      }
      const training = model.fit(x, y, { epochs: 8, onEpoch, checkpoint: { path, every: { epochs: 2 } } })
      const gone = model.dispose({ after: 'jobs' })
      expect(await rejected(model.predict(x))).to.be.instanceOf(my.DisposedError)
      const { epochs } = await training
      await gone
      expect([epochs.length, losses.length, readdirSync(folder)]).to.deep.equal([8, 8, ['run']])
      const { history } = await my.resume(path, x, y)
      expect(history.epochs).to.have.length(8)
      const plain = await other.fit(x, y, { epochs: 8, onEpoch })
      expect(epochs).to.deep.equal(plain.epochs)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('an aborted job, and one that fails, are over too', async () => {
    const model = small()
    const controller = new AbortController()
    const training = rejected(model.fit(x, y, { epochs: 1e9, signal: controller.signal }))
    const gone = model.dispose({ after: 'jobs' })
    setTimeout(() => controller.abort('enough'), 20)
    expect((await training).message).to.include('aborted')
    await gone
    expect(model.disposed).to.equal(true)

    const other = small()
    const failing = rejected(other.trainOnBatch([[1, 1]], [1e30]))
    const stop = new AbortController()
    const waiting = rejected(other.predict(x, { signal: stop.signal }))
    const left = other.dispose({ after: 'jobs' })
    stop.abort()
    await left
    expect(await failing).to.be.instanceOf(my.NonFiniteError)
    expect(await waiting).to.be.instanceOf(my.AbortError)
  })

  it('plain dispose ends the waiting', async () => {
    const model = small()
    const training = rejected(model.fit(x, y, { epochs: 1e9 }))
    const gone = model.dispose({ after: 'jobs' })
    model.dispose()
    await gone
    expect((await training).message).to.include('the model was disposed')
  })

  it('checks its options', () => {
    const model = small()
    expect(thrown(() => model.dispose({ after: 'epoch' as never })).message).to.match(/dispose: after: .*'epoch'.*jobs/)
    expect(thrown(() => model.dispose({ when: 1 } as never)).message).to.include("unknown option 'when'")
    expect(model.disposed).to.equal(false)
  })
})
