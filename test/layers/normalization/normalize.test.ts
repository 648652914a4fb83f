import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { atOnce } from '../../../lib/base/slices'
import { grad } from '../../../lib/functions/grad'
import { layers } from '../../../lib/layers'
import { featureStatistics } from '../../../lib/layers/normalization/normalize'
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
function statistics(data: Float64Array, rows: number) {
  const features = data.length / rows
  return atOnce(featureStatistics((from, to) => data.subarray(from * features, to * features), rows, features))
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
    const [gradient] = grad((v: Tensor) => ops.sum(run(layer, v, { mean: t([1, 1]), variance: t([4, 0]) })))(x)
    close(gradient as Tensor, [0.5, 0])
  })
  it('statistics are no trainable weights; without given ones the layer must adapt', () => {
    const built = layers.normalize().build([[2]], 'normalize_1')
    expect(built.needsAdapt).to.equal(true)
    expect(built.weights.map(({ name, role, trainable }) => [name, role, trainable])).to.deep.equal([
      ['mean', 'statistic', false],
      ['variance', 'statistic', false],
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
  })
})
