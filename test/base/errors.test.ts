import { expect } from 'chai'
import * as checks from '../../lib/base/checks'
import * as errors from '../../lib/base/errors'
import { LruMap } from '../../lib/base/lru'
import { flatten, nest, valuesText } from '../../lib/tensor/convert'

const { MyelinError, OptionError, ShapeError, DTypeError, AbortError } = errors

describe('errors', () => {
  it('are MyelinErrors with their own names', () => {
    const classes = ['ShapeError', 'DTypeError', 'OptionError', 'StateError', 'DeviceError', 'NonFiniteError'] as const
    for (const name of [...classes, 'DisposedError', 'FormatError', 'AbortError'] as const) {
      const error = new errors[name]('what')
      expect(error).to.be.instanceOf(MyelinError).and.instanceOf(Error)
      expect([error.name, error.message]).to.deep.equal([name, 'what'])
      expect(String(error)).to.equal(`${name}: what`)
    }
  })

  it('AbortError has the reason and the history', () => {
    const reason = new Error('why')
    const error = new AbortError('fit', { cause: reason, history: [1] })
    expect([error.cause, error.history]).to.deep.equal([reason, [1]])
    const controller = new AbortController()
    checks.throwIfAborted('fit', controller.signal)
    controller.abort(reason)
    expect(() => checks.throwIfAborted('fit', controller.signal)).to.throw(AbortError, 'fit: aborted.')
  })

  it('checkOptions suggests the nearest name', () => {
    const check = (given: unknown) => () => checks.checkOptions('dense', given, ['units', 'activation', 'useBias'])
    check(undefined)()
    check({ units: 3 })()
    expect(check({ unit: 3 })).to.throw(OptionError, /dense: unknown option 'unit'. Did you mean 'units'\?/)
    expect(check({ usebias: 3 })).to.throw(OptionError, /Did you mean 'useBias'\?/)
    expect(check({ actviation: 3 })).to.throw(OptionError, /Did you mean 'activation'\?/)
    expect(check({ zzz: 3 })).to.throw(OptionError, /unknown option 'zzz'. Known: units, activation, useBias/)
    for (const wrong of [3, 'x', null, [], new Float32Array(1)])
      expect(check(wrong)).to.throw(OptionError, /expected an options object/)
    expect(() => checks.checkOptions('f', { a: 1 }, [])).to.throw(OptionError, /it takes none/)
  })

  it('validators name place, expected and received', () => {
    const cases: [() => unknown, RegExp][] = [
      [() => checks.positiveInteger('units', 0), /units: expected a positive integer, got 0/],
      [() => checks.positiveInteger('units', 1.5), /got 1.5/],
      [() => checks.nonNegativeInteger('n', -1), /integer of at least 0, got -1/],
      [() => checks.finiteNumber('x', NaN), /finite number, got NaN/],
      [() => checks.finiteNumber('x', '3'), /got "3"/],
      [() => checks.positiveNumber('rate', 0), /above 0, got 0/],
      [() => checks.nonNegativeNumber('lambda', -1), /at least 0/],
      [() => checks.numberInRange('beta', 1, 0, 1, '[)'), /a number in \[0, 1\), got 1/],
      [() => checks.booleanOption('shuffle', 1), /true or false, got 1/],
      [() => checks.functionOption('fn', 3 as never), /a function, got 3/],
      [() => checks.nonEmptyString('name', ''), /not empty, got ""/],
      [() => checks.oneOf('loss', 'mse', ['meanSquaredError', 'mae']), /unknown name 'mse'/],
      [() => checks.oneOf('loss', 3, ['a']), /expected one of 'a', got 3/],
      [() => checks.seedOption('seed', -1), /integer seed/],
    ]
    for (const [call, message] of cases) expect(call).to.throw(OptionError, message)
    expect(() => checks.shapeOption('s', [2, 0])).to.throw(ShapeError, /array of positive integers.*got \[2, 0\]/)
    expect(() => checks.dtypeOption('s', 'int8')).to.throw(DTypeError, /'float32' or 'float64', got "int8"/)
    expect(checks.numberInRange('beta', 0.5, 0, 1)).to.equal(0.5)
    expect(checks.seedOption('seed', 7)).to.equal(7n)
  })

  it('describe values shortly', () => {
    class Thing {}
    const of: [unknown, string][] = [
      [null, 'null'],
      [1n, '1n'],
      [[1, 'a'], '[1, "a"]'],
      [Array(20), 'an array of length 20'],
      [new Float32Array(3), 'Float32Array(3)'],
      [new Thing(), 'a Thing'],
      [new AbortController(), 'an AbortController'],
      [new Uint8Array(2).buffer, 'an ArrayBuffer'],
      [new URL('a:b'), 'a URL'],
      [{}, 'an object'],
    ]
    for (const [value, text] of of) expect(errors.describeValue(value)).to.equal(text)
  })
})

