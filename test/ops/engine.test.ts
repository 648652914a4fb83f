/** The plans that ops keep. */
import { expect } from 'chai'
import { memory } from '../../lib/native/runtime'
import * as ops from '../../lib/ops'
import { tensor } from '../../lib/tensor/tensor'

describe('plans of ops', () => {
  it('of many different values are one', () => {
    const x = tensor([1, 2], { dtype: 'float64' })
    for (let i = 0; i < 50; i++) expect(ops.mul(x, i).toArray()).to.deep.equal([i, 2 * i])
  })

  it('of large ops do not pile up', () => {
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
})
