import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { rejected } from '../support'
import { custom, net, rows, valuesOf, x, y } from './support'

const { input, layers, model } = my
const validationData = [x, y] as const

describe('models of several inputs and outputs', () => {
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-graph-'))))
  after(() => rmSync(folder, { recursive: true }))

  it('a chain written as a graph is the chain: the same names, numbers and file', async () => {
    const made = () => [
      layers.dense({ units: 4, activation: 'relu' }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 1 }),
    ]
    const chain = my.sequential({ inputShape: [3], seed: 2, layers: made() })
    const start = input({ shape: [3] })
    const graph = model({ inputs: start, outputs: made().reduce((value, layer) => layer.apply(value), start), seed: 2 })
    for (const each of [chain, graph]) {
      each.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      await each.fit(x.left, y.sum, { epochs: 2, batchSize: 8 })
    }
    expect(graph.toBytes()).to.deep.equal(chain.toBytes())
    expect(graph.summary()).to.equal(chain.summary())
  })

  it('a loss of several outputs is the weighted sum of theirs, as separate models say', async () => {
    const made = net()
    const all = await made.evaluate(x, y)
    expect(all.loss).to.be.closeTo(0.5 * all.sum_loss + all.same_loss, 1e-12)
    const { sum, same } = await made.predict(x)
    const squares = sum.data.reduce((total, value, i) => total + (value - y.sum[i][0]) ** 2, 0) / rows
    expect(all.sum_loss).to.be.closeTo(squares, 1e-12)
    const hits = same.data.reduce((n, value, i) => n + Number(value > 0.5 === (y.same[i][0] === 1)), 0)
    expect(all.same_accuracy).to.equal(hits / rows)
    expect(all.same_auc).to.be.within(0, 1)
    expect(made.predictSync(x).sum.toArray()).to.deep.equal(sum.toArray())
  })

  it('fit tells losses and metrics by output, and so does validation', async () => {
    const { epochs } = await net().fit(x, y, { epochs: 3, batchSize: 8, validationData })
    const [, , last] = epochs
    expect(Object.keys(last).filter((name) => !name.startsWith('val_'))).to.have.members([
      'epoch',
      'loss',
      'dataLoss',
      'learningRate',
      'sum_loss',
      'same_loss',
      'sum_meanAbsoluteError',
      'same_accuracy',
      'same_auc',
    ])
    expect(last.loss).to.be.closeTo(0.5 * last.sum_loss + last.same_loss, 1e-12)
    expect(last.val_loss).to.be.closeTo(0.5 * last.val_sum_loss + last.val_same_loss, 1e-12)
    expect(last.loss).to.be.below(epochs[0].loss)
  })

  it('fitDataset on batches by name gives the bits of fit', async () => {
    // Batches of nested arrays are float32 tensors.
    const rounded = (table: number[][]) => table.map((row) => [...Float32Array.from(row)])
    const data = {
      x: { left: rounded(x.left), right: rounded(x.right) },
      y: { sum: rounded(y.sum), same: rounded(y.same) },
    }
    const options = { batchSize: 8, shuffle: false }
    const [whole, streamed] = [net(), net()]
    await whole.fit(data.x, data.y, { epochs: 3, ...options })
    await streamed.fitDataset(() => my.data.batches(data, options), { epochs: 3 })
    expect(valuesOf(streamed.getWeights())).to.deep.equal(valuesOf(whole.getWeights()))
  })

  it('weights of rows, for all outputs or by output, and of classes', async () => {
    const made = net()
    const weights = Array.from({ length: rows }, (_, i) => 1 + (i % 3))
    const plain = await made.evaluate(x, y)
    const all = await made.evaluate(x, y, { sampleWeight: weights })
    const one = await made.evaluate(x, y, { sampleWeight: { same: weights } })
    expect(one.sum_loss).to.equal(plain.sum_loss)
    expect(one.same_loss).to.equal(all.same_loss).and.not.to.equal(plain.same_loss)
    const twice = await made.costAndGradients(x, y, { classWeight: { same: { 0: 2, 1: 2 } } })
    expect(twice.dataLoss).to.be.closeTo(0.5 * plain.sum_loss + 2 * plain.same_loss, 1e-12)
  })

  it('uses of a shared layer: one set of weights, gradients of both, a name each', async () => {
    const made = net()
    expect(made.getWeights().map(({ name }) => name)).to.deep.equal(['encoder', 'centre_1', 'total', 'equal'])
    const found = await made.activations(x)
    expect(Object.keys(found)).to.deep.equal(['encoder', 'encoder#2', 'plus_1', 'centre_1', 'total', 'equal'])
    const sums = found.encoder.a.data.map((value, i) => value + found['encoder#2'].a.data[i])
    expect([...found.plus_1.a.data]).to.deep.equal([...sums])
    expect((await my.gradientCheck(made, x, y, { dropout: 'frozen' })).verdict).to.equal('correct')
    expect((await my.gradientCheck(made, x, y)).verdict).to.equal('correct')
    expect(made.layers[0].from).to.deep.equal([['left'], ['right']])
    expect(made.summary()).to.match(/encoder#2 \(dense tanh\) +right .* those of encoder/)
  })

  it('penalties of a shared layer count once', async () => {
    const shared = layers.dense({ units: 1, kernelRegularizer: my.regularizers.l2({ l2: 0.5 }) })
    const [a, b] = [input({ shape: [2] }), input({ shape: [2] })]
    const made = model({
      inputs: { a, b },
      outputs: { p: shared.apply(a), q: shared.apply(b) },
      seed: 1,
      dtype: 'float64',
    })
    made.compile({ optimizer: 'adam', loss: { p: 'meanSquaredError', q: 'meanSquaredError' } })
    const { cost, dataLoss } = await made.costAndGradients({ a: [[1, 2]], b: [[0, 1]] }, { p: [[1]], q: [[2]] })
    const [{ weight }] = made.getWeights()
    expect(cost - dataLoss).to.be.closeTo(0.5 * weight.data.reduce((sum, w) => sum + w * w, 0), 1e-12)
  })

  it('two models of one layer have weights of their own', () => {
    const layer = layers.dense({ units: 2 })
    const start = input({ shape: [2] })
    const value = layer.apply(start)
    const [first, second] = [
      model({ inputs: start, outputs: value, seed: 1 }),
      model({ inputs: start, outputs: value, seed: 1 }),
    ]
    first.setWeights([
      {
        name: 'dense_1',
        weight: [
          [1, 1],
          [1, 1],
        ],
        bias: [0, 0],
      },
    ])
    expect(second.getWeights()[0].weight.toArray()).not.to.deep.equal([
      [1, 1],
      [1, 1],
    ])
  })

  it('a file gives the same predictions and the same training', async () => {
    const made = net({ dropout: true })
    await made.fit(x, y, { epochs: 2, batchSize: 8 })
    made.freeze('total')
    const path = join(folder, 'graph.myelin')
    await made.save(path)
    const again = await my.loadModel<{ inputs: 'left' | 'right'; outputs: 'sum' | 'same' }>(path, { custom })
    expect(again.inputs).to.deep.equal(made.inputs)
    expect(again.layers).to.deep.equal(made.layers)
    expect((await again.predict(x)).same.toArray()).to.deep.equal((await made.predict(x)).same.toArray())
    expect(await again.evaluate(x, y)).to.deep.equal(await made.evaluate(x, y))
    for (const each of [made, again]) await each.fit(x, y, { epochs: 2, batchSize: 8 })
    expect(valuesOf(again.getWeights())).to.deep.equal(valuesOf(made.getWeights()))
  })

  it('a checkpoint goes on to the same bits, validation data and weights of rows by name included', async () => {
    const path = join(folder, 'run.checkpoint')
    const weights = { same: Array.from({ length: rows }, (_, i) => 1 + (i % 2)) }
    const options = { epochs: 5, batchSize: 8, sampleWeight: weights, validationData: [x, y, weights] as const }
    const whole = net({ dropout: true })
    const expected = await whole.fit(x, y, options)
    const stopped = net({ dropout: true })
    const controller = new AbortController()
    const checkpoint = { path, every: { steps: 2 } }
    const onEpoch = ({ epoch }: { epoch: number }) => void (epoch === 3 && controller.abort('enough'))
    await rejected(stopped.fit(x, y, { ...options, checkpoint, onEpoch, signal: controller.signal }))
    const resumed = await my.resume(path, x, y, { custom })
    expect(valuesOf(resumed.model.getWeights())).to.deep.equal(valuesOf(whole.getWeights()))
    expect(resumed.history.epochs).to.deep.equal(expected.epochs)
    const other = await rejected(my.resume(path, { ...x, left: x.right }, y, { custom }))
    expect(other).to.be.instanceOf(my.StateError)
  })

  it('augments the images of one named input', async () => {
    const [photo, extra] = [input({ shape: [4, 4, 1] }), input({ shape: [2] })]
    const flat = layers.flatten().apply(photo)
    const wide = layers.dense({ units: 2 }).apply(flat)
    const out = layers.dense({ units: 1 }).apply(custom.plus().apply([wide, extra]))
    const made = model({ inputs: { photo, extra }, outputs: out, seed: 1 })
    made.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const images = { data: Float32Array.from({ length: 12 * 16 }, (_, i) => Math.sin(i)), shape: [12, 4, 4, 1] }
    const data = { photo: images, extra: Array.from({ length: 12 }, (_, i) => [i, -i]) }
    const targets = Array.from({ length: 12 }, (_, i) => i)
    const augment = { photo: my.data.augment({ rotate: 20, seed: 3 }) }
    const { epochs } = await made.fit(data, targets, { epochs: 2, batchSize: 4, augment })
    expect(epochs.length).to.equal(2)
    const stream = () => my.data.batches({ x: data, y: targets }, { batchSize: 4 })
    await made.fitDataset(stream, { augment })
    const wrong = await rejected(made.fit(data, targets, { augment: my.data.augment({ flip: true }) }))
    expect(wrong).to.be.instanceOf(my.OptionError)
    expect(wrong.message).to.match(/augment: expected the images of an input by name, \{ photo:/)
  })

  it('normalize layers learn from the input they stand on', async () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [1] })]
    const [na, nb] = [layers.normalize({ name: 'na' }).apply(a), layers.normalize({ name: 'nb' }).apply(b)]
    const out = layers.dense({ units: 1 }).apply(custom.plus().apply([layers.dense({ units: 1 }).apply(na), nb]))
    const made = model({ inputs: { a, b }, outputs: out, seed: 1, dtype: 'float64' })
    const data = {
      a: [
        [1, 10],
        [3, 30],
      ],
      b: [[5], [9]],
    }
    expect(() => made.predictSync(data)).to.throw(my.StateError, /'na' has not learnt/)
    await made.adapt(data)
    const learnt = valuesOf(made.getWeights({ statistics: true }))
    expect([learnt['na.mean'], learnt['nb.mean'], learnt['nb.deviation']]).to.deep.equal([[2, 20], [7], [2]])
    const again = await my.loadModel(made.toBytes(), { custom })
    expect(valuesOf(again.getWeights({ statistics: true }))).to.deep.equal(learnt)
  })

  it('setWeights takes what getWeights gives, statistics too, and parts by layer', async () => {
    const made = net()
    const other = net({ seed: 9 })
    other.setWeights(made.getWeights())
    expect(valuesOf(other.getWeights())).to.deep.equal(valuesOf(made.getWeights()))
    const third = net({ seed: 10 })
    const [encoder] = made.getWeights()
    const before = valuesOf(third.getWeights())
    third.setWeights([encoder], { partial: true })
    const after = valuesOf(third.getWeights())
    expect(after['encoder.weight']).to.deep.equal([...encoder.weight.data])
    expect(after['total.weight']).to.deep.equal(before['total.weight'])
    expect(() => third.setWeights([encoder])).to.throw(my.OptionError, /centre_1\.gain is missing/)
    expect(() => third.setWeights([{ name: 'encoder', weight: encoder.weight }], { partial: true })).to.throw(
      my.OptionError,
      /encoder\.bias is missing/,
    )
    const chain = my.sequential({ inputShape: [2], layers: [layers.normalize(), layers.dense({ units: 1 })] })
    await chain.adapt([
      [1, 2],
      [3, 4],
    ])
    const fresh = my.sequential({ inputShape: [2], layers: [layers.normalize(), layers.dense({ units: 1 })] })
    fresh.setWeights(chain.getWeights({ statistics: true }))
    expect(fresh.predictSync([[5, 6]]).toArray()).to.deep.equal(chain.predictSync([[5, 6]]).toArray())
  })

  it('uses of a shared random layer draw numbers of their own', async () => {
    const start = input({ shape: [64] })
    const drop = layers.dropout({ rate: 0.5, name: 'drop' })
    const made = model({ inputs: start, outputs: { a: drop.apply(start), b: drop.apply(start) }, seed: 3 })
    const found = await made.activations([Array<number>(64).fill(1)], { training: true })
    expect([...found.drop.a.data]).not.to.deep.equal([...found['drop#2'].a.data])
    expect([...found.drop.a.data].filter((value) => value === 0).length).to.be.within(16, 48)
  })

  it('warns of linear layers in a row, with layers between them that change nothing about it', async () => {
    const seen: string[] = []
    const listen = (warning: Error) => void seen.push(warning.message)
    process.on('warning', listen)
    try {
      const start = input({ shape: [2] })
      const first = layers.dense({ units: 3, name: 'first' }).apply(start)
      const between = layers.flatten().apply(layers.dropout({ rate: 0.1 }).apply(first))
      model({ inputs: start, outputs: layers.dense({ units: 1, name: 'second' }).apply(between) })
      model({
        inputs: start,
        outputs: layers.dense({ units: 1, name: 'third' }).apply(layers.activation('relu').apply(first)),
      })
      await new Promise((done) => setTimeout(done, 20))
    } finally {
      process.off('warning', listen)
    }
    expect(seen.filter((message) => message.includes("'first'"))).to.have.length(1)
    expect(seen.join()).to.match(/model: 'first' and 'second' have no non-linear activation/)
  })

  it('refuses a layer with the name of another one’s use', () => {
    const start = input({ shape: [2] })
    const shared = layers.dense({ units: 2, name: 'e' })
    const outputs = {
      a: shared.apply(start),
      b: shared.apply(start),
      c: layers.dense({ units: 1, name: 'e#2' }).apply(start),
    }
    expect(() => model({ inputs: start, outputs })).to.throw(my.OptionError, /'e#2'/)
  })

  it('knows a bare input by its own name', () => {
    const start = input({ shape: [2], name: 'alpha' })
    const made = model({ inputs: start, outputs: layers.dense({ units: 1 }).apply(start), seed: 1 })
    expect(made.inputs[0].name).to.equal('alpha')
    expect(made.predictSync([[1, 2]]).shape).to.deep.equal([1, 1])
  })
})
