import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { rejected } from '../support'
import { valuesOf } from './support'

const { input, layers, model, tensor } = my

const vocabulary = 9
const rows = 20
const ids = Array.from({ length: rows }, (_, i) => [(i * 5) % vocabulary, (i * 7) % vocabulary])
const size = Array.from({ length: rows }, (_, i) => [Math.sin(i)])
const y = ids.map(([a, b]) => a - b)

/** Ids and numbers, into one output. */
function net(options: { updates?: 'all' | 'touched'; optimizer?: my.Optimizer; dtype?: my.DType } = {}) {
  const [words, numbers] = [input({ shape: [2] }), input({ shape: [1] })]
  const embedded = layers.embedding({ vocabulary, units: 3, name: 'words', updates: options.updates }).apply(words)
  const all = layers.concat().apply([layers.flatten().apply(embedded), numbers])
  const made = model({
    inputs: { words, numbers },
    outputs: layers.dense({ units: 1 }).apply(all),
    seed: 3,
    dtype: options.dtype ?? 'float64',
  })
  return made.compile({ optimizer: options.optimizer ?? my.optimizers.adam(), loss: 'meanSquaredError' })
}
const x = { words: ids, numbers: size }

describe('inputs of whole numbers', () => {
  it('are so where only embeddings read them, or where it is asked for', () => {
    expect(net().inputs.map(({ dtype }) => dtype)).to.deep.equal(['int32', 'float64'])
    const both = input({ shape: [2] })
    const embedded = layers.flatten().apply(layers.embedding({ vocabulary, units: 2 }).apply(both))
    const mixed = model({ inputs: both, outputs: layers.concat().apply([embedded, both]), seed: 1 })
    expect(mixed.inputs[0].dtype).to.equal('float32')
    const read = mixed.predictSync([[1, 8]]).toArray() as number[][]
    expect(read[0].slice(4)).to.deep.equal([1, 8])
    const asked = input({ shape: [2], dtype: 'int32' })
    const dense = model({ inputs: asked, outputs: layers.dense({ units: 1 }).apply(asked), seed: 1 })
    const plain = input({ shape: [2] })
    const floats = model({ inputs: plain, outputs: layers.dense({ units: 1 }).apply(plain), seed: 1 })
    expect(dense.predictSync([[3, 4]]).toArray()).to.deep.equal(floats.predictSync([[3, 4]]).toArray())
  })

  it('come in any array, to the same bits', async () => {
    const flat = ids.flat()
    const expected = net().predictSync(x).toArray()
    const forms: Record<string, my.DataLike> = {
      Int32Array: { data: Int32Array.from(flat), shape: [rows, 2] },
      Uint8Array: { data: Uint8Array.from(flat), shape: [rows, 2] },
      Float32Array: { data: Float32Array.from(flat), shape: [rows, 2] },
      'int32 tensor': tensor(flat, [rows, 2], { dtype: 'int32' }),
      'float tensor': tensor(flat, [rows, 2]),
    }
    for (const [name, words] of Object.entries(forms)) {
      expect(
        net()
          .predictSync({ ...x, words })
          .toArray(),
        name,
      ).to.deep.equal(expected)
      const made = net()
      await made.fit({ ...x, words }, y, { epochs: 2, batchSize: 8 })
      const other = net()
      await other.fit(x, y, { epochs: 2, batchSize: 8 })
      expect(valuesOf(made.getWeights()), name).to.deep.equal(valuesOf(other.getWeights()))
    }
  })

  it('are refused outside of the vocabulary, and with a fraction', async () => {
    const made = net()
    const before = valuesOf(made.getWeights())
    const wrong: [my.DataLike, RegExp, new (...args: never[]) => Error][] = [
      [
        ids.map((row, i) => (i === 4 ? [1, vocabulary] : row)),
        /x\.words.*from 0 to 8 for 'words', got 9 in row 4/,
        my.OptionError,
      ],
      [
        ids.map((row, i) => (i === 4 ? [-1, 0] : row)),
        /x\.words.*from 0 to 8 for 'words', got -1 in row 4/,
        my.OptionError,
      ],
      [
        ids.map((row, i) => (i === 4 ? [1, 0.5] : row)),
        /x\.words.*whole.*0\.5.*'words' takes whole numbers from 0 to 8/,
        my.DTypeError,
      ],
      [ids.map((row, i) => (i === 4 ? [1, NaN] : row)), /x\.words.*NaN/, my.DTypeError],
    ]
    for (const [words, says, type] of wrong)
      for (const call of [
        () => made.predict({ ...x, words }),
        () => made.fit({ ...x, words }, y),
        () => made.trainOnBatch({ ...x, words }, y),
        async () => made.predictSync({ ...x, words }),
      ]) {
        const error = await rejected(call())
        expect(error.message).to.match(says)
        expect(error).to.be.instanceOf(type)
      }
    const both = input({ shape: [1] })
    const embedded = layers.flatten().apply(layers.embedding({ vocabulary, units: 1 }).apply(both))
    const mixed = model({ inputs: both, outputs: layers.concat().apply([embedded, both]) })
    expect((await rejected(mixed.predict([[0.5]]))).message).to.match(/whole numbers from 0 to 8.*got 0\.5/)
    expect(valuesOf(made.getWeights())).to.deep.equal(before)
  })

  it('are kept in checkpoints as they are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-ids-'))
    try {
      const path = join(folder, 'run.checkpoint')
      const options = { epochs: 4, batchSize: 8, validationData: [x, y] as const }
      const whole = net()
      const { epochs } = await whole.fit(x, y, options)
      const controller = new AbortController()
      const onEpoch = ({ epoch }: { epoch: number }) => void (epoch === 2 && controller.abort('enough'))
      const checkpoint = { path, every: { epochs: 1 } }
      await rejected(net().fit(x, y, { ...options, checkpoint, onEpoch, signal: controller.signal }))
      const resumed = await my.resume(path, x, y)
      expect(resumed.history.epochs).to.deep.equal(epochs)
      expect(valuesOf(resumed.model.getWeights())).to.deep.equal(valuesOf(whole.getWeights()))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('go through batches, signals, activations and checks', async () => {
    const made = net()
    await made.fitDataset(() => my.data.batches({ x, y }, { batchSize: 8 }))
    expect((await my.diagnose.signals(made, x, y)).layers.map(({ name }) => name)).to.include('words')
    expect((await made.activations(x)).words.a.shape).to.deep.equal([rows, 2, 3])
    expect((await my.gradientCheck(made, x, y)).verdict).to.equal('correct')
    const large = my.data.batches({ x: Int32Array.of(2 ** 24 + 1, 2), y: [1, 2] }, { batchSize: 2, shuffle: false })
    for (const batch of large) expect([...batch.x.data]).to.deep.equal([2 ** 24 + 1, 2])
  })
})

