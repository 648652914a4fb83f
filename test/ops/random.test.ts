import { expect } from 'chai'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'

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
