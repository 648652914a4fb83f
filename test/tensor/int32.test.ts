import { expect } from 'chai'
import { DTypeError, ShapeError, tensor } from '../../lib'

describe('int32 tensors', () => {
  it('hold whole numbers of any source, exactly', () => {
    const large = [2 ** 31 - 1, -(2 ** 31), 2 ** 24 + 1]
    for (const data of [large, Float64Array.from(large), Int32Array.from(large), tensor(large, { dtype: 'float64' })]) {
      const t = tensor(data, { dtype: 'int32' })
      const numbers: Int32Array = t.data
      expect([t.dtype, numbers.constructor.name, [...numbers]]).to.deep.equal(['int32', 'Int32Array', large])
    }
    expect(tensor([[1, -2]], { dtype: 'int32' }).toArray()).to.deep.equal([[1, -2]])
    expect(tensor(new Uint8Array([1, 255, 3, 4]), [2, 2], { dtype: 'int32' }).toArray()).to.deep.equal([
      [1, 255],
      [3, 4],
    ])
    expect(tensor([true, false], { dtype: 'int32' }).toArray()).to.deep.equal([1, 0])
    expect(tensor(7, { dtype: 'int32' }).item()).to.equal(7)
    expect(tensor([-0], { dtype: 'int32' }).toArray()).to.deep.equal([0])
    expect(tensor([1, 2], { dtype: 'int32' }).toString()).to.equal('Tensor int32 [2] [1, 2]')
  })

  it('become floating ones and stay themselves as tensor() is asked', () => {
    const t = tensor([3, 4], { dtype: 'int32' })
    expect(tensor(t).dtype).to.equal('int32')
    expect(tensor(t, { dtype: 'float64' }).toString()).to.equal('Tensor float64 [2] [3, 4]')
  })

  it('refuse what is not whole or beyond int32, with its place', () => {
    const refused: [Parameters<typeof tensor>[0], string][] = [
      [
        [
          [1, 2],
          [3, 4.5],
        ],
        "tensor: expected whole numbers from −2147483648 to 2147483647 for dtype 'int32', got 4.5 at index [1][1].",
      ],
      [Float32Array.of(1, NaN), 'got NaN at index [1].'],
      [[2 ** 31], 'got 2147483648 at index [0].'],
      [[-(2 ** 31) - 1], 'got -2147483649 at index [0].'],
      [Infinity, 'got Infinity.'],
      [tensor([[1], [0.5]]), 'got 0.5 at index [1][0].'],
    ]
    for (const [data, message] of refused) expect(() => tensor(data, { dtype: 'int32' })).to.throw(DTypeError, message)
    expect(() => tensor(['1'] as never, { dtype: 'int32' })).to.throw(DTypeError, 'expected numbers, got "1"')
    expect(() => tensor([1, [2]], { dtype: 'int32' })).to.throw(ShapeError, 'ragged array')
    expect(() => tensor([1], { dtype: 'int64' as never })).to.throw(DTypeError, "'float32', 'float64' or 'int32', got")
  })
})
