import { expect } from 'chai'
import { OptionError } from '../../../lib/base/errors'
import { layers } from '../../../lib/layers'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { drawing, run } from '../support'

describeLayer('gaussianNoise', {
  uses: {
    'one axis': { layer: () => layers.gaussianNoise({ stddev: 0.5 }), inputs: [[4]], output: [4] },
    'two axes': { layer: () => layers.gaussianNoise({ stddev: 2 }), inputs: [[2, 3]], output: [2, 3] },
    'no noise': { layer: () => layers.gaussianNoise({ stddev: 0 }), inputs: [[4]], output: [4] },
  },
})

describe('layers.gaussianNoise', () => {
  /** What is added to x. */
  const noise = (size: number, stddev = 1, stream = 1) =>
    drawing(layers.gaussianNoise({ stddev }), t(new Float64Array(size), [1, size]), stream).a
  it('is normal: moments up to the fourth, and the share within one and two deviations', () => {
    const n = 1_000_000
    const values = noise(n, 3)
    const moment = (k: number) => values.reduce((sum, v) => sum + (v / 3) ** k, 0) / n
    const within = (k: number) => values.filter((v) => Math.abs(v) < 3 * k).length / n
    // Five standard errors: the root of the variance of (v/3)^k, which is 1, 2, 15 and 96, over the root of n.
    expect(moment(1)).to.be.closeTo(0, 0.005)
    expect(moment(2)).to.be.closeTo(1, 0.0071)
    expect(moment(3)).to.be.closeTo(0, 0.0194)
    expect(moment(4)).to.be.closeTo(3, 0.049)
    expect(within(1)).to.be.closeTo(0.6827, 0.0024)
    expect(within(2)).to.be.closeTo(0.9545, 0.0011)
  })
  it('its entries are independent, also of those next to them', () => {
    const values = noise(100_000)
    const product = values.subarray(1).reduce((sum, v, i) => sum + v * values[i], 0) / values.length
    expect(product).to.be.closeTo(0, 5 / Math.sqrt(values.length))
  })
  it('streams differ, the same stream repeats', () => {
    expect(noise(50, 1, 1)).to.deep.equal(noise(50, 1, 1))
    expect(noise(50, 1, 1)).to.not.deep.equal(noise(50, 1, 2))
  })
  it('the derivative passes through', () => {
    const { a, slope } = drawing(layers.gaussianNoise({ stddev: 2 }), t([[1, 2, 3]]))
    expect([...a]).to.not.deep.equal([1, 2, 3])
    close(
      slope,
      a.map((v) => 2 * v),
    )
  })
  it('is the identity outside training and with stddev 0', () => {
    const x = t([[1, 2, 3]])
    expect(run(layers.gaussianNoise({ stddev: 2 }), x)).to.equal(x)
    expect([...drawing(layers.gaussianNoise({ stddev: 0 }), x).a]).to.deep.equal([1, 2, 3])
  })
  it('refuses bad options', () => {
    for (const stddev of [-1, NaN, Infinity, '1', undefined])
      expect(() => layers.gaussianNoise({ stddev } as never)).to.throw(OptionError, /layers\.gaussianNoise: stddev/)
    expect(() => layers.gaussianNoise({ std: 1 } as never)).to.throw(OptionError, /'std'.*Known: stddev/)
    expect(() => layers.gaussianNoise(undefined as never)).to.throw(OptionError, /stddev/)
  })
})
