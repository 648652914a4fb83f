import { expect } from 'chai'
import { data, NonFiniteError, OptionError, ShapeError, tensor } from '../../lib'

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
  it('keeps features of 0 and 1, which a rare category would otherwise make large', () => {
    const x = f64(Array.from({ length: 1000 }, (_, i) => [i % 500 === 7 ? 1 : 0, i % 10]))
    const fitted = data.normalizer.fit(x)
    expect([fitted.mean.data[0], fitted.variance.data[0]]).to.deep.equal([0, 1])
    expect(fitted.transform(x).data[14]).to.equal(1)
    const z = data.normalizer.fit(x, { indicators: 'normalize' }).transform(x)
    expect(z.data[14]).to.be.closeTo((1 - 0.002) / Math.sqrt(0.002 * 0.998), 1e-12)
    expect(() => data.normalizer.fit(x, { indicators: true as never })).to.throw(OptionError, 'indicators', 'true')
  })

  it('has σ where σ² leaves the range of float32, and of float64', () => {
    for (const size of [1e30, 1e-30]) {
      const fitted = data.normalizer.fit(Float32Array.of(size, 3 * size))
      expect(fitted.variance.dtype).to.equal('float64')
      expect(fitted.variance.item() / size ** 2).to.be.closeTo(1, 1e-6)
      expect(fitted.transform(Float32Array.of(size)).item()).to.be.closeTo(-1, 1e-6)
    }
    const x = f64([[1e170], [3e170]])
    const [low, high] = data.normalizer.fit(x).transform(x).data
    expect([low + 1, high - 1]).to.satisfy((off: number[]) => off.every((v) => Math.abs(v) < 1e-15))
  })

  it('takes a feature that is constant but for rounding for constant', () => {
    const x = f64(Array.from({ length: 100 }, (_, i) => [i % 2 ? 0.1 + 0.2 : 0.3]))
    expect([...data.normalizer.fit(x).transform(f64([[0.3], [0.4]])).data]).to.deep.equal([0, 0])
  })
  it('scales targets there and predictions, which are [m, 1], back', () => {
    const y = [100, 200, 300]
    const scale = data.normalizer.fit(y)
    const predicted = [...scale.transform(y).data].map((z: number) => [z])
    const back = scale.invert(predicted)
    expect(back.shape).to.deep.equal([3, 1])
    back.data.forEach((value, i) => expect(value).to.be.closeTo(y[i], 1e-4))
    const column = data.normalizer.fit(y.map((v) => [v]))
    expect(column.transform(Float32Array.of(200)).toArray()).to.deep.equal([0])
    expect(() => scale.invert([[1, 2]])).to.throw(ShapeError, 'rows of shape []')
  })
})
