import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import { DisposedError, DTypeError, OptionError, ShapeError } from '../../lib/base/errors'
import { data, layers, sequential } from '../../lib'
import { memory } from '../../lib/native/runtime'
import * as ops from '../../lib/ops'
import { tensor, type Tensor } from '../../lib/tensor/tensor'
import { collectGarbage } from '../garbage'

describe('tensors', () => {
  it('hold copies', () => {
    const given = Float32Array.of(1, 2)
    const t = tensor(given)
    given[0] = 9
    expect([...t.data]).to.deep.equal([1, 2])
    expect(tensor(t, { dtype: 'float64' }).dtype).to.equal('float64')
    expect(tensor(t).toArray()).to.deep.equal([1, 2])
    expect(tensor(t, [2, 1]).shape).to.deep.equal([2, 1])
    expect([t.rank, t.size, t.dtype]).to.deep.equal([1, 2, 'float32'])
  })

  it('hold their values whatever becomes of the copy that data is', () => {
    const [gone, written] = [tensor([[1, 2]]), tensor([1, 2], { dtype: 'int32' })]
    structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] })
    expect(gone.toArray()).to.deep.equal([[1, 2]])
    expect([[...gone.data], gone.data === gone.data]).to.deep.equal([[1, 2], true])
    expect(String(gone)).to.equal('Tensor float32 [1, 2]\n[[1, 2]]')
    const one = tensor(5)
    structuredClone(one.data, { transfer: [one.data.buffer as ArrayBuffer] })
    expect([one.item(), +one]).to.deep.equal([5, 5])

    written.data[0] = 99
    expect([written.data[0], written.toArray()]).to.deep.equal([99, [1, 2]])
    expect(tensor(written, { dtype: 'float64' }).toArray()).to.deep.equal([1, 2])
    expect(ops.take(tensor([7, 8, 9]), written).toArray()).to.deep.equal([8, 9])
    expect(ops.oneHot(written, 3).shape).to.deep.equal([2, 3])
    const [x, y] = [tensor([1, 2]), tensor([3, 4])]
    x.data[0] = 99
    const parts = data.split({ x, y: { data: y as never, shape: [2] } }, { train: 1 })
    expect([...parts.train.x.data].sort()).to.deep.equal([1, 2])
  })

  it('are equal where shape, dtype and values are', () => {
    const one = tensor([1, NaN])
    expect(isDeepStrictEqual(one, tensor([1, NaN]))).to.equal(true)
    expect(one).to.deep.equal(tensor([1, NaN]))
    for (const other of [tensor([1, 2]), tensor([[1, NaN]]), tensor([1, NaN], { dtype: 'float64' })]) {
      expect(isDeepStrictEqual(one, other)).to.equal(false)
      expect(one).to.not.deep.equal(other)
    }
  })

  it('are copied to other threads with their values', () => {
    expect(structuredClone(tensor([[1], [2]]))).to.deep.equal({ shape: [2, 1], data: Float32Array.of(1, 2) })
    const model = sequential({ inputShape: [1], layers: [layers.dense({ units: 1, kernelInitializer: 'ones' })] })
    const [{ weight, bias }] = structuredClone(model.getWeights())
    expect([weight.data, bias.data]).to.deep.equal([Float32Array.of(1), Float32Array.of(0)])
    expect(() => structuredClone(model))
      .to.throw(DOMException)
      .with.property('name', 'DataCloneError')
    expect(JSON.parse(JSON.stringify(model))).to.equal(model.summary())
    const disposed = tensor(1)
    disposed.dispose()
    expect(() => structuredClone(disposed)).to.throw(DisposedError)
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

  it('native memory is counted, shared by reshape and freed by dispose', async () => {
    await collectGarbage()
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
