import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { initializers } from '../../../lib/initializers'
import { layers, type BatchNormOptions, type LayerContext } from '../../../lib/layers'
import { regularizers } from '../../../lib/regularizers'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { inference } from '../support'

describeLayer('batchNorm', {
  uses: {
    'with its defaults': { layer: () => layers.batchNorm(), inputs: [[4]], output: [4] },
    'over three axes, with options': {
      layer: () =>
        layers.batchNorm({
          momentum: 0.6,
          epsilon: 1e-3,
          gammaInitializer: initializers.uniform({ min: 0.5, max: 2 }),
          betaInitializer: 'smallNormal',
          gammaRegularizer: regularizers.l2({ l2: 0.01 }),
          betaRegularizer: regularizers.l1({ l1: 0.01 }),
        }),
      inputs: [[2, 3, 2]],
      output: [2, 3, 2],
    },
    'without β': { layer: () => layers.batchNorm({ center: false }), inputs: [[3]], output: [3] },
    'without γ': { layer: () => layers.batchNorm({ scale: false }), inputs: [[3]], output: [3] },
    'frozen at first, without γ and β': {
      layer: () => layers.batchNorm({ center: false, scale: false, trainable: false }),
      inputs: [[3]],
      output: [3],
    },
  },
})

describe('layers.batchNorm', () => {
  const learning: LayerContext = { training: true, trainable: true, stream: 0 }
  const weights = {
    gamma: t([2, -1]),
    beta: t([0.5, 3]),
    movingMean: t([10, 20]),
    movingVariance: t([4, 9]),
  }
  /** [m, 3, 2], so that a column has 3m numbers. */
  const values = [0.3, 5, -1, 4, 2, 6, 7, -5, 1, 1, -2, 8]
  const call = (options: BatchNormOptions, context: LayerContext, data = values, size = 3) =>
    layers
      .batchNorm(options)
      .build([[size, 2]], 'norm')
      .call([t(data, [data.length / (2 * size), size, 2])], weights, context)
  const columns = [0, 1].map((k) => values.filter((_, i) => i % 2 === k))
  const mean = columns.map((column) => column.reduce((a, b) => a + b) / column.length)
  const variance = columns.map((column, k) => column.reduce((s, v) => s + (v - mean[k]) ** 2, 0) / column.length)
  /** As a loop says. */
  const normalised = (means: number[], variances: number[], epsilon: number) =>
    values.map((v, i) => {
      const k = i % 2
      return (weights.gamma.data[k] * (v - means[k])) / Math.sqrt(variances[k] + epsilon) + weights.beta.data[k]
    })

  it('training: the statistics of the batch and of all positions; the moving ones follow', () => {
    const { a, updates } = call({ momentum: 0.8, epsilon: 1e-3 }, learning)
    close(a, normalised(mean, variance, 1e-3))
    expect(a.shape).to.deep.equal([2, 3, 2])
    close(
      updates!.movingMean,
      mean.map((v, k) => 0.8 * weights.movingMean.data[k] + 0.2 * v),
    )
    close(
      updates!.movingVariance,
      variance.map((v, k) => 0.8 * weights.movingVariance.data[k] + 0.2 * v),
    )
  })
  it('prediction and frozen layers use the moving statistics and leave them', () => {
    for (const context of [inference, { ...learning, trainable: false }, { ...inference, trainable: false }]) {
      const { a, updates } = call({}, context)
      close(a, normalised([10, 20], [4, 9], 1e-5))
      expect(updates).to.equal(undefined)
    }
  })
  it('one row gives β; numbers far from 0 keep their digits', () => {
    close(call({}, learning, [7, 8], 1).a, [0.5, 3])
    const far = values.map((v) => v + 2 ** 30)
    close(call({ epsilon: 1e-3 }, learning, far).a, normalised(mean, variance, 1e-3), 1e-6)
  })
  it('holds γ, β and the two states', () => {
    const list = (options: BatchNormOptions) =>
      layers
        .batchNorm(options)
        .build([[3, 2]], 'norm')
        .weights.map(({ name, shape, role, trainable, initializer }) => [
          name,
          shape,
          role,
          trainable,
          initializer.config,
        ])
    const constant = (value: number) => initializers.constant(value).config
    const states = [
      ['movingMean', [2], 'state', false, constant(0)],
      ['movingVariance', [2], 'state', false, constant(1)],
    ]
    expect(list({})).to.deep.equal([
      ['gamma', [2], 'weight', true, 'ones'],
      ['beta', [2], 'weight', true, 'zeros'],
      ...states,
    ])
    expect(list({ center: false, scale: false })).to.deep.equal(states)
    expect(layers.batchNorm().config).to.include({ momentum: 0.9, epsilon: 1e-5 })
  })
  it('refuses bad options and an input without an axis', () => {
    for (const options of [
      { momentum: 1 },
      { momentum: -0.1 },
      { epsilon: 0 },
      { center: 1 },
      { scale: 'yes' },
      { gammaInitializer: 'one' },
      { betaRegularizer: 3 },
      { axis: 1 },
    ])
      expect(() => layers.batchNorm(options as never), JSON.stringify(options)).to.throw(
        OptionError,
        new RegExp(`layers\\.batchNorm.*${Object.keys(options)[0]}`),
      )
    expect(() => layers.batchNorm().build([[]], 'norm')).to.throw(ShapeError, /norm: batchNorm expects.*got \[m\]/)
    expect(() => layers.batchNorm().build([[2], [2]], 'norm')).to.throw(OptionError, /norm: expected one input, got 2/)
  })
})
