/** Files of large models: read and written piece by piece, of one moment. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import * as my from '../../../lib'
import { sliceLength } from '../../../lib/base/slices'
import { native } from '../../../lib/native/native'
import { rejected } from '../support'

const { layers, loadModel, readTensors, resume, sequential } = my

/** 6 MB for the weights, and as much for each slot of the optimiser. */
const [inputs, units] = [1000, 1500]
const rows = 4
const x = { data: Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i)), shape: [rows, inputs] }
const y = { data: new Float32Array(rows * units), shape: [rows, units] }

function large(): my.Model {
  const model = sequential({ inputShape: [inputs], seed: 1, layers: [layers.dense({ units })] })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

describe('files of large models', function () {
  this.timeout(60_000)
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'large-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it('no weight is read at once, by save or by a checkpoint', async () => {
    const model = large()
    const { bufferRead } = native
    let most = 0
    native.bufferRead = ((buffer: never, from?: number, count?: number) => {
      const found = bufferRead(buffer, from, count)
      most = Math.max(most, found.length)
      return found
    }) as typeof bufferRead
    try {
      await model.save(join(folder, 'model'))
      expect(most).to.be.within(1, sliceLength)
      const best = my.ops.randomNormal([inputs, units])
      const keeper: my.Callback = { name: 'keeper', save: () => ({ values: {}, tensors: { best } }) }
      const checkpoint = { path: join(folder, 'run'), every: { epochs: 1 } }
      await model.fit(x, y, { epochs: 2, callbacks: [keeper], checkpoint })
      expect(most).to.be.within(1, sliceLength)
    } finally {
      native.bufferRead = bufferRead
    }
    expect(statSync(join(folder, 'run')).size).to.be.above(20e6)
  })

  it('the event loop has its turns meanwhile', async function () {
    this.retries(3) // other work on the machine can take the cores away for a moment
    const model = large()
    const [path, run] = [join(folder, 'model'), join(folder, 'run')]
    const ways: Record<string, () => Promise<unknown>> = {
      save: () => model.save(path),
      loadModel: () => loadModel(path),
      readTensors: () => readTensors(path),
      'fit with checkpoints': () => model.fit(x, y, { epochs: 2, checkpoint: { path: run, every: { epochs: 1 } } }),
      resume: () => resume(run, x, y),
    }
    for (const [name, call] of Object.entries(ways)) {
      let busy = true
      let longest = 0
      const start = performance.now()
      const done = call().finally(() => (busy = false))
      for (let last = performance.now(); busy;) {
        await setImmediate()
        const now = performance.now()
        longest = Math.max(longest, now - last)
        last = now
      }
      await done
      // Of what takes no longer than a few turns, one may be the most.
      expect(longest, `${name}: longest turn in ms`).to.be.below(Math.max(25, (performance.now() - start) / 4))
    }
    model.dispose()
  })

  it('a save is of the model at the call, whatever changes it before it is done', async () => {
    const changes: Record<string, (model: my.Model) => void> = {
      setWeights: (model) =>
        model.setWeights([
          { name: 'dense_1', weight: my.ops.randomNormal([units, inputs]), bias: new Float32Array(units) },
        ]),
      compile: (model) => void model.compile({ optimizer: 'momentum', loss: 'meanSquaredError' }),
      freeze: (model) => model.freeze(['dense_1']),
      'optimizer.apply': (model) =>
        my.optimizers
          .gradientDescent()
          .apply(model, [
            { name: 'dense_1', weight: my.ops.randomNormal([units, inputs]), bias: new Float32Array(units) },
          ]),
    }
    for (const [name, change] of Object.entries(changes)) {
      const model = large()
      const expected = model.toBytes()
      const saving = model.save(join(folder, name))
      change(model)
      expect(Buffer.compare(model.toBytes(), expected), name).not.to.equal(0)
      await saving
      const saved = await loadModel(join(folder, name))
      expect(Buffer.compare(saved.toBytes(), expected), name).to.equal(0)
      model.dispose()
    }
  })

  it('a model that is disposed while it is saved, or while a checkpoint is written, says so', async () => {
    const model = large()
    const saving = rejected(model.save(join(folder, 'model')))
    model.dispose()
    expect(await saving).to.be.instanceOf(my.AbortError)
    const other = large()
    const early = { name: 'late', save: async () => (await setImmediate(), other.dispose(), { values: {} }) }
    const fit = other.fit(x, y, { callbacks: [early], checkpoint: { path: join(folder, 'run'), every: { epochs: 1 } } })
    const error = await rejected(fit)
    expect(error).to.be.instanceOf(my.AbortError)
    expect(error.cause).to.be.instanceOf(my.DisposedError)
  })
})
