import { expect } from 'chai'
import { OptionError } from '../../../lib/base/errors'
import { layers } from '../../../lib/layers'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { drawing, run } from '../support'

describeLayer('dropout', {
  uses: {
    'by the share that goes': { layer: () => layers.dropout({ rate: 0.25 }), inputs: [[4]], output: [4] },
    'by the share that stays': { layer: () => layers.dropout({ keepProb: 0.5 }), inputs: [[2, 3]], output: [2, 3] },
  },
})

describe('5.7 layers.dropout', () => {
  const mask = (rows: number, columns: number, keepProb = 0.8, stream = 1) =>
    drawing(layers.dropout({ keepProb }), t(new Float64Array(rows * columns).fill(1), [rows, columns]), stream).a
  it('entries are 0 or 1/keepProb, the mean over all 10⁶ entries within 1 %', () => {
    const values = mask(1000, 1000)
    expect(new Set(values)).to.deep.equal(new Set([0, 1 / 0.8]))
    expect(values.reduce((a, b) => a + b, 0) / values.length).to.be.within(0.99, 1.01)
  })
  it('50 units, keep 0.8, 10⁴ masks: 10 ± 0.15 off, a fresh mask per example, each unit alike', () => {
    const values = mask(10000, 50)
    expect(values.filter((v) => v === 0).length / 10000).to.be.closeTo(10, 0.15)
    const rows = new Set(Array.from({ length: 1000 }, (_, i) => values.slice(50 * i, 50 * i + 50).join()))
    expect(rows.size).to.be.above(990)
  })
  it('streams differ, the same stream repeats', () => {
    expect(mask(10, 50, 0.5, 1)).to.deep.equal(mask(10, 50, 0.5, 1))
    expect(mask(10, 50, 0.5, 1)).to.not.deep.equal(mask(10, 50, 0.5, 2))
  })
  it('the gradient takes the same mask and 1/keepProb', () => {
    const x = t(
      Array.from({ length: 40 }, (_, i) => i + 1),
      [2, 20],
    )
    const { slope } = drawing(layers.dropout({ keepProb: 0.5 }), x, 3)
    const kept = mask(2, 20, 0.5, 3)
    close(
      slope,
      x.data.map((v, i) => 2 * v * kept[i] ** 2),
    )
  })
  it('is the identity outside training and with keepProb 1', () => {
    const x = t([1, 2, 3], [1, 3])
    expect(run(layers.dropout({ keepProb: 0.1 }), x)).to.equal(x)
    expect([...drawing(layers.dropout({ keepProb: 1 }), x).a]).to.deep.equal([1, 2, 3])
  })
  it('keepProb and rate: exactly one', () => {
    expect(layers.dropout({ rate: 0.25 }).config).to.deep.equal({ keepProb: 0.75 })
    expect(() => layers.dropout({} as never)).to.throw(OptionError, /neither/)
    expect(() => layers.dropout({ rate: 0.5, keepProb: 0.5 } as never)).to.throw(OptionError, /both/)
    for (const keepProb of [0, 1.1, NaN, '0.5'])
      expect(() => layers.dropout({ keepProb } as never)).to.throw(OptionError, /keepProb/)
    expect(() => layers.dropout({ rate: 1 })).to.throw(OptionError, /rate/)
    expect(() => layers.dropout({ keepprob: 0.5 } as never)).to.throw(OptionError, /'keepProb'/)
  })
})
