/** Tables, and how much data helps. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { data, diagnose, FormatError, layers, optimizers, OptionError, sequential } from '../../../lib'
import { accuracyOf, rejected, thrown } from './support'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'myelin-notes-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

function file(text: string): string {
  const path = join(folder, 'table.csv')
  writeFileSync(path, text)
  return path
}

/** Who clicked on which advertisement. */
const clicks = 'User Age,Ad ID,Click\n41,93242,1\n80,93287,0\n18,87312,1\n27,71244,1\n'

describe('1.2 a table of numbers and categories', () => {
  it('numbers stay, categories become one feature each, quotes hold separators', async () => {
    const path = file(
      '\uFEFFsize;city;price\r\n2104;"New; York";400\r\n1600;Rome;330\r\n\r\n2400;"New; York";"369"\r\n',
    )
    const table = await data.fromCsv(path, { target: 'price', separator: ';' })
    expect(table.features).to.deep.equal(['size', 'city=New; York', 'city=Rome'])
    expect(table.x.toArray()).to.deep.equal([
      [2104, 1, 0],
      [1600, 0, 1],
      [2400, 1, 0],
    ])
    expect([...table.y.data]).to.deep.equal([400, 330, 369])
    expect(table.labels).to.equal(null)
  })

  it('a target of words becomes class numbers with labels', async () => {
    const table = await data.fromCsv(file('a,b,kind\n1,2,cat\n3,4,dog\n5,6,cat\n'), { target: 'kind', ignore: ['b'] })
    expect([[...table.y.data], table.labels, table.features]).to.deep.equal([[0, 1, 0], ['cat', 'dog'], ['a']])
  })

  it('names the row and column of a missing cell, a wrong type, a row that is too short', async () => {
    const refused = async (text: string, target = 'c') => (await rejected(data.fromCsv(file(text), { target }))).message
    expect(await refused('a,b,c\n1,2,3\n4,,6\n')).to.include("row 2: 'b' is missing")
    expect(await refused('a,b,c\n1,2,3\n4,5,6\n7,x8,9\n'))
      .to.include("row 3: 'b'")
      .and.include('"x8"')
    expect(await refused('a,b,c\n1,2\n')).to.include('row 1: expected 3 cells, as the first line names columns, got 2.')
    expect(await refused('a,b,c\n')).to.include('no rows')
    expect(await refused('a,b,c\n1,"2,3\n')).to.include('never closed')
    expect(await refused('a,a,c\n1,2,3\n')).to.include("'a' appears twice")
    const none = await rejected(data.fromCsv(file(clicks), { target: 'Clicks' }))
    expect(none).to.be.instanceOf(OptionError)
    expect(none.message).to.include("Did you mean 'Click'?")
    expect(await rejected(data.fromCsv(join(folder, 'missing.csv'), { target: 'c' }))).to.be.instanceOf(FormatError)
  })
})

describe('1.2 quotes in a table', () => {
  it('a doubled quote is one, and line ends inside quotes stay', async () => {
    const table = await data.fromCsv(file('name,y\n"a ""b"" c",1\n"two\nlines",2\n'), { target: 'y' })
    expect(table.columns[0].categories).to.deep.equal(['a "b" c', 'two\nlines'])
  })
})