describe('arrays from users', () => {
  const make = (value: unknown, shape?: number[]) => flatten('tensor', value, 'float64', shape)

  it('keep shape and order', () => {
    expect(
      make([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).to.deep.equal({ data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] })
    expect(make(7)).to.deep.equal({ data: Float64Array.of(7), shape: [] })
    expect(make([new Float32Array([1, 2]), Uint8Array.of(3, 4)]).shape).to.deep.equal([2, 2])
    expect(make(Uint8Array.of(1, 2, 3, 4), [2, 2]).shape).to.deep.equal([2, 2])
    expect(make([[true, false]]).data).to.deep.equal(Float64Array.of(1, 0))
    expect(make([NaN, Infinity]).data[0]).to.be.NaN
    expect(nest(make([[[1], [2]]]).data, [1, 2, 1])).to.deep.equal([[[1], [2]]])
  })

  it('ragged ones are refused by index', () => {
    expect(() => make([[1, 2], [3]])).to.throw(ShapeError, /ragged array: expected 2 elements at index \[1\], got 1/)
    expect(() =>
      make([
        [[1], [2]],
        [[3], 4],
      ]),
    ).to.throw(ShapeError, /expected 1 elements at index \[1\]\[1\], got the number 4/)
    expect(() => make([1, [2]])).to.throw(ShapeError, /expected a number at index \[1\], got \[2\]/)
    expect(() => make([])).to.throw(ShapeError, /at least one number/)
    expect(() => make([[], []])).to.throw(ShapeError, /at least one number, got an empty array at index \[0\]/)
    expect(() => make([1, 2, 3], [2, 2])).to.throw(ShapeError, /\[2, 2\] takes 4 numbers, got 3/)
    expect(() => make([[[[[[[1]]]]]]])).to.throw(ShapeError, /at most 6/)
  })

  it('other kinds are refused by index', () => {
    expect(() => make([1, 2n])).to.throw(DTypeError, /BigInt values are refused, got 2n at index \[1\]/)
    expect(() => make(new BigInt64Array(2))).to.throw(DTypeError, /BigInt.*Number\(…\)/)
    expect(() => make([[1, 'a']])).to.throw(DTypeError, /expected numbers, got "a" at index \[0\]\[1\]/)
    expect(() => make([[1], null])).to.throw(DTypeError, /got null at index \[1\]/)
    expect(() => make(undefined)).to.throw(DTypeError, /got undefined/)
    expect(() => make({})).to.throw(DTypeError, /got an object/)
  })

  it('are shown with long axes cut', () => {
    const data = Float64Array.from({ length: 20 }, (_, i) => i)
    expect(valuesText(data, [20], 'float64')).to.equal('[0, 1, 2, …, 17, 18, 19]')
    expect(valuesText(Float32Array.of(0.1, 2), [2, 1], 'float32')).to.equal('[[0.1],\n [2]]')
  })
})

describe('LruMap', () => {
  it('forgets what was not used for longest', () => {
    const map = new LruMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).to.deep.equal([1, undefined, 3, 2])
  })

  it('keeps within a budget and says what it drops', () => {
    const dropped: number[] = []
    const map = new LruMap<string, number>(9, 10, (value) => dropped.push(value))
    map.set('a', 1, 4)
    map.set('b', 2, 4)
    map.set('c', 3, 4)
    expect([dropped, map.size]).to.deep.equal([[1], 2])
    map.set('d', 4, 99)
    expect([dropped, map.get('d')]).to.deep.equal([[1, 2, 3], 4])
    map.set('d', 5, 1)
    expect([dropped, map.get('d')]).to.deep.equal([[1, 2, 3, 4], 5])
    map.set('e', 6)
    map.clear()
    expect([dropped, map.size]).to.deep.equal([[1, 2, 3, 4, 5, 6], 0])
  })
})
