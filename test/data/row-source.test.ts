import { expect } from 'chai'
import { DTypeError, ShapeError, tensor } from '../../lib'
import { inTurns } from '../../lib/base/slices'
import { openRows } from '../../lib/data/row-source'
import type { DataLike } from '../../lib/data/rows'
import { download, toFlatRows, toNative, upload } from '../../lib/data/transfer'
import type { TensorArray } from '../../lib/base/dtype'
import { native } from '../../lib/native/native'

const home = { dtype: 'int32', device: 'cpu' } as const
const nothing = () => {}

describe('rows of whole numbers', () => {
  const numbers = [5, 0, -3, 2 ** 31 - 1, 7, 7]
  const sources: [string, () => DataLike][] = [
    ['nested arrays', () => [numbers.slice(0, 2), numbers.slice(2, 4), numbers.slice(4)]],
    ['a list with a shape', () => ({ data: numbers, shape: [3, 2] })],
    ['a Float64Array', () => ({ data: Float64Array.from(numbers), shape: [3, 2] })],
    ['an Int32Array', () => ({ data: Int32Array.from(numbers), shape: [3, 2] })],
    ['an int32 tensor', () => tensor(numbers, [3, 2], { dtype: 'int32' })],
    ['a float tensor', () => tensor(numbers, [3, 2], { dtype: 'float64' })],
  ]
  for (const [name, make] of sources)
    it(`are read and go into native memory from ${name}`, async () => {
      const source = openRows('fit: x', make(), 'int32')
      expect(source.shape).to.deep.equal([3, 2])
      const part: Int32Array = source.read(2, 6)
      expect([part.constructor.name, [...part]]).to.deep.equal(['Int32Array', numbers.slice(2)])
      const placed = await inTurns(toNative('fit', 'x', source, home), nothing)
      expect(native.bufferRead<TensorArray>(placed.buffer)).to.deep.equal(Int32Array.from(numbers))
      const back = await inTurns(download('fit', placed, 'int32'), nothing)
      expect(back).to.deep.equal({ data: Int32Array.from(numbers), shape: [3, 2] })
      placed.release()
      source.release()
    })

  it('an int32 tensor is taken as it is, and becomes floating where that is wanted', async () => {
    const ids = tensor([1, 2], { dtype: 'int32' })
    const source = openRows('fit: x', ids, 'int32')
    expect(source.take!()).to.have.property('dtype', 'int32')
    const floats = openRows('fit: x', ids, 'float32')
    expect(floats.take!()).to.equal(undefined)
    expect(floats.read(0, 2)).to.deep.equal(Float32Array.of(1, 2))
    const flat = await inTurns(toFlatRows(openRows('x', ids, 'int32'), 'int32', nothing), nothing)
    expect(flat).to.deep.equal({ data: Int32Array.of(1, 2), shape: [2] })
    const buffer = await inTurns(upload('fit', flat, home), nothing)
    expect(native.bufferRead<TensorArray>(buffer)).to.deep.equal(Int32Array.of(1, 2))
    native.bufferDispose(buffer)
  })

  it('are read from any element to any other, and checked there alone', () => {
    const flat = Array.from({ length: 24 }, (_, i) => i)
    const cube = (leaf: (row: number[]) => number[] | Float32Array) =>
      [0, 1].map((i) => [0, 1, 2].map((j) => leaf(flat.slice(12 * i + 4 * j, 12 * i + 4 * j + 4))))
    for (const given of [cube((row) => row), cube((row) => Float32Array.from(row)), { data: flat, shape: [2, 3, 4] }]) {
      const source = openRows('x', given as DataLike, 'float64')
      for (let from = 0; from < 24; from++)
        for (let to = from + 1; to <= 24; to++) expect([...source.read(from, to)]).to.deep.equal(flat.slice(from, to))
      source.release()
    }
    const ragged = cube((row) => row)
    ragged[1][2] = [1]
    const source = openRows('x', ragged, 'float64')
    expect([...source.read(9, 20)]).to.deep.equal(flat.slice(9, 20))
    expect(() => source.read(9, 21)).to.throw(ShapeError, 'expected 4 elements at index [1][2], got 1.')
  })

  it('that are not whole are refused with their place, wherever the slice begins', () => {
    const bad = [1, 2, 3, 4, 5, 6.5]
    const expected =
      "fit: x: expected whole numbers from −2147483648 to 2147483647 for dtype 'int32', got 6.5 at index [2][1]."
    for (const given of [
      [bad.slice(0, 2), bad.slice(2, 4), bad.slice(4)],
      { data: Float32Array.from(bad), shape: [3, 2] },
      tensor(bad, [3, 2]),
    ]) {
      const source = openRows('fit: x', given, 'int32')
      expect([...source.read(0, 4)]).to.deep.equal([1, 2, 3, 4])
      expect(() => source.read(4, 6)).to.throw(DTypeError, expected)
      source.release()
    }
    const flat = openRows('fit: x', { data: bad, shape: [3, 2] }, 'int32')
    expect(() => flat.read(4, 6)).to.throw(DTypeError, 'got 6.5 at index [5].')
  })
})
