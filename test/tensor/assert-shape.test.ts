import { expect } from 'chai'
import { ShapeError } from '../../lib/base/errors'
import { assertShape } from '../../lib/tensor/assert-shape'
import { tensor } from '../../lib/tensor/tensor'

describe('2.13 assertShape', () => {
  it('accepts null for any size, names the difference otherwise', () => {
    const t = tensor([[1, 2]])
    expect(assertShape(t, [1, 2])).to.equal(t)
    expect(assertShape(t, [null, 2])).to.equal(t)
    expect(() => assertShape(t, [3, null])).to.throw(
      ShapeError,
      /expected shape \[3, any\], got \[1, 2\]: axis 0 has size 1/,
    )
    expect(() => assertShape(t, [2])).to.throw(ShapeError, /rank 1, got \[1, 2\] of rank 2/)
    expect(() => assertShape([1] as never, [1])).to.throw(ShapeError, /expected a Tensor/)
    expect(() => assertShape(t, [0, 2])).to.throw(ShapeError, /null for any size/)
  })
})
