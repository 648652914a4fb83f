import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { data, OptionError, ShapeError, tensor } from '../../lib'

/** m rows that carry their own number, with y = number of the row modulo `classes`. */
function numbered(m: number, classes = 10) {
  return {
    x: { data: Float64Array.from({ length: m }, (_, i) => i), shape: [m, 1] },
    y: Float64Array.from({ length: m }, (_, i) => i % classes),
  }
}

function sizes(parts: Record<string, { y: { size: number } } | undefined>): Record<string, number> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part!.y.size]))
}

describe('5.1 data.split', () => {
  const ratios: [number, object, object][] = [
    [1_000_000, { train: 0.98, dev: 0.01, test: 0.01 }, { train: 980_000, dev: 10_000, test: 10_000 }],
    [1_000, { train: 0.6, dev: 0.2, test: 0.2 }, { train: 600, dev: 200, test: 200 }],
    [1_000, { train: 0.7, test: 0.3 }, { train: 700, test: 300 }],
    [1_000_000, { train: 0.995, dev: 0.0025, test: 0.0025 }, { train: 995_000, dev: 2_500, test: 2_500 }],
    [1_000_000, { train: 0.995, dev: 0.004, test: 0.001 }, { train: 995_000, dev: 4_000, test: 1_000 }],
    [100, { train: 0.57, dev: 0.29, test: 0.14 }, { train: 57, dev: 29, test: 14 }],
    [7, { train: 0.5, dev: 0.25, test: 0.25 }, { train: 3, dev: 2, test: 2 }],
    [10, { train: 8, test: 2 }, { train: 8, test: 2 }],
  ]
  for (const [m, options, expected] of ratios)
    it(`${m} examples by ${JSON.stringify(options)}`, () => {
      expect(sizes(data.split(numbered(m), options as data.SplitOptions))).to.deep.equal(expected)
    })

  it('puts every example into exactly one part, x and y and rows together', () => {
    const { train, dev, test } = data.split(numbered(103), { train: 0.6, dev: 0.2, test: 0.2, seed: 3 })
    const seen = [train, dev, test].flatMap((part) => {
      part.rows.forEach((row, i) => {
        expect(part.x.data[i]).to.equal(row)
        expect(part.y.data[i]).to.equal(row % 10)
      })
      return [...part.rows]
    })
    expect(seen.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 103 }, (_, i) => i))
  })

  it('has fixed bits: the same seed gives the same split in every version', () => {
    const order = (seed: number | bigint) => [...data.split(numbered(8), { train: 0.5, test: 0.5, seed }).train.rows]
    expect(order(1)).to.deep.equal(order(1n))
    expect(order(1)).not.to.deep.equal(order(2))
    expect(order(1)).to.deep.equal([0, 5, 4, 3])
  })

  it('keeps the share of every class when stratified, to one example', () => {
    const m = 1000
    const y = Float64Array.from({ length: m }, (_, i) => (i < 500 ? 0 : i < 830 ? 1 : i < 990 ? 2 : 3))
    const { x } = numbered(m)
    const parts = data.split({ x, y }, { train: 0.8, dev: 0.1, test: 0.1, seed: 5, stratify: true })
    expect(sizes(parts)).to.deep.equal({ train: 800, dev: 100, test: 100 })
    for (const [name, share] of [
      ['train', 0.8],
      ['dev', 0.1],
      ['test', 0.1],
    ] as const)
      [500, 330, 160, 10].forEach((n, c) => {
        const count = parts[name].y.data.filter((v: number) => v === c).length
        expect(Math.abs(count - n * share), `class ${c} in ${name}`).to.be.at.most(1)
      })
    // The order within a part is random, not class by class in step.
    expect([...parts.test.y.data]).not.to.deep.equal([...parts.test.y.data].sort())
  })

  it('keeps the share of rare classes too, to one example in every part', () => {
    const checked = (classSizes: number[], options: data.SplitOptions) => {
      const y = classSizes.flatMap((size, c) => Array<number>(size).fill(c))
      const parts = data.split({ x: y, y }, { ...options, stratify: true })
      const whole = Object.values(parts).flatMap((part) => [...part!.rows])
      expect(new Set(whole).size, 'every row once').to.equal(y.length)
      for (const [name, part] of Object.entries(parts)) {
        const share = (part!.rows.length / y.length) as number
        const counts = classSizes.map(() => 0)
        for (const c of part!.y.data) counts[c]++
        counts.forEach((count, c) =>
          expect(Math.abs(count - classSizes[c] * share), `class ${c} in ${name}`).to.be.at.most(1 + 1e-9),
        )
      }
      return parts
    }
    const pairs = Array<number>(100).fill(2)
    const { train, test } = checked(pairs, { train: 0.8, test: 0.2, seed: 1 })
    expect([train.rows.length, new Set(test!.y.data).size]).to.deep.equal([160, 40])
    checked(pairs, { train: 0.8, dev: 0.1, test: 0.1 })
    checked(Array<number>(60).fill(3), { train: 0.34, dev: 0.33, test: 0.33 })
    checked([500, ...Array<number>(200).fill(5), 1, 1, 2, 3], { train: 0.7, dev: 0.2, test: 0.1, seed: 2 })
    for (let seed = 0; seed < 200; seed++) {
      const classSizes = Array.from({ length: 1 + (seed % 9) }, (_, c) => 2 + ((seed * 7 + c * c * 5) % 23))
      const m = classSizes.reduce((a, b) => a + b)
      const dev = 1 + (seed % Math.max(1, Math.floor(m / 3)))
      if (classSizes.length <= 10 && m - 2 * dev > 0) checked(classSizes, { train: m - 2 * dev, dev, test: dev, seed })
    }
  })

  it('splits the weights with their rows', () => {
    const { x, y } = numbered(10)
    const sampleWeight = Array.from({ length: 10 }, (_, i) => 10 * i)
    const { train, test } = data.split({ x, y, sampleWeight }, { train: 0.7, test: 0.3 })
    for (const { rows, sampleWeight: weights } of [train, test])
      expect(weights?.toArray()).to.deep.equal([...rows].map((row) => 10 * row))
    expect(data.split({ x, y }, { train: 0.7, test: 0.3 }).train).to.have.all.keys('x', 'y', 'rows')
    expect(() => data.split({ x, y, sampleWeight: [1, 2] }, { train: 0.7, test: 0.3 })).to.throw(
      ShapeError,
      'sampleWeight: expected one for each of the 10 rows, got [2]',
    )
  })

  it('keeps numbers that float32 would round, in arrays of any kind and realm', () => {
    const foreign = runInNewContext('Float64Array.of(0.1, 0.2)') as Float64Array
    const ids = runInNewContext('Int32Array.of(20200101, 20200103)') as Int32Array
    const halves = { train: 0.5, test: 0.5 }
    const both = ({ train, test }: { train: data.Part; test: data.Part }) => [train.x.item(), test.x.item()].sort()
    expect(both(data.split({ x: foreign, y: [0, 1] }, halves))).to.deep.equal([0.1, 0.2])
    expect(both(data.split({ x: ids, y: [0, 1] }, halves))).to.deep.equal([20200101, 20200103])
    expect(both(data.split({ x: [20200101, 20200103], y: [0, 1] }, halves))).to.deep.equal([20200101, 20200103])
    expect(data.split({ x: [1.5, 2], y: [0, 1] }, halves).train.x.dtype).to.equal('float32')
    const [batch] = data.batches({ x: foreign, y: [0, 1] }, { batchSize: 'all', shuffle: false })
    expect([...batch.x.data]).to.deep.equal([0.1, 0.2])
  })

  it('stratifies one-hot rows', () => {
    const labels = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 1 : 0))
    const { test } = data.split(
      { x: labels.map((v) => [v]), y: data.oneHot(labels) },
      { train: 0.5, test: 0.5, stratify: true },
    )
    expect([...test.x.data].reduce((a, b) => a + b, 0)).to.equal(5)
  })

  it('keeps shape and dtype for nested arrays, typed arrays and tensors of any rank', () => {
    const images = tensor(
      new Float64Array(6 * 4).map((_, i) => i),
      [6, 2, 2],
      { dtype: 'float64' },
    )
    const { train } = data.split({ x: images, y: [[1], [2], [3], [4], [5], [6]] }, { train: 0.5, test: 0.5 })
    expect(train.x.shape).to.deep.equal([3, 2, 2])
    expect(train.x.dtype).to.equal('float64')
    expect(train.y.shape).to.deep.equal([3, 1])
    expect(train.y.dtype).to.equal('float32')
    expect(train.x.data[1] - train.x.data[0]).to.equal(1)
  })

  it('refuses ratios that do not sum to 1, empty parts, unknown names and unequal rows', () => {
    const xy = numbered(10)
    expect(() => data.split(xy, { train: 0.8, test: 0.1 })).to.throw(OptionError, 'sum to 1')
    expect(() => data.split(xy, { train: 80, test: 20 })).to.throw(OptionError, 'Divide percentages by 100')
    expect(() => data.split(xy, { train: 0.99, test: 0.01 })).to.throw(OptionError, "'test' would be empty")
    expect(() => data.split(xy, { train: 1, test: 0 })).to.throw(OptionError, "'test' would be empty")
    expect(() => data.split(xy, { train: 0.8, tset: 0.2 } as never)).to.throw(OptionError, "'test'")
    expect(() => data.split(xy, { test: 1 } as never)).to.throw(OptionError, "'train' is missing")
    expect(() => data.split(xy, { train: -1, test: 2 })).to.throw(OptionError, 'at least 0')
    expect(() => data.split(xy, { train: 0.5, test: 0.5, seed: 1.5 })).to.throw(OptionError, 'seed')
    expect(() => data.split({ x: [[1], [2]], y: [1] }, { train: 0.5, test: 0.5 })).to.throw(ShapeError, 'same number')
    expect(() => data.split(xy, { train: 0.5, test: 0.5, stratify: true })).to.not.throw()
    expect(() => data.split(numbered(100, 100), { train: 0.5, test: 0.5, stratify: true })).to.throw(
      OptionError,
      '100 different values',
    )
  })
})

describe('5.1 data.recommendedSplit', () => {
  it('follows max(min(m/5, 10000), m/400)', () => {
    expect(data.recommendedSplit(1_000_000)).to.deep.equal({ train: 980_000, dev: 10_000, test: 10_000 })
    expect(data.recommendedSplit(1_000)).to.deep.equal({ train: 600, dev: 200, test: 200 })
    expect(data.recommendedSplit(4_000_000)).to.deep.equal({ train: 3_980_000, dev: 10_000, test: 10_000 })
    expect(data.recommendedSplit(8_000_000)).to.deep.equal({ train: 7_960_000, dev: 20_000, test: 20_000 })
    expect(data.recommendedSplit(1_000, { dev: false })).to.deep.equal({ train: 700, test: 300 })
  })

  it('fits into data.split', () => {
    const parts = data.split(numbered(50), { ...data.recommendedSplit(50), seed: 1 })
    expect(sizes(parts)).to.deep.equal({ train: 30, dev: 10, test: 10 })
  })

  it('refuses fewer examples than parts', () => {
    expect(() => data.recommendedSplit(2)).to.throw(OptionError, 'at least 3')
    expect(() => data.recommendedSplit(0)).to.throw(OptionError, 'positive integer')
  })
})
