import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { atOnce } from '../../../lib/base/slices'
import { grad } from '../../../lib/functions/grad'
import { layers } from '../../../lib/layers'
import { featureStatistics, type Indicators } from '../../../lib/layers/normalization/feature-statistics'
import { sequential } from '../../../lib/model'
import * as ops from '../../../lib/ops'
import type { Tensor } from '../../../lib/tensor/tensor'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { run } from '../support'

describeLayer('normalize', {
  uses: {
    'learning its statistics': { layer: () => layers.normalize(), inputs: [[3]], output: [3] },
    'given one σ² of 0': {
      layer: () => layers.normalize({ mean: [1, 0, 2, 1], variance: [4, 1, 0, 0.5] }),
      inputs: [[4]],
      output: [4],
    },
    'given numbers for all features of two axes': {
      layer: () => layers.normalize({ mean: 0.5, variance: 2 }),
      inputs: [[2, 3]],
      output: [2, 3],
    },
  },
})

/** The statistics of an array in memory. */
function statistics(data: Float32Array | Float64Array, rows: number, indicators: Indicators = 'keep') {
  const features = data.length / rows
  const read = (from: number, to: number) => data.subarray(from * features, to * features)
  return atOnce(featureStatistics(read, rows, features, indicators))
}

describe('5.11 layers.normalize', () => {
  const data = [1, 5, 10, 2, 5, 30, 6, 5, 20]
  it('σ = 0 gives 0, others mean 0 and variance 1', () => {
    const { mean, variance } = statistics(Float64Array.from(data), 3)
    close(mean, [3, 5, 20])
    close(variance, [14 / 3, 0, 200 / 3])
    const a = run(layers.normalize({ mean: [...mean], variance: [...variance] }), t(data, [3, 3]))
    const column = (j: number): number[] => [0, 1, 2].map((i) => a.data[3 * i + j])
    expect(column(1)).to.deep.equal([0, 0, 0])
    for (const j of [0, 2]) {
      close([column(j).reduce((s, v) => s + v, 0)], [0])
      close([column(j).reduce((s, v) => s + v * v, 0) / 3], [1])
    }
  })
  it('a constant feature has exactly variance 0, whatever rounding says', () => {
    const { mean, variance } = statistics(new Float64Array(10).fill(0.1), 10)
    expect([mean[0], variance[0]]).to.deep.equal([0.1, 0])
  })
  it('a derivative through σ = 0 is 0, not NaN', () => {
    const layer = layers.normalize({ mean: [1, 1], variance: [4, 0] })
    const x = t([3, 7], [1, 2])
    const [gradient] = grad((v: Tensor) => ops.sum(run(layer, v, { mean: t([1, 1]), deviation: t([2, 0]) })))(x)
    close(gradient as Tensor, [0.5, 0])
  })
  it('statistics are no trainable weights; without given ones the layer must adapt', () => {
    const built = layers.normalize().build([[2]], 'normalize_1')
    expect(built.needsAdapt).to.equal(true)
    expect(built.weights.map(({ name, role, trainable }) => [name, role, trainable])).to.deep.equal([
      ['mean', 'statistic', false],
      ['deviation', 'statistic', false],
    ])
    expect(layers.normalize({ mean: 0, variance: 1 }).build([[2]], 'normalize_1').needsAdapt).to.equal(false)
  })
  it('refuses bad options', () => {
    expect(() => layers.normalize({ mean: [1] })).to.throw(OptionError, /together/)
    expect(() => layers.normalize({ mean: [1], variance: [-1] })).to.throw(OptionError, /variance.*-1/)
    expect(() => layers.normalize({ mean: [NaN], variance: [1] })).to.throw(OptionError, /mean.*NaN/)
    expect(() => layers.normalize({ mean: [1, 2], variance: [1, 2] }).build([[3]], 'normalize_1')).to.throw(
      ShapeError,
      /1 or 3 numbers.*got 2/,
    )
    expect(() => layers.normalize({ std: 1 } as never)).to.throw(OptionError, /std/)
    expect(() => layers.normalize({ indicators: 'drop' as never })).to.throw(OptionError, /indicators.*'drop'.*keep/)
    expect(() => layers.normalize({ mean: 0, variance: 1, indicators: 'keep' })).to.throw(OptionError, /indicators/)
  })
})

/** Mean and deviation of each column that a model predicts, after it has adapted to x. */
async function scaled(dtype: 'float32' | 'float64', values: readonly number[], layer = layers.normalize()) {
  const x = {
    data: dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values),
    shape: [values.length, 1],
  }
  using model = sequential({ inputShape: [1], dtype, layers: [layer, layers.activation('linear')] })
  await model.adapt(x)
  const z = [...(await model.predict(x)).data]
  const mean = z.reduce((a, b) => a + b) / z.length
  return { z, mean, deviation: Math.sqrt(z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length) }
}

