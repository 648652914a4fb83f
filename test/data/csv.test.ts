import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { data, FormatError, OptionError } from '../../lib'
import type { FromCsvOptions } from '../../lib/data/csv'

let folder = ''
before(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-csv-'))))
after(() => rmSync(folder, { recursive: true, force: true }))

function read(content: string | Uint8Array, options: object): Promise<data.Table> {
  const path = join(folder, 'table.csv')
  writeFileSync(path, content)
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

describe('what fromCsv refuses, and how it says so', () => {
  it('a missing file, in the words of loadModel', async () => {
    const path = join(folder, 'nope.csv')
    await says(
      data.fromCsv(path, { target: 'y' }),
      FormatError,
      `Cannot read '${path}': the file does not exist (ENOENT).`,
    )
  })

  it('a column in which fewer than half are no numbers, unless it is called a category', async () => {
    await says(
      read('a,y\n1,1\nx,2\n3,3\n', { target: 'y' }),
      FormatError,
      'row 2: \'a\': expected a number like the 1 of row 1, got "x"',
      "columns: { 'a': 'category' }",
    )
    await says(read('a,y\nred,1\n7,2\n8,3\n', { target: 'y' }), FormatError, "row 1: 'a'", 'the 7 of row 2', '"red"')
    await says(read('a,y\n1,1\n2,no\n3,4\n', { target: 'y' }), FormatError, "row 2: 'y'", '"no"')
    const half = await read('a,y\nred,1\n7,2\n', { target: 'y' })
    expect(half.features).to.deep.equal(['a=7', 'a=red'])
    const table = await read('a,y\n1,1\nx,2\n', { target: 'y', columns: { a: 'category' } })
    expect(table.features).to.deep.equal(['a=1', 'a=x'])
  })

  it('rows for columns that are none, or that they do not fit', async () => {
    const table = await read('date,city,y\n20200101,Rome,1\n20200102,Oslo,2\n', { target: 'y' })
    const columns = JSON.parse(JSON.stringify(table.columns)) as data.Column[]
    const x = data.encodeRows({ columns }, [{ date: 20200105, city: 'Oslo' }])
    expect([x.dtype, x.toArray()]).to.deep.equal(['float64', [[20200105, 1, 0]]])
    expect(data.encodeRows({ columns }, [{ date: 3, city: 'Oslo' }]).dtype).to.equal('float32')
    expect(data.encodeRows({ columns }, [{ date: 3, city: 'Oslo' }], { dtype: 'float64' }).dtype).to.equal('float64')
    const encode = (table: unknown, row: object) => () => data.encodeRows(table as never, [row as never])
    for (const wrong of [null, {}, columns, { columns: [{ name: 'a' }] }])
      expect(encode(wrong, {})).to.throw(OptionError, 'data.encodeRows: expected a table that fromCsv returned, or its')
    expect(encode({ columns }, { date: 1 })).to.throw(OptionError, "data.encodeRows: row 1: 'city' is missing")
    expect(encode({ columns }, { date: 1, city: 'Bern' })).to.throw(OptionError, 'the category "Bern" is not among')
  })

  it('classes have the numbers of the labels that are given', async () => {
    const labels = ['no', 'yes']
    const table = await read('a,y\n1,yes\n2,no\n', { target: 'y', labels })
    expect([table.labels, table.y.toArray()]).to.deep.equal([labels, [1, 0]])
    const second = await read('a,y\n1,no\n', { like: table })
    expect(second.y.toArray()).to.deep.equal([0])
    const digits = await read('a,y\n1,1\n2,2\n', { target: 'y', labels: ['2', '1'] })
    expect([digits.labels, digits.y.toArray()]).to.deep.equal([
      ['2', '1'],
      [1, 0],
    ])
    await says(
      read('a,y\n1,maybe\n', { target: 'y', labels }),
      FormatError,
      'row 1: \'y\': the category "maybe"',
      'no, yes',
    )
    await says(read('a,y\n1,\n', { target: 'y', labels }), FormatError, "row 1: 'y' is missing")
    await says(read('a,y\n1,1\n', { target: 'y', labels: 'no' }), OptionError, 'labels: expected a list of names')
    const both = { target: 'y', labels, columns: { y: 'number' } }
    await says(read('a,y\n1,1\n', both), OptionError, "labels: expected none for the target 'y'")
  })

  it('numbers are plain decimal ones', async () => {
    const table = await read('a,y\n-1.5,1\n+.5,2\n3e2,3\n4.,4\n', { target: 'y' })
    expect(table.x.toArray()).to.deep.equal([[-1.5], [0.5], [300], [4]])
    for (const word of ['0x10', '0b1', 'Infinity', '1e999', '1_000', '.', '1e'])
      await says(read(`a,y\n1,1\n${word},2\n3,3\n`, { target: 'y' }), FormatError, "row 2: 'a'", JSON.stringify(word))
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

  it('marks of missing values among numbers, in words of their own', async () => {
    const marked = 'a,y\n1,1\nNA,2\n3,3\n'
    await says(read(marked, { target: 'y' }), FormatError, "row 2: 'a'", '"NA". It seems to stand for a missing value')
    await says(read(marked.replace('NA', '?'), { target: 'y' }), FormatError, '"?". It seems to stand for a missing')
  })

  it('what is no UTF-8 text, and what it is instead', async () => {
    const is = (bytes: Uint8Array | string, ...parts: string[]) =>
      says(read(bytes, { target: 'y' }), FormatError, ...parts)
    await is(Buffer.from('a,y\nM\xfcnchen,1\n', 'latin1'), 'row 1: expected UTF-8 text', "encoding: 'windows-1252'")
    await is(Buffer.concat([Buffer.alloc(200_000, 'a,y\n1,2\n'), Buffer.from([0xe4])]), 'row 50000')
    await is(gzipSync('a,y\n1,2\n'), 'expected CSV text, got a file compressed by gzip')
    await is('PK\x03\x04', 'Excel')
    await is(Buffer.from('\ufeffa,y\n1,2\n', 'utf16le'), 'UTF-16', "encoding: 'utf-16le'")
    const nameless = read('5.1,3.5\n4.9,3\n', { target: 'y' })
    await says(nameless, OptionError, 'The first line has numbers where it should name the columns')
    await is('a,y\n"x,1\nb,2\n', 'a quote that opens in row 1 is never closed')
    await is(Buffer.from('a,y\n1,2\n', 'utf16le'), 'bytes of 0', "encoding: 'utf-16le'")
    await says(read('a,y\n', { target: 'y', encoding: 'utf-7' }), OptionError, 'encoding: expected', '"utf-7"')
  })
})

describe('what fromCsv says of lines and cells', () => {
  const refused = (text: string, ...parts: string[]) =>
    says(read(text, { target: 'y', columns: { y: 'number' } }), FormatError, ...parts)

  it('names the line, what it expected and what it got', async () => {
    await refused('\n\n', 'expected a line that names the columns, got an empty file')
    await refused('a,y\n', 'the table has no rows')
    await refused('a,y\n1,2\n1\n', 'row 2: expected 2 cells, as the first line names columns, got 1.')
    await refused('a,y\nRome, Italy,2\n', 'got 3. A cell that holds separators stands in quotes.')
    await refused('a,,,y\n1,2,3,4\n', 'two columns have no name')
    await refused(
      'a;y\n1,"2,5"\n'.replace(';', ','),
      'row 1: \'y\': expected a number, got "2,5". Numbers have a decimal',
    )
  })

  it('finds a quote without an end before the file is one cell', async () => {
    await refused(`a,y\n1,"${'2\n'.repeat(2 ** 23 + 2 ** 16)}`, 'row 1: expected cells of at most 16777216 characters')
  })
})

describe('what fromCsv makes of a table', () => {
  it('text of other encodings, and line ends of all systems', async () => {
    const latin = Buffer.from('city,y\nM\xfcnchen,1\nM\xe4nchen,2\n', 'latin1')
    const table = await read(latin, { target: 'y', encoding: 'windows-1252' })
    expect(table.features).to.deep.equal(['city=Mänchen', 'city=München'])
    const wide = await read(Buffer.from('\ufeffcity,y\nÖ,1\n', 'utf16le'), { target: 'y', encoding: 'utf-16le' })
    expect(wide.features).to.deep.equal(['city=Ö'])
    for (const end of ['\n', '\r\n', '\r'])
      expect((await read(['a,y', '1,2', '3,4', ''].join(end), { target: 'y' })).x.toArray()).to.deep.equal([[1], [3]])
  })

  it('characters and line ends that fall between two pieces of a file', async () => {
    const rows = Array.from({ length: 12_000 }, (_, i) => `"ä""ö,${i % 7}",${i}`)
    for (const shift of ['', 'x', 'xx', 'xxx']) {
      const { columns, y } = await read(`${shift}a,y\r\n${rows.join('\r\n')}`, { target: 'y' })
      expect(columns[0].categories).to.deep.equal([0, 1, 2, 3, 4, 5, 6].map((i) => `ä"ö,${i}`))
      expect([y.size, y.data[11_999]]).to.deep.equal([12_000, 11_999])
    }
  })

  it('numbers that float32 cannot hold are float64, x and y by themselves', async () => {
    const text = 'date,rooms,price\n20200101,1,0.1\n20200103,2,7\n'
    const table = await read(text, { target: 'price' })
    expect(table.x.toArray()).to.deep.equal([
      [20200101, 1],
      [20200103, 2],
    ])
    expect([table.x.dtype, table.y.dtype]).to.deep.equal(['float64', 'float32'])
    expect(table.encode([{ date: 20200105, rooms: 3 }]).toArray()).to.deep.equal([[20200105, 3]])
    const other = await read(text, { target: 'date' })
    expect([other.x.dtype, other.y.dtype, other.y.data[1]]).to.deep.equal(['float32', 'float64', 20200103])
    const narrow = await read(text, { target: 'date', dtype: 'float32' })
    expect([narrow.x.dtype, narrow.y.data[0]]).to.deep.equal(['float32', 20200100])
    expect((await read(text, { target: 'date', dtype: 'float64' })).x.data[1]).to.equal(0.1)
  })

  it('whole numbers that float64 cannot hold are refused, where nobody said that they are numbers', async () => {
    const ids = 'id,price\n9007199254740992,1\n9007199254740993,2\n'
    await says(
      read(ids, { target: 'price' }),
      FormatError,
      "row 2: 'id': ",
      'got 9007199254740993, which would become 9007199254740992. ',
      "ignore: ['id']. Or read it as texts: columns: { 'id': 'category' }",
    )
    await says(read(ids, { target: 'id' }), FormatError, "'id': ", 'Read it as texts')
    const table = await read(ids, { target: 'price', columns: { id: 'category' } })
    expect(table.x.toArray()).to.deep.equal([
      [1, 0],
      [0, 1],
    ])
    const rounded = await read(ids, { target: 'price', columns: { id: 'number' } })
    expect(rounded.x.toArray()).to.deep.equal([[2 ** 53], [2 ** 53]])
    for (const cell of ['-9007199254740993', '009007199254740993.0', '12345678901234567890123'])
      await says(read(`id,price\n${cell},1\n`, { target: 'price' }), FormatError, `got ${cell}, `)
    for (const cell of ['-9007199254740994', '18014398509481984', '1e23', '0.12345678901234567890'])
      expect((await read(`id,price\n${cell},1\n`, { target: 'price', dtype: 'float64' })).x.data[0]).to.equal(
        Number(cell),
      )
  })

  it('columns named like members of every object', async () => {
    const options = { target: 'y', columns: { a: 'category' } }
    const table = await read('constructor,__proto__,toString,a,y\n1,2,3,4,5\n', options)
    expect(table.features).to.deep.equal(['constructor', '__proto__', 'toString', 'a=4'])
    expect(table.x.toArray()).to.deep.equal([[1, 2, 3, 1]])
    const row = JSON.parse('{ "constructor": 6, "__proto__": 7, "toString": 8, "a": 4 }') as Record<string, number>
    expect(table.encode([row]).toArray()).to.deep.equal([[6, 7, 8, 1]])
    expect(() => table.encode([{ a: 4 }])).to.throw(OptionError, "'constructor' is missing")
  })

  it('leaves the event loop its turns, in time that grows with the file alone', async function () {
    this.timeout(10_000)
    this.retries(3) // other work on the machine can take the cores away for a moment
    const wide = Array.from({ length: 20_000 }, (_, i) => `c${i}`)
    const names = Array.from({ length: 4000 }, (_, i) => `person ${i},${i}`)
    for (const text of [`${wide.join()},y\n${'1,'.repeat(20_000)}2\n`, `name,y\n${names.join('\n')}\n`]) {
      let turns = 0
      const timer = setInterval(() => turns++, 1)
      const start = performance.now()
      const table = await read(text, { target: 'y' })
      clearInterval(timer)
      // At least one in each 60 ms: a fast machine is done before many are due.
      expect(turns + 1).to.be.above((performance.now() - start) / 60)
      expect(table.x.shape[1]).to.equal(text.startsWith('name') ? 4000 : 20_000)
      table.x.dispose()
    }
  })
})

describe('fromCsv of a second file, like the first', () => {
  const train = 'city,rooms,sold\nRome,3,yes\nOslo,2,no\n'

  it('has its features, classes and numbers, wherever the columns stand', async () => {
    const table = await read(train, { target: 'sold' })
    const plain = JSON.parse(JSON.stringify({ target: table.target, columns: table.columns })) as data.Table
    for (const like of [table, plain]) {
      const test = await read('id,sold,rooms,city\n7,no,4,Oslo\n8,yes,5,Rome\n', { like })
      expect(test.x.toArray()).to.deep.equal([
        [1, 0, 4],
        [0, 1, 5],
      ])
      expect([test.y.toArray(), test.labels, test.features]).to.deep.equal([[0, 1], ['no', 'yes'], table.features])
    }
  })

  it('has them also without the first, if it has the same categories', async () => {
    const one = await read(train, { target: 'sold' })
    const other = await read('city,rooms,sold\nOslo,2,no\nRome,3,yes\nOslo,5,yes\n', { target: 'sold' })
    expect([other.features, other.labels]).to.deep.equal([one.features, one.labels])
    expect(one.labels).to.deep.equal(['no', 'yes'])
    const sizes = await read('size,y\n10,c\n9,a\n10,b\n', { target: 'y', columns: { size: 'category' } })
    expect([sizes.features, sizes.labels, sizes.y.toArray()]).to.deep.equal([
      ['size=9', 'size=10'],
      ['a', 'b', 'c'],
      [2, 0, 1],
    ])
    expect(sizes.x.toArray()).to.deep.equal([
      [0, 1],
      [1, 0],
      [0, 1],
    ])
  })

  it('refuses what the first does not have', async () => {
    const like = await read(train, { target: 'sold' })
    const second = (text: string) => read(text, { like })
    await says(second('city,rooms,sold\nOslo,1,no\nBern,1,no\n'), FormatError, "row 2: 'city'", '"Bern" is not among')
    await says(second('city,rooms,sold\nOslo,1,perhaps\n'), FormatError, "row 1: 'sold'", 'no, yes')
    await says(second('city,rooms,sold\nOslo,many,no\n'), FormatError, "row 1: 'rooms': expected a number, got")
    await says(second('city,sold\nOslo,no\n'), OptionError, "no column 'rooms'")
    await says(read(train, { like: {} }), OptionError, 'like: expected a table that fromCsv returned')
    await says(read(train, { like, target: 'sold' }), OptionError, "unknown option 'target'")
  })
})
