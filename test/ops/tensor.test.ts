import { expect } from 'chai'
import { DTypeError, OptionError, ShapeError } from '../../lib/base/errors'
import { getThreads, memory, setThreads } from '../../lib/native/runtime'
import * as ops from '../../lib/ops'
import { tensor, type Tensor, type Value } from '../../lib/tensor/tensor'

const f64 = (data: Parameters<typeof tensor>[0], shape?: number[]) => tensor(data, shape, { dtype: 'float64' })

describe('random ops', () => {
  const moments = (t: Tensor) => {
    const data = Array.from(t.data)
    const mean = data.reduce((a, v) => a + v, 0) / t.size
    return [mean, data.reduce((a, v) => a + (v - mean) ** 2, 0) / t.size]
  }

  it('same seed and stream: same numbers, in both dtypes', () => {
    const draw = (options: object) => [...ops.randomUniform([4, 5], options).data]
    expect(draw({ seed: 1 })).to.deep.equal(draw({ seed: 1n }))
    expect(draw({ seed: 1 })).to.deep.equal(draw({ seed: 1, dtype: 'float64' }))
    expect(draw({ seed: 1 })).not.to.deep.equal(draw({ seed: 2 }))
    expect(draw({ seed: 1 })).not.to.deep.equal(draw({ seed: 1, stream: 1 }))
    expect(draw({})).not.to.deep.equal(draw({}))
  })

  it('have the moments they promise', () => {
    const n = 100_000
    const [mean, variance] = moments(ops.randomUniform([n], { seed: 3, min: -1, max: 3, dtype: 'float64' }))
    expect(mean).to.be.closeTo(1, 0.02)
    expect(variance).to.be.closeTo(16 / 12, 0.02)
    const [center, spread] = moments(ops.randomNormal([n], { seed: 3, mean: 2, std: 0.5, dtype: 'float64' }))
    expect(center).to.be.closeTo(2, 0.01)
    expect(spread).to.be.closeTo(0.25, 0.01)
    expect(ops.randomNormal([n], { seed: 5 }).data.every(Number.isFinite)).to.equal(true)
  })
})

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
    expect(() => tensor([1], { dtype: 'int32' as never })).to.throw(DTypeError)
    expect(() => tensor([1], [1], [1] as never)).to.throw(OptionError)
    expect(() => tensor([1, 2], [3])).to.throw(ShapeError, /\[3\] takes 3 numbers, got 2/)
  })

  it('many different values use one cached plan', () => {
    const x: Value = f64([1, 2])
    for (let i = 0; i < 50; i++) expect(ops.mul(x, i).toArray()).to.deep.equal([i, 2 * i])
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

  it('plans of large ops do not pile up', () => {
    const before = memory().liveBytes
    const big = ops.randomUniform([600, 600], { seed: 1 })
    for (let n = 500; n < 560; n++) {
      using block = ops.slice(big, [0, 0], [n, n])
      ops.matmul(block, block).dispose()
      ops.variance(block, { axis: 0 }).dispose()
    }
    big.dispose()
    expect(memory().liveBytes - before).to.be.below(64 << 20)
  })

  it('setThreads takes 1…256', () => {
    const before = getThreads()
    setThreads(3)
    expect(getThreads()).to.equal(3)
    setThreads(before)
    for (const bad of [0, 257, 1.5, NaN, '2' as never]) expect(() => setThreads(bad)).to.throw(OptionError, /1 to 256/)
  })
})
