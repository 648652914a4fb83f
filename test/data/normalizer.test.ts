import { expect } from 'chai'
import { data, NonFiniteError, ShapeError, tensor } from '../../lib'

const f64 = (values: number[][]) => tensor(values, undefined, { dtype: 'float64' })

describe('5.11 data.normalizer', () => {
  const rows = Array.from({ length: 50 }, (_, i) => [i, 1000 + 0.001 * i * i, 0.1])

  it('gives mean 0 and variance 1 on the training set', () => {
    const z = data.normalizer.fit(f64(rows)).transform(f64(rows))
    for (const j of [0, 1]) {
      const column = rows.map((_, i) => z.data[3 * i + j])
      const mean = column.reduce((a, b) => a + b) / 50
      expect(mean).to.be.closeTo(0, 1e-12)
      expect(column.reduce((a, b) => a + (b - mean) ** 2, 0) / 50).to.be.closeTo(1, 1e-12)
    }
  })

  it('makes a constant feature 0, not NaN', () => {
    const fitted = data.normalizer.fit(f64(rows))
    expect(fitted.variance.data[2]).to.equal(0)
    expect(rows.map((_, i) => fitted.transform(f64(rows)).data[3 * i + 2])).to.deep.equal(new Array(50).fill(0))
  })

  it('applies the training statistics to other sets, and inverts', () => {
    const fitted = data.normalizer.fit(
      f64([
        [1, 10],
        [3, 30],
      ]),
    )
    expect([...fitted.mean.data]).to.deep.equal([2, 20])
    expect([...fitted.variance.data]).to.deep.equal([1, 100])
    const z = fitted.transform(f64([[5, 0]]))
    expect([...z.data]).to.deep.equal([3, -2])
    expect([...fitted.invert(z).data]).to.deep.equal([5, 0])
  })

  it('refuses other shapes and values that are not finite', () => {
    const fitted = data.normalizer.fit([
      [1, 2],
      [3, 4],
    ])
    expect(() => fitted.transform([[1, 2, 3]])).to.throw(ShapeError, '[2]')
    expect(() =>
      data.normalizer.fit([
        [1, 2],
        [3, NaN],
      ]),
    ).to.throw(NonFiniteError, 'row 1, feature 1')
  })
})
