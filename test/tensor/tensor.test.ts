import { expect } from 'chai'
import { DTypeError, OptionError, ShapeError } from '../../lib/base/errors'
import { memory } from '../../lib/native/runtime'
import * as ops from '../../lib/ops'
import { tensor, type Tensor } from '../../lib/tensor/tensor'

describe('tensors', () => {
  it('hold copies', () => {
    const data = Float32Array.of(1, 2)
    const t = tensor(data)
    data[0] = 9
    expect([...t.data]).to.deep.equal([1, 2])
    expect(tensor(t, { dtype: 'float64' }).dtype).to.equal('float64')
    expect(tensor(t).toArray()).to.deep.equal([1, 2])
    expect(tensor(t, [2, 1]).shape).to.deep.equal([2, 1])
    expect([t.rank, t.size, t.dtype]).to.deep.equal([1, 2, 'float32'])
  })

  it('are read as numbers, arrays and text', () => {
    expect(tensor(3).item()).to.equal(3)
    expect(tensor([[4]]).item()).to.equal(4)
    expect(() => tensor([1, 2]).item()).to.throw(ShapeError, /one element, got shape \[2\]/)
    expect(
      String(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).to.equal('Tensor float32 [2, 2]\n[[1, 2],\n [3, 4]]')
    expect(JSON.stringify({ t: tensor([1, 2]) })).to.equal('{"t":[1,2]}')
    expect(Number(tensor(3)) + 1).to.equal(4)
    expect(() => Number(tensor([1, 2]))).to.throw(/cannot be used as a number/)
  })

  it('`using` frees at the end of the block', () => {
    let kept: Tensor
    {
      using t = tensor([1])
      kept = t
    }
    expect(kept.disposed).to.equal(true)
  })

  it('wrong options', () => {
    expect(() => tensor([1], { dtyp: 'float64' } as never)).to.throw(OptionError, /Did you mean 'dtype'/)
    expect(() => tensor([1], { dtype: 'int64' as never })).to.throw(DTypeError)
    expect(() => tensor([1], [1], [1] as never)).to.throw(OptionError)
    expect(() => tensor([1, 2], [3])).to.throw(ShapeError, /\[3\] takes 3 numbers, got 2/)
  })

  it('native memory is counted, shared by reshape and freed by dispose', () => {
    const before = memory()
    const x = tensor(new Float32Array(1 << 20))
    const y = ops.reshape(x, [1 << 10, 1 << 10])
    expect(memory().liveBytes - before.liveBytes).to.equal(4 << 20)
    expect(memory().liveBuffers - before.liveBuffers).to.equal(1)
    x.dispose()
    expect(memory().liveBytes - before.liveBytes).to.equal(4 << 20)
    y.dispose()
    expect(memory().liveBytes).to.equal(before.liveBytes)
    expect(memory().peakBytes).to.be.at.least(before.liveBytes + (4 << 20))
  })
})
