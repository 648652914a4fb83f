import { expect } from 'chai'
import { jsonPieces, parsedJson } from '../../lib/base/json-text'
import { atOnce } from '../../lib/base/slices'

describe('JSON in slices', () => {
  const parse = (text: string | Buffer, revive?: (value: unknown) => unknown) =>
    atOnce(parsedJson(Buffer.from(text as string), revive))
  const text = (value: unknown) => atOnce(jsonPieces(value)).join('')
  const long = 'ä"\\\n😀\u2028'.repeat(30_000)
  const values: Record<string, unknown> = {
    small: { a: [1, 'x', null, true] },
    'a long string': long,
    'a lone half of a letter': `\uD800${'x'.repeat(70_000)}\uD83D`,
    'many small ones': Array.from({ length: 30_000 }, (_, i) => ({ epoch: i, loss: Math.sin(i), name: `n"${i}` })),
    'an object of many': Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key ${i}`, [i, { i }]])),
    'large among small': [1, [long, [long], {}], 'x', { a: { b: [long, 2] }, c: [] }, []],
    'special keys': JSON.parse(`{"__proto__":${JSON.stringify(long)},"":1,"constructor":{"__proto__":[1]}}`),
    'empty ones': { a: [], b: {}, c: long, d: [[], {}, ''] },
    'what JSON leaves out': { a: undefined, b: [undefined, ...Array.from({ length: 2000 }, () => undefined)], c: NaN },
  }

  for (const [name, value] of Object.entries(values))
    it(`is that of JSON.stringify and JSON.parse: ${name}`, () => {
      const expected = JSON.stringify(value)
      expect(text(value) === expected).to.equal(true)
      for (const layout of [expected, JSON.stringify(value, null, 2), ` \t${expected}\r\n`]) {
        const found = parse(layout)
        expect(JSON.stringify(found) === expected).to.equal(true)
        expect(found).to.deep.equal(JSON.parse(layout))
      }
    })

  it('comes in pieces of some size, with many pauses', () => {
    const value = values['many small ones']
    const pieces = atOnce(jsonPieces(value))
    expect(Math.max(...pieces.map((piece) => piece.length))).to.be.below(1 << 18)
    let pauses = 0
    const work = parsedJson(Buffer.from(pieces.join('')))
    while (!work.next().done) pauses++
    expect(pauses).to.be.above(10)
  })

  it('replaces and revives', () => {
    const list = Array.from({ length: 20_000 }, (_, i) => ({ i: i % 3 ? i : NaN }))
    const replace = (_: string, value: unknown) => (Number.isNaN(value) ? { $number: 'NaN' } : value)
    const revive = (value: unknown) => ((value as { $number?: unknown } | null)?.$number === 'NaN' ? NaN : value)
    expect(parse(atOnce(jsonPieces(list, replace)).join(''), revive)).to.deep.equal(list)
  })

  it('refuses what JSON.parse refuses, with its words', () => {
    const whole = JSON.stringify(values['large among small'])
    const many = JSON.stringify(values['many small ones'])
    const broken = [
      ...[whole, many].flatMap((t) => [`${t},`, `${t}]`, t.slice(0, -1), `[${t},]`, `[,${t}]`, `[${t},,1]`, `[${t}}`]),
      ...[whole, many].flatMap((t) => [`{"a":${t},}`, `{"a" ${t}}`, `{a:${t}}`, `{"a":${t}]`, `{"a":${t}`, `{${t}}`]),
      `"${'x'.repeat(70_000)}`,
      `"${'x'.repeat(70_000)}\n"`,
      `[1 2${' '.repeat(70_000)}]`,
      `[${' '.repeat(70_000)},]`,
      `{"a":[${'{]'.repeat(40_000)}]}`,
      '['.repeat(70_000),
    ]
    for (const given of broken) {
      let said = ''
      try {
        JSON.parse(given)
      } catch (error) {
        said = (error as Error).message
      }
      expect(said).to.not.equal('')
      expect(() => parse(given), given.slice(0, 20)).to.throw(SyntaxError, said)
    }
    expect(parse(`[${' '.repeat(70_000)}]`)).to.deep.equal([])
    const bytes = Buffer.from(`["${'x'.repeat(70_000)}"]`)
    bytes[100] = 0xff
    expect(() => parse(bytes)).to.throw(TypeError)
  })
})
