import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { initializers } from '../../../lib/initializers'
import { layers, type DenseOptions } from '../../../lib/layers'
import * as ops from '../../../lib/ops'
import { regularizers } from '../../../lib/regularizers'
import type { Tensor } from '../../../lib/tensor/tensor'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { inference } from '../support'

const swish = (z: Tensor): Tensor => ops.mul(z, ops.sigmoid(z))

describeLayer('dense', {
  uses: {
    'with its defaults': { layer: () => layers.dense({ units: 3 }), inputs: [[4]], output: [3] },
    'without bias': {
      layer: () => layers.dense({ units: 2, useBias: false, activation: 'sigmoid' }),
      inputs: [[4]],
      output: [2],
    },
    'along the last of three axes, with an activation that has an option': {
      layer: () => layers.dense({ units: 2, activation: { name: 'elu', alpha: 0.3 } }),
      inputs: [[2, 3, 4]],
      output: [2, 3, 2],
    },
    'with initialisers, penalties and a function of its own, frozen at first': {
      layer: () =>
        layers.dense({
          units: 3,
          activation: swish,
          kernelInitializer: initializers.normal({ variance: 2 }),
          biasInitializer: initializers.uniform({ min: -1, max: 1 }),
          kernelRegularizer: regularizers.l2({ lambda: 0.5 }),
          biasRegularizer: regularizers.l1({ l1: 0.01 }),
          trainable: false,
        }),
      inputs: [[4]],
      output: [3],
      custom: { swish },
    },
  },
})

describe('layers.dense', () => {
  it('3.2 a = g(x·Wᵀ + b), as loops say', () => {
    const built = layers.dense({ units: 2, activation: 'tanh' }).build([[3]], 'dense_1')
    expect(built.outputShape).to.deep.equal([2])
    expect(built.weights.map(({ name, shape }) => [name, shape])).to.deep.equal([
      ['weight', [2, 3]],
      ['bias', [2]],
    ])
    const w = [1, -2, 0.5, 0.25, 3, -1]
    const b = [0.1, -0.2]
    const x = [0.3, 0.7, -1, 2, 0, 0.5]
    const { z, a } = built.call([t(x, [2, 3])], { weight: t(w, [2, 3]), bias: t(b) }, inference)
    const expected: number[] = []
    for (let i = 0; i < 2; i++)
      for (let u = 0; u < 2; u++) expected.push([0, 1, 2].reduce((sum, k) => sum + x[3 * i + k] * w[3 * u + k], b[u]))
    close(z!, expected)
    close(a, expected.map(Math.tanh))
  })
  it('without bias', () => {
    const built = layers.dense({ units: 1, useBias: false }).build([[2]], 'dense_1')
    expect(built.weights).to.have.length(1)
    close(built.call([t([1, 2], [1, 2])], { weight: t([3, 4], [1, 2]) }, inference).a, [11])
  })
  it('5.13 defaults: he before relu and leakyRelu, xavier otherwise; biases zero; trainable', () => {
    const kernel = (activation?: DenseOptions['activation']): unknown =>
      layers.dense({ units: 4, activation }).build([[3]], 'd').weights[0].initializer.config
    expect(['relu', 'leakyRelu', 'tanh', undefined].map((name) => kernel(name as 'relu'))).to.deep.equal([
      'he',
      'he',
      'xavier',
      'xavier',
    ])
    expect(kernel({ name: 'leakyRelu', slope: 0.2 })).to.equal('he')
    const [weight, bias] = layers.dense({ units: 4 }).build([[3]], 'd').weights
    expect([bias.initializer.config, weight.trainable, bias.trainable]).to.deep.equal(['zeros', true, true])
    expect([
      layers.dense({ units: 4 }).trainable,
      layers.dense({ units: 4, trainable: false }).trainable,
    ]).to.deep.equal([true, false])
  })
  it('2.13 goes along the last axis of any input; one without an axis throws', () => {
    const built = layers.dense({ units: 2, activation: 'relu' }).build([[2, 3]], 'dense_1')
    expect(built.outputShape).to.deep.equal([2, 2])
    const x = [1, -2, 3, 0.5, 0, -1, 2, 2, 2, -3, 1, 0]
    const w = { weight: t([1, 0, -1, 2, 1, 0.5], [2, 3]), bias: t([0.5, -0.5]) }
    const { z, a } = built.call([t(x, [2, 2, 3])], w, inference)
    const flat = layers
      .dense({ units: 2, activation: 'relu' })
      .build([[3]], 'dense_1')
      .call([t(x, [4, 3])], w, inference)
    expect([z!.shape, a.shape]).to.deep.equal([
      [2, 2, 2],
      [2, 2, 2],
    ])
    expect([...z!.data, ...a.data]).to.deep.equal([...flat.z!.data, ...flat.a.data])
    expect(() => layers.dense({ units: 4 }).build([[]], 'dense_1')).to.throw(ShapeError, /dense_1.*got \[m\]/)
  })
  it('refuses bad options', () => {
    for (const units of [0, -1, 1.5, '3', undefined])
      expect(() => layers.dense({ units } as never)).to.throw(OptionError, /layers.dense: units/)
    expect(() => layers.dense({ units: 1, activaton: 'relu' } as never)).to.throw(OptionError, /'activation'/)
    expect(() => layers.dense({ units: 1, activation: 'reluu' as never })).to.throw(OptionError, /'relu'/)
    expect(() => layers.dense({ units: 1, activation: { name: 'relu', slope: 1 } })).to.throw(
      OptionError,
      /slope.*leakyRelu/,
    )
    expect(() => layers.dense({ units: 1, kernelRegularizer: 0.1 as never })).to.throw(OptionError, /kernelRegularizer/)
    expect(() => layers.dense({ units: 1, name: '' })).to.throw(OptionError, /name/)
    expect(() => layers.dense(undefined as never)).to.throw(OptionError, /units/)
    expect(() => layers.dense({ units: 1, useBias: 'no' as never })).to.throw(OptionError, /useBias/)
  })
})
