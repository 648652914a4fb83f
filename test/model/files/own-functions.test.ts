/** Functions of the user's own in files: by the names that they are given, whatever a minifier calls them. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { blobs, rejected, thrown } from '../support'

const { layers, loadModel, ops, optimizers, schedules, sequential } = my

const { x, y } = blobs(24)

// As a minifier leaves them: short names, and one for several functions of several files.
const a = (
  () => (t: my.Tensor) =>
    ops.tanh(t)
)()
const distance = (
  () => (t: my.Value, p: my.Value) =>
    ops.mean(ops.abs(ops.sub(t, p)))
)()
const slower = (
  () => (time: my.ScheduleTime) =>
    0.1 / time.step
)()
const twice = (
  () => (t: my.Tensor) =>
    ops.mul(t, 2)
)()
const custom = { curve: a, distance, slower, twice }

const rate = { name: 'slower', fn: slower }

/** With own functions everywhere, all of them without names of their own. */
function model(learningRate: my.LearningRate = rate): my.Model {
  const made = sequential({
    inputShape: [2],
    seed: 3,
    layers: [
      layers.dense({ units: 4, activation: { name: 'curve', fn: a } }),
      layers.activation({ name: 'curve', fn: a }),
      layers.lambda({ name: 'twice', fn: twice }),
      layers.dense({ units: 1 }),
    ],
  })
  const named = { name: 'distance', fn: distance }
  made.compile({ optimizer: optimizers.adam({ learningRate }), loss: named, metrics: [named] })
  return made
}

describe('functions of the user in files', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'own-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  for (const [what, learningRate] of [
    ['a rate', rate],
    ['a rate behind a warm-up', schedules.warmup(rate, { steps: 3 })],
  ] as const)
    it(`{ name, fn } everywhere, and as ${what}, comes back under the same names`, async () => {
      const first = model(learningRate)
      await first.fit(x, y, { epochs: 2, batchSize: 8 })
      const bytes = first.toBytes()
      for (const given of [custom, { ...custom, distance: { name: 'distance', fn: distance } }]) {
        const again = await loadModel(bytes, { custom: given })
        expect(Buffer.compare(again.toBytes(), bytes)).to.equal(0)
        const [expected, got] = [await first.evaluate(x, y), await again.evaluate(x, y)]
        expect(got).to.deep.equal(expected)
      }
      for (const name of Object.keys(custom)) {
        const error = await rejected(loadModel(bytes, { custom: { ...custom, [name]: undefined as never } }))
        expect(error).to.be.instanceOf(my.FormatError)
        expect(error.message).to.include(`'${name}'`)
      }
      const { message } = await rejected(loadModel(bytes))
      const keys = 'curve: …, twice: …, slower: …, distance: …'
      expect(message)
        .to.match(/Pass them when loading: /)
        .and.include(`{ custom: { ${keys} } }.`)
      expect(message).not.to.include('compile: false')
      const training = await rejected(loadModel(bytes, { custom: { curve: a, twice } }))
      expect(training.message).to.include('{ custom: { slower: …, distance: … } }. For predictions alone: ')
      await loadModel(bytes, { custom: { curve: a, twice }, compile: false })
    })

  it('setLearningRate takes a name, which files keep', async () => {
    const made = model(0.1)
    made.setLearningRate(rate)
    const again = await loadModel(made.toBytes(), { custom })
    expect(Buffer.compare(again.toBytes(), made.toBytes())).to.equal(0)
  })

  it('two functions of one name are refused: a file gives back one', () => {
    const made = (loss: my.LossSpec) => {
      const next = sequential({
        inputShape: [2],
        layers: [layers.dense({ units: 1, activation: { name: 'e', fn: a } })],
      })
      next.compile({ optimizer: 'adam', loss, metrics: [{ name: 'd', fn: distance }] })
      return next
    }
    const error = thrown(() => made({ name: 'e', fn: distance }).toBytes())
    expect(error).to.be.instanceOf(my.FormatError)
    expect(error.message).to.match(/^toBytes: .*two functions named 'e'.*\{ name, fn \}/)
    made({ name: 'd', fn: distance }).toBytes()
  })

  it('a fit with checkpoints refuses what it could not save at the call, and trains not one step', async () => {
    const path = join(folder, 'run')
    const checkpoint = { path, every: { epochs: 1 } }
    const losses: my.LossSpec[] = [distance, (t, p) => distance(t, p)]
    for (const loss of losses) {
      const made = sequential({ inputShape: [2], layers: [layers.normalize(), layers.dense({ units: 1 })] })
      made.compile({ optimizer: 'adam', loss })
      const error = await rejected(made.fit(x, y, { checkpoint }))
      expect(error).to.be.instanceOf(my.FormatError)
      expect(error.message).to.match(/^fit: checkpoint: the loss is an unnamed function.*\{ name, fn \}/)
      expect([made.progress.steps, existsSync(path)]).to.deep.equal([0, false])
      await made.fit(x, y)
    }
    await model().fit(x, y, { epochs: 2, checkpoint })
    expect(await rejected(my.resume(path, x, y))).to.be.instanceOf(my.FormatError)
    const { history } = await my.resume(path, x, y, { custom })
    expect(history.epochs).to.have.length(2)
  })

  it('a model is saved without the training side that cannot be, and without its memory', async () => {
    const made = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1 })] })
    made.compile({ optimizer: 'adam', loss: distance })
    await made.fit(x, y)
    const path = join(folder, 'model')
    const error = await rejected(made.save(path))
    expect(error.message).to.match(/^save: the loss is an unnamed function.*\{ compiled: false \}/)
    await made.save(path, { compiled: false })
    for (const source of [path, made.toBytes({ compiled: false })]) {
      const loaded = await loadModel(source)
      expect([...loaded.predictSync(x).data]).to.deep.equal([...made.predictSync(x).data])
      expect(loaded.progress).to.deep.equal({ steps: 1, epochs: 1, updates: 0 })
      expect(await rejected(loaded.fit(x, y))).to.be.instanceOf(my.StateError)
    }
    const plain = sequential({ inputShape: [2], layers: [layers.dense({ units: 50 })] })
    plain.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    expect(plain.toBytes().length - plain.toBytes({ compiled: false }).length).to.be.above(2 * 4 * 150)
  })

  it('a model loads without its training side, for predictions or another compile', async () => {
    const made = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1 })] })
    made.compile({ optimizer: 'adam', loss: { name: 'distance', fn: distance } })
    await made.fit(x, y)
    const bytes = made.toBytes()
    const error = await rejected(loadModel(bytes))
    expect(error.message).to.match(/'distance'.*custom: \{ distance: … \}.*\{ compile: false \}/)
    const loaded = await loadModel(bytes, { compile: false })
    expect([...loaded.predictSync(x).data]).to.deep.equal([...made.predictSync(x).data])
    expect(await rejected(loaded.evaluate(x, y))).to.be.instanceOf(my.StateError)
    expect(loaded.progress).to.deep.equal({ steps: 1, epochs: 1, updates: 0 })
    loaded.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    await loaded.fit(x, y)
  })
})
