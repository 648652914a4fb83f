import { expect } from 'chai'
import { Random } from '../../lib/data/random'
import { range } from '../../lib/search'

describe('ranges of a search', () => {
  it('stay between their ends, wherever these are', () => {
    const large = Number.MAX_VALUE
    const ranges = {
      linear: [range.linear(-large, large), -large, large],
      log: [range.log(1e-200, 1e200), 1e-200, 1e200],
      narrow: [range.log(0.1, 0.1 + 2 ** -55), 0.1, 0.1 + 2 ** -55],
      small: [range.linear(0.1, 0.3), 0.1, 0.3],
    } as const
    for (const [name, [drawn, min, max]] of Object.entries(ranges)) {
      const random = new Random(1n)
      const values = Array.from({ length: 500 }, () => drawn.draw(random))
      for (const value of [...values, ...drawn.grid]) expect(value, name).to.be.within(min, max)
    }
  })

  it('spread over all of a wide range', () => {
    const random = new Random(1n)
    const logs = Array.from({ length: 400 }, () => Math.log10(range.log(1e-200, 1e200).draw(random)))
    expect(Math.min(...logs)).to.be.below(-180)
    expect(Math.max(...logs)).to.be.above(180)
    expect(range.log(1e-200, 1e200, { points: 3 }).grid[1]).to.be.closeTo(1, 1e-12)
    expect(range.linear(-Number.MAX_VALUE, Number.MAX_VALUE, { points: 3 }).grid[1]).to.equal(0)
  })
})
