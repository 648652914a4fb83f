import { expect } from 'chai'
import { data, layers, OptionError, sequential } from '../../lib'

const xy = (m: number) => ({
  x: Array.from({ length: m }, (_, i) => [i]),
  y: Array.from({ length: m }, (_, i) => 10 * i),
})

describe('6.1 data.batches', () => {
  it('gives every example once a pass, the last batch smaller', () => {
    const batches = data.batches(xy(10), { batchSize: 4, seed: 1 })
    expect(batches.length).to.equal(3)
    const passed = [...batches]
    expect(passed.map(({ x }) => x.shape)).to.deep.equal([
      [4, 1],
      [4, 1],
      [2, 1],
    ])
    for (const { x, y } of passed) expect([...y.data]).to.deep.equal([...x.data].map((v) => 10 * v))
    const rows = passed.flatMap(({ x }) => [...x.data])
    expect(rows).not.to.deep.equal([...rows].sort((a, b) => a - b))
    expect(rows.sort((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('takes a new order in every pass, the same for the same seed', () => {
    const rows = (batches: data.Batches) => [...batches].flatMap(({ x }) => [...x.data])
    const [a, b] = [data.batches(xy(20), { seed: 7, batchSize: 5 }), data.batches(xy(20), { seed: 7, batchSize: 5 })]
    const first = rows(a)
    expect(rows(b)).to.deep.equal(first)
    const second = rows(a)
    expect(second).not.to.deep.equal(first)
    expect(rows(b)).to.deep.equal(second)
  })

  it('drops the last batch, keeps the order, takes all at once', () => {
    expect([...data.batches(xy(10), { batchSize: 4, dropLast: true })].length).to.equal(2)
    const [inOrder] = data.batches(xy(3), { batchSize: 'all', shuffle: false })
    expect([...inOrder.x.data]).to.deep.equal([0, 1, 2])
  })

  it('takes weights along, in the same order', async () => {
    const weighed = { ...xy(10), sampleWeight: Array.from({ length: 10 }, (_, i) => 1 + i) }
    for (const { x, y, sampleWeight } of data.batches(weighed, { batchSize: 4 })) {
      expect([...sampleWeight.data]).to.deep.equal([...x.data].map((v) => 1 + v))
      expect([...y.data]).to.deep.equal([...x.data].map((v) => 10 * v))
    }
    for (const name of ['sampleWeights', 'weights', 'sample_weight']) {
      const misspelt = { ...xy(10), [name]: weighed.sampleWeight }
      const says = `unknown '${name}' beside x and y. Did you mean 'sampleWeight'?`
      expect(() => data.batches(misspelt)).to.throw(OptionError, says)
      expect(() => data.split(misspelt, { train: 0.5, dev: 0.5 })).to.throw(OptionError, says)
    }
    const named = { a: weighed.sampleWeight, b: weighed.y }
    for (const { y, sampleWeight } of data.batches({ x: weighed.x, y: named, sampleWeight: named }, { batchSize: 4 }))
      expect([sampleWeight.a.data, sampleWeight.b.data]).to.deep.equal([y.a.data, y.b.data])
    const short = () => data.batches({ ...xy(10), sampleWeight: [1] })
    expect(short).to.throw('data.batches: x has 10 rows but sampleWeight has 1.')
    for (const batch of data.batches(xy(10), { batchSize: 4 })) expect(batch).to.have.all.keys('x', 'y')

    const images = { ...weighed, x: Array.from({ length: 10 }, (_, i) => [i, i, i, i]) }
    const augmented = data.augment({ shape: [2, 2], flip: true }).batches(images, { batchSize: 4 })
    for (const { y, sampleWeight } of augmented)
      expect([...sampleWeight.data]).to.deep.equal([...y.data].map((v) => 1 + v / 10))
    for await (const { y, sampleWeight } of augmented)
      expect([...sampleWeight.data]).to.deep.equal([...y.data].map((v) => 1 + v / 10))

    const model = () => {
      const made = sequential({ inputShape: [1], seed: 1, layers: [layers.dense({ units: 1 })] })
      return made.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    }
    const inOrder = { batchSize: 5, shuffle: false }
    const streamed = await model().fitDataset(() => data.batches(weighed, inOrder))
    const { sampleWeight } = weighed
    const fitted = await model().fit(weighed.x, weighed.y, { ...inOrder, sampleWeight })
    expect(streamed.epochs[0].loss).to.equal(fitted.epochs[0].loss)
  })

  it('can be awaited batch by batch', async () => {
    let rows = 0
    for await (const { x } of data.batches(xy(9), { batchSize: 2 })) rows += x.shape[0]
    expect(rows).to.equal(9)
  })

  it('counts 5000 batches of 1000 in 5,000,000 examples', () => {
    const m = 5_000_000
    const column = { data: new Float32Array(m), shape: [m, 1] }
    expect(data.batches({ x: column, y: column }, { batchSize: 1000 }).length).to.equal(5000)
  })

  it('refuses sizes that cannot work', () => {
    expect(() => data.batches(xy(3), { batchSize: 4 })).to.throw(OptionError, 'larger than the data')
    expect(() => data.batches(xy(3), { batchSize: 0 })).to.throw(OptionError, 'positive integer')
    expect(() => data.batches(xy(3), { batchsize: 2 } as never)).to.throw(OptionError, "'batchSize'")
  })
})

describe('6.3 data.recommendedBatchSize', () => {
  it('is m up to 2000 and a power of two from 64 to 512 above', () => {
    expect(data.recommendedBatchSize(2000)).to.equal(2000)
    for (const m of [2001, 10_000, 60_000, 5_000_000])
      expect([64, 128, 256, 512]).to.include(data.recommendedBatchSize(m))
    expect(data.recommendedBatchSize(5_000_000)).to.equal(512)
  })

  it('fits into memory, and warns below 64', async () => {
    expect(data.recommendedBatchSize(100_000, { memory: 100 })).to.equal(64)
    expect(data.recommendedBatchSize(1500, { memory: 100 })).to.equal(64)
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve))
    expect(data.recommendedBatchSize(100_000, { memory: 40 })).to.equal(32)
    expect((await warning).message).to.include('memory for 40 examples')
  })
})
