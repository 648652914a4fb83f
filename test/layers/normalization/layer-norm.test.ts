import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { initializers } from '../../../lib/initializers'
import { layers } from '../../../lib/layers'
import { regularizers } from '../../../lib/regularizers'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { run } from '../support'

describeLayer('layerNorm', {
  uses: {
    'with its defaults': { layer: () => layers.layerNorm(), inputs: [[4]], output: [4] },
    'along the last of two axes, with options': {
      layer: () =>
        layers.layerNorm({
          epsilon: 1e-3,
          gammaInitializer: initializers.uniform({ min: 0.5, max: 2 }),
          betaInitializer: 'smallNormal',
          gammaRegularizer: regularizers.l2({ l2: 0.01 }),
          betaRegularizer: regularizers.l1({ l1: 0.01 }),
        }),
      inputs: [[2, 3]],
      output: [2, 3],
    },
    'without β': { layer: () => layers.layerNorm({ center: false }), inputs: [[3]], output: [3] },
    'without γ': { layer: () => layers.layerNorm({ scale: false }), inputs: [[3]], output: [3] },
  },
})

describe('layers.layerNorm', () => {
  const rows = [
    [0.3, 5, -1],
    [4, 2, 6],
    [-5, 1, 1],
    [-2, 8, 7],
  ]
  it('every position by itself, as loops say', () => {
    const [gamma, beta] = [
      [2, -1, 0.5],
      [0.5, 3, 0],
    ]
    const expected = rows.flatMap((row) => {
      const mean = row.reduce((a, b) => a + b) / 3
      const variance = row.reduce((s, v) => s + (v - mean) ** 2, 0) / 3
      return row.map((v, k) => (gamma[k] * (v - mean)) / Math.sqrt(variance + 1e-2) + beta[k])
    })
    const layer = layers.layerNorm({ epsilon: 1e-2 })
    const a = run(layer, t(rows.flat(), [2, 2, 3]), { gamma: t(gamma), beta: t(beta) })
    expect(a.shape).to.deep.equal([2, 2, 3])
    close(a, expected)
    const far = run(
      layer,
      t(
        rows.flat().map((v) => v + 2 ** 30),
        [2, 2, 3],
      ),
      { gamma: t(gamma), beta: t(beta) },
    )
    close(far, expected, 1e-6)
  })
  it('equal numbers give β', () => {
    close(run(layers.layerNorm(), t([7, 7, 7], [1, 3]), { gamma: t([2, 2, 2]), beta: t([1, 2, 3]) }), [1, 2, 3])
  })
  it('holds γ and β', () => {
    const names = (options: object) =>
      layers
        .layerNorm(options)
        .build([[2, 3]], 'norm')
        .weights.map(({ name, shape }) => [name, shape])
    expect(names({})).to.deep.equal([
      ['gamma', [3]],
      ['beta', [3]],
    ])
    expect([names({ center: false }), names({ scale: false })]).to.deep.equal([[['gamma', [3]]], [['beta', [3]]]])
    expect(layers.layerNorm().config).to.include({ epsilon: 1e-5 })
  })
  it('refuses bad options and an input without an axis', () => {
    for (const options of [{ momentum: 0.9 }, { epsilon: -1 }, { center: 1 }, { betaInitializer: 1 }])
      expect(() => layers.layerNorm(options as never), JSON.stringify(options)).to.throw(
        OptionError,
        new RegExp(`layers\\.layerNorm.*${Object.keys(options)[0]}`),
      )
    expect(() => layers.layerNorm().build([[]], 'norm')).to.throw(ShapeError, /norm: layerNorm expects.*got \[m\]/)
  })
})