describe("updates: 'touched'", () => {
  it('leaves the rows of other ids as they are, and what the optimiser keeps for them', async () => {
    const made = net({ updates: 'touched', optimizer: my.optimizers.momentum({ learningRate: 0.1 }) })
    const before = [...made.getWeights()[0].weight.data]
    const part = {
      words: [
        [1, 2],
        [2, 4],
      ],
      numbers: [[0], [1]],
    }
    await made.trainOnBatch(part, [1, -1])
    const after = [...made.getWeights()[0].weight.data]
    const moved = [...Array(vocabulary).keys()].filter((row) =>
      [0, 1, 2].some((j) => after[3 * row + j] !== before[3 * row + j]),
    )
    expect(moved).to.deep.equal([1, 2, 4])
    await made.trainOnBatch({ words: [[5, 5]], numbers: [[0]] }, [1])
    const next = [...made.getWeights()[0].weight.data]
    expect(next.slice(3, 15)).to.deep.equal(after.slice(3, 15))
  })

  it('by hand does the same', async () => {
    const optimizer = my.optimizers.adam({ learningRate: 0.1 })
    const [trained, byHand] = [net({ updates: 'touched', optimizer }), net({ updates: 'touched' })]
    for (const start of [0, 3, 6]) {
      const part = { words: ids.slice(start, start + 3), numbers: size.slice(start, start + 3) }
      const targets = y.slice(start, start + 3)
      await trained.trainOnBatch(part, targets)
      const { gradients } = await byHand.costAndGradients(part, targets)
      optimizer.apply(byHand, gradients)
    }
    const expected = valuesOf(trained.getWeights())
    for (const [name, values] of Object.entries(valuesOf(byHand.getWeights())))
      values.forEach((value, i) => expect(value, name).to.be.closeTo(expected[name][i], 1e-12))
  })

  it('is what plain gradient descent does anyway', async () => {
    const optimizer = () => my.optimizers.gradientDescent({ learningRate: 0.1 })
    const [all, touched] = [net({ optimizer: optimizer() }), net({ updates: 'touched', optimizer: optimizer() })]
    for (const made of [all, touched]) await made.fit(x, y, { epochs: 3, batchSize: 7 })
    expect(valuesOf(all.getWeights())).to.deep.equal(valuesOf(touched.getWeights()))
  })

  it('clips by the norm of the same gradients', async () => {
    const make = (updates: 'all' | 'touched') => {
      const made = net({ updates })
      return made.compile({
        optimizer: my.optimizers.gradientDescent({ learningRate: 0.1 }),
        loss: 'meanSquaredError',
        gradientClip: { norm: 0.5 },
      })
    }
    const [all, touched] = [make('all'), make('touched')]
    // The gradient of the whole table has the same norm.
    const { gradients } = await all.costAndGradients(x, y)
    const norm = Math.sqrt(
      Object.values(valuesOf(gradients))
        .flat()
        .reduce((sum, g) => sum + g * g, 0),
    )
    const before = valuesOf(touched.getWeights())['words.weight']
    await touched.trainOnBatch(x, y)
    const after = valuesOf(touched.getWeights())['words.weight']
    valuesOf(gradients)['words.weight'].forEach((g, i) =>
      expect(after[i]).to.be.closeTo(before[i] - (0.1 * 0.5 * g) / Math.max(norm, 0.5), 1e-12),
    )
  })

  it('is refused with weight decay and penalties', () => {
    expect(() => net({ updates: 'touched', optimizer: my.optimizers.adamw() })).to.throw(
      my.OptionError,
      /'words'.*'touched'.*'adamw'/,
    )
    const options = { vocabulary, units: 2, updates: 'touched' as const }
    expect(() => layers.embedding({ ...options, embeddingsRegularizer: my.regularizers.l2({ l2: 1 }) })).to.throw(
      my.OptionError,
      /touched/,
    )
  })

  it('commits nothing where a step is not finite', async () => {
    const made = net({ updates: 'touched', dtype: 'float32' })
    const before = valuesOf(made.getWeights())
    await rejected(
      made.trainOnBatch(
        x,
        y.map(() => 3e38),
      ),
    )
    expect(valuesOf(made.getWeights())).to.deep.equal(before)
  })
})