describe('1.4 click prediction from a table', () => {
  it('encodes the four rows, fits them, and refuses an Ad ID it has never seen', async () => {
    const table = await data.fromCsv(file(clicks), { target: 'Click', columns: { 'Ad ID': 'category' } })
    expect(table.features).to.deep.equal(['User Age', 'Ad ID=71244', 'Ad ID=87312', 'Ad ID=93242', 'Ad ID=93287'])
    expect(table.x.toArray()).to.deep.equal([
      [41, 0, 0, 1, 0],
      [80, 0, 0, 0, 1],
      [18, 0, 1, 0, 0],
      [27, 1, 0, 0, 0],
    ])
    const model = sequential({
      inputShape: [5],
      seed: 1,
      layers: [layers.normalize(), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1 }), loss: 'binaryCrossentropy' })
    await model.fit(table.x, table.y, { epochs: 200, batchSize: 'all' })
    expect(accuracyOf(await model.predict(table.x), [1, 0, 1, 1])).to.equal(1)
    expect(table.encode([{ 'User Age': 30, 'Ad ID': 87312 }]).toArray()).to.deep.equal([[30, 0, 1, 0, 0]])
    const unseen = thrown(() => table.encode([{ 'User Age': 30, 'Ad ID': 5 }]))
    expect(unseen.message).to.include("row 1: 'Ad ID'").and.include('93242')
    expect(thrown(() => table.encode([{ 'Ad ID': 87312 }])).message).to.include("'User Age' is missing")
  })
})

describe('1.3 the learning curve of a small and a large network', function () {
  this.timeout(120_000)

  it('trains on the first m rows of a seeded order, and the error is the mean of the seeds', async () => {
    const x = Array.from({ length: 12 }, (_, i) => [i])
    const seen = new Map<string, number[]>()
    const curve = await diagnose.learningCurve(
      { x, y: x },
      (part, { m, seed }) => {
        expect([...part.y.data]).to.deep.equal([...part.x.data])
        seen.set(`${m} ${seed}`, [...part.x.data])
        return seed / m
      },
      { sizes: [3, 6, 12] },
    )
    expect(curve.map(({ m }) => m)).to.deep.equal([3, 6, 12])
    for (const { m, error, errors } of curve) {
      expect(errors).to.deep.equal([1 / m, 2 / m, 3 / m])
      expect(error).to.be.closeTo(2 / m, 1e-15)
    }
    for (const seed of [1, 2, 3]) {
      const all = seen.get(`12 ${seed}`)!
      expect([...all].sort((a, b) => a - b)).to.deep.equal(x.flat())
      for (const m of [3, 6]) expect(seen.get(`${m} ${seed}`)).to.deep.equal(all.slice(0, m))
    }
    expect(seen.get('12 1')).to.not.deep.equal(seen.get('12 2'))
  })

  it('each doubling of m makes dev error at most 1 point worse; at full m the large one is no worse', async () => {
    const all = { x: [] as number[][], y: [] as number[] }
    for (let digit = 0; digit < 10; digit++) {
      const file = require.resolve(`mnist/src/digits/${digit}.json`)
      const pixels = (JSON.parse(readFileSync(file, 'utf8')) as { data: number[] }).data
      for (let i = 0; i < 600; i++) {
        all.x.push(pixels.slice(784 * i, 784 * (i + 1)))
        all.y.push(digit)
      }
    }
    const { train, dev } = data.split(all, { train: 2400, dev: 3600, seed: 1, stratify: true })
    const curveOf = (units: number) =>
      diagnose.learningCurve(
        train,
        async (part, { m, seed }) => {
          using model = sequential({
            inputShape: [784],
            seed,
            layers: [layers.dense({ units, activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' })],
          })
          const optimizer = optimizers.adam({ learningRate: 3e-3 })
          model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
          // About the same number of steps for every m.
          await model.fit(part.x, part.y, { epochs: Math.ceil(14_400 / m), batchSize: 64 })
          return 1 - (await model.evaluate(dev.x, dev.y)).accuracy
        },
        { sizes: [300, 600, 1200, 2400] },
      )
    const [small, large] = [await curveOf(16), await curveOf(64)]
    for (const curve of [small, large])
      for (let i = 1; i < curve.length; i++) expect(curve[i].error).to.be.at.most(curve[i - 1].error + 0.01)
    expect(large[3].error).to.be.at.most(small[3].error)
    expect(large[3].errors).to.have.length(3)
    expect(large[3].error).to.be.below(large[0].error)
  })
})
