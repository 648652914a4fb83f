import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { data, FormatError, OptionError } from '../../lib'
import { atOnce } from '../../lib/base/slices'
import { centreOf } from '../../lib/data/missing'
import { rejected } from '../model/support'

let folder = ''
before(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-csv-'))))
after(() => rmSync(folder, { recursive: true, force: true }))

function read(content: string, options: object): Promise<data.Table> {
  const path = join(folder, 'table.csv')
  writeFileSync(path, content)
  return data.fromCsv(path, options as data.FromCsvOptions)
}

async function says(table: Promise<unknown>, type: typeof FormatError | typeof OptionError, ...parts: string[]) {
  const error = await rejected(table)
  expect(error).to.be.instanceOf(type)
  for (const part of parts) expect(error.message).to.include(part)
}

const people = 'age,work,sold\n39,Private,yes\n?,NA,no\n41,Private,no\n49,Own,yes\n'
const markers = ['?', 'NA']

describe('missing cells of a table', () => {
  it('of numbers become the mean, the median or a number', async () => {
    const ages = async (number: unknown) => {
      const table = await read(people, { target: 'sold', ignore: ['work'], missing: { markers, number } })
      return [...table.x.data]
    }
    expect(await ages('mean')).to.deep.equal([39, 43, 41, 49])
    expect(await ages('median')).to.deep.equal([39, 41, 41, 49])
    expect(await ages(-1)).to.deep.equal([39, -1, 41, 49])
    const empty = await read('age,sold\n39,yes\n,no\n41,no\n', { target: 'sold', missing: { number: 'mean' } })
    expect([...empty.x.data]).to.deep.equal([39, 40, 41])
  })

  it('of categories become one of their own, or the one that is named', async () => {
    const options = (category: string) => ({ target: 'sold', ignore: ['age'], missing: { markers, category } })
    const own = await read(people, options('own'))
    expect(own.features).to.deep.equal(['work=Own', 'work=Private', 'work='])
    expect(own.x.toArray()).to.deep.equal([
      [0, 1, 0],
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
    ])
    const named = await read(people, options('Own'))
    expect(named.columns[0].categories).to.deep.equal(['Own', 'Private'])
    expect((named.x.toArray() as number[][])[1]).to.deep.equal([1, 0])
  })

  it('have a feature that says so, in columns that have some', async () => {
    const missing = { markers, number: 'median', category: 'Private', flag: true }
    const table = await read(people.replaceAll('\n', ',1\n').replace('sold,1', 'sold,rooms'), {
      target: 'sold',
      missing,
    })
    expect(table.features).to.deep.equal(['age', 'age missing', 'work=Own', 'work=Private', 'work missing', 'rooms'])
    expect((table.x.toArray() as number[][])[1]).to.deep.equal([41, 1, 0, 1, 1, 1])
    expect((table.x.toArray() as number[][])[0]).to.deep.equal([39, 0, 0, 1, 0, 1])
  })

  it('of a second file and of new rows are filled in by what the first one taught', async () => {
    const missing = { markers, number: 'mean', category: 'own', flag: true }
    const table = await read(people, { target: 'sold', missing })
    const plain = JSON.parse(JSON.stringify({ target: table.target, columns: table.columns })) as data.Table
    for (const like of [table, plain]) {
      const second = await read('work,age,sold\n,NA,no\nOwn,1000,yes\n', { like })
      expect(second.features).to.deep.equal(table.features)
      expect(second.x.toArray()).to.deep.equal([
        [43, 1, 0, 0, 1],
        [1000, 0, 1, 0, 0],
      ])
    }
    expect(
      table
        .encode([
          { age: null, work: '?' },
          { work: 'Own', age: undefined },
        ])
        .toArray(),
    ).to.deep.equal([
      [43, 1, 0, 0, 1],
      [43, 1, 1, 0, 0],
    ])
    const lacks = (row: Record<string, string | number>) => () => table.encode([row])
    expect(lacks({ work: 'Own' })).to.throw(
      OptionError,
      "row 1: 'age' is missing. Give null for a cell that is missing.",
    )
    expect(lacks({ work: 'Own', Age: 30 })).to.throw(OptionError, "row 1: 'age' is missing. The row has 'Age'.")
    expect(lacks(['Own', 30] as never)).to.throw(OptionError, 'row 1: expected cells by the names of columns, { age: …')
    const rows = [{ age: null, work: 'Own' }]
    expect(data.encodeRows(plain, rows).toArray()).to.deep.equal(table.encode(rows).toArray())
    const whole = await read('work,sold\nOwn,yes\n', { target: 'sold', missing })
    await says(read('work,sold\nNA,yes\n', { like: whole }), FormatError, "row 1: 'work': the cell is missing")
    expect(() => whole.encode([{}])).to.throw(OptionError, "row 1: 'work' is missing")
    await says(read('work,sold\nOwn,NA\n', { like: whole }), FormatError, 'row 1: \'sold\' is missing ("NA")')
  })

  it('are an error where nothing takes their place', async () => {
    const target = 'sold'
    await says(read('a,sold\n,1\n', { target }), FormatError, "row 1: 'a' is missing. Fill it in", 'missing: {')
    await says(read(people, { target, missing: { markers } }), FormatError, 'row 2: \'age\' is missing ("?")')
    const numbers = { markers, number: 'mean' }
    await says(read(people, { target, missing: numbers }), FormatError, 'row 2: \'work\' is missing ("NA")')
    await says(read('a,sold\n1,NA\n', { target, missing: numbers }), FormatError, "row 1: 'sold'", 'A target is not')
    await says(read('a,sold\n,1\n,2\n', { target, missing: numbers }), FormatError, "'a' is missing in every row")
    const said = { target, columns: { a: 'number' }, missing: numbers }
    await says(read('a,sold\n,1\n', said), FormatError, "'a' has no number whose mean")
    const plain = await read(people, { target, ignore: ['age'] })
    await says(read('work,sold\n,yes\n', { like: plain }), FormatError, "row 1: 'work' is missing. The table of 'like'")
  })

  it('in options that are none', async () => {
    const refused = (missing: unknown, ...parts: string[]) =>
      says(read(people, { target: 'sold', missing }), OptionError, 'data.fromCsv: missing', ...parts)
    await refused(['?'], "expected an object such as { markers: ['?', 'NA'], number: 'median' }")
    await refused({ marker: [] }, "unknown option 'marker'", 'markers')
    await refused({ markers: '?' }, 'markers: expected a list of texts')
    await refused({ number: 'mode' }, "number: expected 'error', 'mean', 'median' or a finite number, got \"mode\"")
    await refused({ number: NaN }, 'number', 'NaN')
    await refused({ category: 3 }, "category: expected 'error', 'own' or the name of a category, got 3")
    await refused({ flag: 1 }, 'flag: expected true or false, got 1')
    const columns = [{ name: 'age', kind: 'number', categories: [], missing: { markers: [], fill: 'x' } }]
    const like = { target: { name: 'sold', kind: 'category', categories: ['yes'] }, columns }
    await says(read(people, { like }), OptionError, 'like: expected a table')
  })

  it('have means and medians of any number of rows', () => {
    for (const count of [1, 2, 7, 100_000, 100_001]) {
      const values = Float64Array.from({ length: 2 * count }, (_, i) => (i % 2 ? ((i * 7919) % 1009) - 500 : 0.1))
      values[1] = count > 1 ? NaN : 3
      const present = values.filter((v, i) => i % 2 === 1 && !Number.isNaN(v)).sort()
      const half = present.length >> 1
      const median = present.length % 2 ? present[half] : (present[half - 1] + present[half]) / 2
      expect(atOnce(centreOf('median', values, 1, 2))).to.equal(median)
      const mean = present.reduce((a, b) => a + b) / present.length
      expect(atOnce(centreOf('mean', values, 1, 2))).to.be.closeTo(mean, 1e-9)
    }
  })
})