describe('ids behind other layers', () => {
  const table = (below = 5) => layers.embedding({ vocabulary: below, units: 1 })
  const flat = (value: my.SymbolicTensor) => layers.flatten().apply(value)

  it('stay whole through layers that only move them, and are checked', async () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [1] })]
    const [rowA, rowB] = [layers.reshape({ shape: [1, 2] }).apply(a), layers.reshape({ shape: [1, 1] }).apply(b)]
    const moved = layers.concat().apply([rowA, rowB])
    const made = model({ inputs: { a, b }, outputs: flat(table().apply(moved)), seed: 1 })
    expect(made.inputs.map(({ dtype }) => dtype)).to.deep.equal(['int32', 'int32'])
    const [{ weight }] = made.getWeights()
    const read = made.predictSync({ a: [[4, 0]], b: [[2]] }).data
    expect([...read]).to.deep.equal([4, 0, 2].map((id) => weight.data[id]))
    const error = await rejected(made.predict({ a: [[4, 5]], b: [[2]] }))
    expect(error.message).to.match(/x\.a: expected whole numbers from 0 to 4 for 'embedding_1', got 5 in row 0/)
  })

  it('beyond 2^24 too', () => {
    const large = 2 ** 24 + 2
    const start = input({ shape: [2] })
    const made = model({
      inputs: start,
      outputs: flat(table(large).apply(layers.reshape({ shape: [2, 1] }).apply(start))),
    })
    const [{ weight }] = made.getWeights()
    const read = made.predictSync({ data: Int32Array.of(large - 2, large - 1), shape: [1, 2] }).data
    expect([...read]).to.deep.equal([weight.data[large - 2], weight.data[large - 1]])
    made.dispose()
  })

  it('become like the numbers that they are moved with', () => {
    const [ids, numbers] = [input({ shape: [1] }), input({ shape: [1] })]
    const mixed = layers.concat().apply([ids, numbers])
    const outputs = { row: flat(table().apply(ids)), mixed: layers.dense({ units: 1 }).apply(mixed) }
    const made = model({ inputs: { ids, numbers }, outputs, seed: 1 })
    expect(made.inputs.map(({ dtype }) => dtype)).to.deep.equal(['float32', 'float32'])
    expect(made.predictSync({ ids: [[3]], numbers: [[0.5]] }).mixed.shape).to.deep.equal([1, 1])
  })

  it('have the smallest limit of all who read them', async () => {
    const start = input({ shape: [1] })
    const outputs = { a: flat(table(9).apply(start)), b: flat(table(3).apply(start)), c: flat(table(7).apply(start)) }
    const made = model({ inputs: start, outputs, seed: 1 })
    expect((await rejected(made.predict([[3]]))).message).to.match(/from 0 to 2 for 'embedding_2', got 3/)
  })

  it('are refused from layers that compute other numbers', () => {
    const start = input({ shape: [2] })
    const hidden = layers.dense({ units: 2, name: 'hidden' }).apply(start)
    expect(() => model({ inputs: start, outputs: flat(table().apply(hidden)) })).to.throw(
      my.OptionError,
      /'embedding_1': expected whole numbers from an input of the model, got the output of 'hidden' \(dense\)/,
    )
    const own = layers.lambda((x) => my.ops.cast(x, 'int32') as never).apply(start)
    expect(
      model({ inputs: start, outputs: flat(table().apply(own)), seed: 1 }).predictSync([[1.7, 2]]).shape,
    ).to.deep.equal([1, 2])
  })
})