describe('what normalize takes for constant', () => {
  const steps = Array.from({ length: 64 }, (_, i) => 1 + ((i * 37) % 64) / 16)

  it('no feature because σ² leaves the range of its dtype', async () => {
    for (const scale of [6e37, 2e30, 1e20, 1, 1.6e-19, 9e-31, 1e-36]) {
      const { mean, deviation } = await scaled(
        'float32',
        steps.map((v) => v * scale),
      )
      // Twice float32's rounding of numbers up to 4, and of 1/σ.
      expect([mean, deviation - 1], `${scale}`).to.satisfy((off: number[]) => off.every((v) => Math.abs(v) < 1e-6))
    }
    for (const scale of [1e305, 1e170, 1e-170, 1e-300]) {
      const { mean, deviation } = await scaled(
        'float64',
        steps.map((v) => v * scale),
      )
      expect([mean, deviation - 1], `${scale}`).to.satisfy((off: number[]) => off.every((v) => Math.abs(v) < 1e-14))
    }
    const given = layers.normalize({ mean: 0, variance: 1e-46 })
    using model = sequential({ inputShape: [1], layers: [given, layers.activation('linear')] })
    close((await model.predict([[1e-23], [-2e-23]])) as Tensor, [1, -2], 1e-6)
  })

  it('what differs by rounding alone, in its dtype: 0.3 and 0.1 + 0.2', async () => {
    const near = Float64Array.from({ length: 100 }, (_, i) => (i % 2 ? 0.1 + 0.2 : 0.3))
    expect(statistics(near, 100).deviation[0]).to.equal(0)
    // scikit-learn 1.9.1 (_is_constant_feature) says so too: σ² = 7.7e-34 ≤ 100·ε·σ² + (100·0.3·ε)² = 4.4e-29.
    const sums = Float64Array.from({ length: 100 }, (_, i) => {
      let sum = 0
      for (let k = 0; k < 20; k++) sum += ((i + k) % 20) / 10
      return sum
    })
    expect(new Set(sums).size).to.be.above(1)
    expect(statistics(sums, 100).deviation[0]).to.equal(0)
    const neighbours = Float32Array.from({ length: 100 }, (_, i) => (i % 2 ? 1 + 2 ** -23 : 1))
    expect(statistics(neighbours, 100).deviation[0]).to.equal(0)
  })

  it('no real feature beside a large mean', () => {
    const times = Float32Array.from({ length: 100 }, (_, i) => 1.7e9 + 128 * i)
    expect(statistics(times, 100).deviation[0] / (128 * Math.sqrt(9999 / 12))).to.be.closeTo(1, 1e-12)
    const digits = Float64Array.from({ length: 100 }, (_, i) => 1 + 1e-12 * i)
    expect(statistics(digits, 100).deviation[0] / (1e-12 * Math.sqrt(9999 / 12))).to.be.closeTo(1, 1e-3)
  })
})

describe('features of 0 and 1', () => {
  const rare = Array.from({ length: 500 }, (_, i) => [i === 7 ? 1 : 0, i % 2, 1, 0, i % 3]).flat()

  it('stay as they are, unless they are constant or asked for', () => {
    const kept = statistics(Float64Array.from(rare), 500)
    expect([...kept.mean].slice(0, 4)).to.deep.equal([0, 0, 1, 0])
    expect([...kept.deviation].slice(0, 4)).to.deep.equal([1, 1, 0, 0])
    expect(kept.deviation[4]).to.be.closeTo(0.816, 1e-3)
    const all = statistics(Float64Array.from(rare), 500, 'normalize')
    close([all.mean[0], all.deviation[0], all.mean[1], all.deviation[1]], [0.002, Math.sqrt(0.002 * 0.998), 0.5, 0.5])
  })

  it('in a model, which remembers what was asked for', async () => {
    const column = rare.filter((_, i) => i % 5 === 0)
    expect((await scaled('float32', column)).z).to.deep.equal(column)
    const { z, mean } = await scaled('float32', column, layers.normalize({ indicators: 'normalize' }))
    expect([z[7], mean]).to.satisfy(([one, zero]: number[]) => Math.abs(one - 22.34) < 0.01 && Math.abs(zero) < 1e-6)
    expect(layers.normalize({ indicators: 'normalize' }).config).to.deep.equal({ indicators: 'normalize' })
    expect(layers.normalize().config).to.deep.equal({})
  })
})
