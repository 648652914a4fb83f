import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { data, FormatError, OptionError } from '../../lib'
import type { FromCsvOptions } from '../../lib/data/csv'

describe('what fromCsv refuses, and how it says so', () => {
  let folder = ''
  before(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-csv-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  function read(text: string, options: object): Promise<data.Table> {
    const path = join(folder, 'table.csv')
    writeFileSync(path, text)
    return data.fromCsv(path, options as FromCsvOptions)
  }

  async function says(table: Promise<unknown>, type: typeof FormatError | typeof OptionError, ...parts: string[]) {
    const error = await table.then(
      () => undefined,
      (reason: Error) => reason,
    )
    expect(error).to.be.instanceOf(type)
    for (const part of parts) expect(error?.message).to.include(part)
  }

  it('a missing file, in the words of loadModel', async () => {
    const path = join(folder, 'nope.csv')
    await says(
      data.fromCsv(path, { target: 'y' }),
      FormatError,
      `Cannot read '${path}': the file does not exist (ENOENT).`,
    )
  })

  it('a column of numbers and words, whichever are more, unless it is called a category', async () => {
    await says(
      read('a,y\n1,1\nx,2\n', { target: 'y' }),
      FormatError,
      'row 2: \'a\': expected a number like the 1 of row 1, got "x"',
      "columns: { 'a': 'category' }",
    )
    await says(read('a,y\nred,1\n7,2\nblue,3\n', { target: 'y' }), FormatError, "row 1: 'a'", 'the 7 of row 2', '"red"')
    await says(read('a,y\n1,1\n2,no\n', { target: 'y' }), FormatError, "row 2: 'y'", '"no"')
    const table = await read('a,y\n1,1\nx,2\n', { target: 'y', columns: { a: 'category' } })
    expect(table.features).to.deep.equal(['a=1', 'a=x'])
  })

  it('numbers are plain decimal ones', async () => {
    const table = await read('a,y\n-1.5,1\n+.5,2\n3e2,3\n4.,4\n', { target: 'y' })
    expect(table.x.toArray()).to.deep.equal([[-1.5], [0.5], [300], [4]])
    for (const word of ['0x10', '0b1', 'Infinity', '1e999', '1_000', '.', '1e'])
      await says(read(`a,y\n1,1\n${word},2\n`, { target: 'y' }), FormatError, "row 2: 'a'", JSON.stringify(word))
    await says(
      Promise.resolve().then(() => table.encode([{ a: '0x10' }])),
      OptionError,
      "'a': expected a number",
    )
  })

  it('another separator than the one in the header', async () => {
    const columns = 'Columns: size;price.'
    const semicolons = "there is no column 'price'. The header holds semicolons: separator: ';'?"
    await says(read('size;price\n1;2\n', { target: 'price' }), OptionError, semicolons, columns)
    await says(read('size\tprice\n1\t2\n', { target: 'price' }), OptionError, "tabs: separator: '\\t'?")
    await says(read('size,price\n1,2\n', { target: 'price', separator: '|' }), OptionError, "commas: separator: ','?")
    await says(
      read('size,price\n1,2\n', { target: 'prices' }),
      OptionError,
      "no column 'prices'. Did you mean 'price'?",
    )
  })

  it('ignore that is no list, and columns that are no object', async () => {
    const csv = 'id,a,y\n1,2,3\n'
    const list = 'ignore: expected a list of column names such as [\'id\'], got "id"'
    await says(read(csv, { target: 'y', ignore: 'id' }), OptionError, list)
    await says(read(csv, { target: 'y', ignore: [1] }), OptionError, 'ignore', '[1]')
    const kinds = 'columns: expected kinds by column name such as { id: \'category\' }, got ["id"]'
    await says(read(csv, { target: 'y', columns: ['id'] }), OptionError, kinds)
    await says(read(csv, { target: 'y', columns: 'id' }), OptionError, 'columns', '"id"')
  })
})
