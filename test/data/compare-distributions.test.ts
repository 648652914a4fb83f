import { expect } from 'chai'
import { data, OptionError, ShapeError } from '../../lib'
import { Random } from '../../lib/data/random'

const line = (count: number, from = 0, step = 1) => Float64Array.from({ length: count }, (_, i) => from + step * i)

function compared(a: ArrayLike<number>, b: ArrayLike<number>) {
  const { statistic, pValue } = data.compareDistributions(Float64Array.from(a), Float64Array.from(b)).features[0]
  return { statistic, pValue }
}

describe('the chances of compareDistributions', () => {
  it('are exact for small samples: those of scipy 1.17', () => {
    // scipy.stats.ks_2samp(a, b, method='exact').
    const cases: [ArrayLike<number>, ArrayLike<number>, number, number][] = [
      [[1, 2, 3], [4, 5, 6], 1, 0.1],
      [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 1, 2 / 252],
      [[1, 2, 3, 4, 5], [3.5, 6, 7, 8, 9], 0.8, 20 / 252],
      [line(500), line(500, 45.5), 0.092, 0.028995961061089214],
      [line(100), line(100, 60.5), 0.61, 1.1250455638865439e-17],
    ]
    for (const [a, b, statistic, pValue] of cases) {
      const found = compared(a, b)
      expect(found.statistic).to.be.closeTo(statistic, 1e-15)
      expect(found.pValue / pValue).to.be.closeTo(1, 1e-12)
      expect(compared(b, a).pValue / pValue).to.be.closeTo(1, 1e-12)
    }
  })

  it('are exact among equal values: the share of all ways to deal them out', () => {
    // Counted over all subsets: 924, 330 and 252.
    expect(compared([0, 0, 0, 1, 1, 2], [1, 1, 2, 2, 2, 0]).pValue).to.be.closeTo(708 / 924, 1e-14)
    expect(compared([1, 1, 2, 3], [2, 3, 3, 3, 4, 4, 4]).pValue).to.be.closeTo(37 / 330, 1e-14)
    expect(compared([0, 0, 1, 1, 1], [1, 1, 1, 1, 1]).pValue).to.be.closeTo(112 / 252, 1e-14)
    expect(compared([1, 1], [1, 1])).to.deep.equal({ statistic: 0, pValue: 1 })
  })

  it('are close to those of scipy for large ones', () => {
    expect(compared(line(1000), line(1000, 60.5)).pValue / 0.04839715079181246).to.be.closeTo(1, 0.03)
    expect(compared(line(20, 0.5, 1000), line(20_000, 0, 0.7)).pValue / 0.043247918549219506).to.be.closeTo(1, 0.03)
  })

  it('give no more false alarms than alpha, for samples of any size', () => {
    const random = new Random(5n)
    for (const [m, n] of [
      [3, 3],
      [4, 4],
      [3, 5],
      [5, 5],
      [4, 30],
      [10, 10],
    ])
      for (const values of [2 ** 20, 4]) {
        const draw = (count: number) => Array.from({ length: count }, () => random.below(values))
        let alarms = 0
        for (let k = 0; k < 1000; k++) if (!data.compareDistributions(draw(m), draw(n)).same) alarms++
        // 50, and three of their standard deviations.
        expect(alarms, `${m} and ${n} of ${values}`).to.be.at.most(70)
      }
  })

  it('still find what differs, and refuse what is no comparison', () => {
    const left = Array.from({ length: 40 }, (_, i) => [i % 7, i])
    const right = Array.from({ length: 40 }, (_, i) => [i % 7, i + 25])
    const found = data.compareDistributions(left, right, { names: ['day', 'age'] })
    expect(found.features.map(({ differs }) => differs)).to.deep.equal([false, true])
    expect(String(found)).to.include('1 of 2 features differ').and.include('age: distance 0.625, p 1.2e-7')
    expect(() => data.compareDistributions([[1, 2]], [[1]])).to.throw(ShapeError, 'the same features')
    expect(() => data.compareDistributions([1], [2], { alpha: 1 })).to.throw(OptionError, 'alpha')
  })
})
