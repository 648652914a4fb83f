import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { atOnce } from '../../lib/base/slices'
import { grad } from '../../lib/functions/grad'
import { initializers } from '../../lib/initializers'
import { layerFromConfig, layers, type Custom, type DenseOptions, type Layer } from '../../lib/layers'
import { featureStatistics } from '../../lib/layers/normalization/normalize'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, inference, t, weightsOf } from './helpers'

const run = (layer: Layer, x: Tensor, weights?: Record<string, Tensor>): Tensor => {
  const built = layer.build(x.shape.slice(1), 'layer_1')
  return built.call(x, weights ?? weightsOf(built), inference).a
}

/** The statistics of an array in memory. */
function statistics(data: Float64Array, rows: number) {
  const features = data.length / rows
  return atOnce(featureStatistics((from, to) => data.subarray(from * features, to * features), rows, features))
}

describe('layers.dense', () => {
  it('3.2 a = g(x·Wᵀ + b), as loops say', () => {
    const built = layers.dense({ units: 2, activation: 'tanh' }).build([3], 'dense_1')
    expect(built.outputShape).to.deep.equal([2])
    expect(built.weights.map(({ name, shape }) => [name, shape])).to.deep.equal([
      ['weight', [2, 3]],
      ['bias', [2]],
    ])
    const w = [1, -2, 0.5, 0.25, 3, -1]
    const b = [0.1, -0.2]
    const x = [0.3, 0.7, -1, 2, 0, 0.5]
    const { z, a } = built.call(t(x, [2, 3]), { weight: t(w, [2, 3]), bias: t(b) }, inference)
    const expected: number[] = []
    for (let i = 0; i < 2; i++)
      for (let u = 0; u < 2; u++) expected.push([0, 1, 2].reduce((sum, k) => sum + x[3 * i + k] * w[3 * u + k], b[u]))
    close(z!, expected)
    close(a, expected.map(Math.tanh))
  })
  it('without bias', () => {
    const built = layers.dense({ units: 1, useBias: false }).build([2], 'dense_1')
    expect(built.weights).to.have.length(1)
    close(built.call(t([1, 2], [1, 2]), { weight: t([3, 4], [1, 2]) }, inference).a, [11])
  })
  it('5.13 defaults: he before relu and leakyRelu, xavier otherwise; biases zero; trainable', () => {
    const kernel = (activation?: DenseOptions['activation']): unknown =>
      layers.dense({ units: 4, activation }).build([3], 'd').weights[0].initializer.config
    expect(['relu', 'leakyRelu', 'tanh', undefined].map((name) => kernel(name as 'relu'))).to.deep.equal([
      'he',
      'he',
      'xavier',
      'xavier',
    ])
    expect(kernel({ name: 'leakyRelu', slope: 0.2 })).to.equal('he')
    const [weight, bias] = layers.dense({ units: 4 }).build([3], 'd').weights
    expect([bias.initializer.config, weight.trainable, bias.trainable]).to.deep.equal(['zeros', true, true])
    expect(
      layers
        .dense({ units: 4, trainable: false })
        .build([3], 'd')
        .weights.some((w) => w.trainable),
    ).to.equal(false)
  })
  it('2.13 an input of another rank throws and suggests flatten', () => {
    expect(() => layers.dense({ units: 4 }).build([28, 28], 'dense_1')).to.throw(
      ShapeError,
      /dense_1.*\[m, 28, 28\].*flatten.*\[784\]/,
    )
    expect(() => layers.dense({ units: 4 }).build([], 'dense_1')).to.throw(ShapeError, /dense_1/)
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

describe('3.3 activations', () => {
  const z = [-10, -0.5, 0, 0.5, 10]
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v))
  const formulas: [Parameters<typeof layers.activation>[0], (v: number) => number][] = [
    ['linear', (v) => v],
    ['sigmoid', sigmoid],
    ['tanh', Math.tanh],
    ['relu', (v) => Math.max(0, v)],
    ['leakyRelu', (v) => (v >= 0 ? v : 0.01 * v)],
    [{ name: 'leakyRelu', slope: 0.2 }, (v) => (v >= 0 ? v : 0.2 * v)],
    [(v: Tensor) => ops.mul(v, ops.sigmoid(v)), (v) => v * sigmoid(v)],
  ]
  for (const [spec, formula] of formulas) {
    it(typeof spec === 'function' ? 'a function' : JSON.stringify(spec), () =>
      close(run(layers.activation(spec), t(z, [1, 5])), z.map(formula)),
    )
  }
  it('softmax sums to 1 along the last axis', () => {
    const a = run(layers.activation('softmax'), t([1, 2, 3, 1000, 0, -1000], [2, 3]))
    const total = Math.exp(-2) + Math.exp(-1) + 1
    close(a, [Math.exp(-2) / total, Math.exp(-1) / total, 1 / total, 1, 0, 0])
  })
  it('3.4 derivatives, with g′(0) = 1 for relu and leakyRelu', () => {
    const slope = (spec: Parameters<typeof layers.activation>[0], at: number[]): Tensor =>
      grad((x: Tensor) => ops.sum(run(layers.activation(spec), x)))(t(at, [1, at.length]))[0] as Tensor
    close(slope('relu', [-1, 0, 2]), [0, 1, 1])
    close(slope('leakyRelu', [-1, 0, 2]), [0.01, 1, 1])
    const points = [-10, 0, 10]
    close(
      slope('sigmoid', points),
      points.map((v) => sigmoid(v) * (1 - sigmoid(v))),
    )
    expect(slope('sigmoid', points).data[0]).to.be.closeTo(4.54e-5, 1e-7)
    close(
      slope('tanh', points),
      points.map((v) => 1 - Math.tanh(v) ** 2),
    )
  })
  it('a function must keep the shape and return a tensor', () => {
    const x = t([1, 2], [1, 2])
    expect(() =>
      run(
        layers.activation((v) => ops.sum(v)),
        x,
      ),
    ).to.throw(ShapeError, /keep the shape/)
    expect(() => run(layers.activation((() => 3) as never), x)).to.throw(OptionError, /Tensor/)
    expect(() => layers.activation(undefined as never)).to.throw(OptionError, /undefined/)
    expect(() => layers.activation('swish' as never)).to.throw(OptionError, /swish/)
  })
})

describe('5.7 layers.dropout', () => {
  const drop =
    (keepProb: number, stream: number) =>
    (x: Tensor): Tensor =>
      layers.dropout({ keepProb }).build(x.shape.slice(1), 'dropout_1').call(x, {}, { training: true, stream }).a
  // A derivative traces the call; concrete tensors would have no random stream of a step.
  const mask = (rows: number, columns: number, keepProb = 0.8, stream = 1): Float64Array => {
    const x = t(new Float64Array(rows * columns).fill(1), [rows, columns])
    return (grad((v: Tensor) => ops.sum(drop(keepProb, stream)(v)))(x)[0] as Tensor).data as Float64Array
  }
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
    const squared = grad((v: Tensor) => ops.sumSquares(drop(0.5, 3)(v)))(x)[0] as Tensor
    const kept = mask(2, 20, 0.5, 3)
    close(
      squared,
      x.data.map((v, i) => 2 * v * kept[i] ** 2),
    )
  })
  it('is the identity outside training and with keepProb 1', () => {
    const x = t([1, 2, 3], [1, 3])
    expect(run(layers.dropout({ keepProb: 0.1 }), x)).to.equal(x)
    expect(drop(1, 0)(x)).to.equal(x)
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
    const built = layers.normalize().build([2], 'normalize_1')
    expect(built.needsAdapt).to.equal(true)
    expect(built.weights.map(({ name, statistic, trainable }) => [name, statistic, trainable])).to.deep.equal([
      ['mean', true, false],
      ['variance', true, false],
    ])
    expect(layers.normalize({ mean: 0, variance: 1 }).build([2], 'normalize_1').needsAdapt).to.equal(false)
  })
  it('refuses bad options', () => {
    expect(() => layers.normalize({ mean: [1] })).to.throw(OptionError, /together/)
    expect(() => layers.normalize({ mean: [1], variance: [-1] })).to.throw(OptionError, /variance.*-1/)
    expect(() => layers.normalize({ mean: [NaN], variance: [1] })).to.throw(OptionError, /mean.*NaN/)
    expect(() => layers.normalize({ mean: [1, 2], variance: [1, 2] }).build([3], 'normalize_1')).to.throw(
      ShapeError,
      /1 or 3 numbers.*got 2/,
    )
    expect(() => layers.normalize({ std: 1 } as never)).to.throw(OptionError, /std/)
  })
})

describe('layers.flatten and layers.lambda', () => {
  it('flatten keeps rows', () => {
    const a = run(
      layers.flatten(),
      t(
        Array.from({ length: 12 }, (_, i) => i),
        [2, 3, 2],
      ),
    )
    expect(a.shape).to.deep.equal([2, 6])
    close(
      a,
      Array.from({ length: 12 }, (_, i) => i),
    )
    expect(layers.flatten().build([4, 5], 'flatten_1').outputShape).to.deep.equal([20])
    expect(() => layers.flatten({ axis: 1 } as never)).to.throw(OptionError, /axis/)
  })
  it('lambda finds its output shape', () => {
    const layer = layers.lambda((x) => ops.sum(x, { axis: 1, keepDims: true }), { name: 'total' })
    expect(layer.build([5], 'total').outputShape).to.deep.equal([1])
    close(run(layer, t([1, 2, 3, 4], [2, 2])), [3, 7])
  })
  it('lambda must keep the batch and return a tensor', () => {
    expect(() => layers.lambda((x) => ops.sum(x)).build([5], 'lambda_1')).to.throw(ShapeError, /lambda_1.*batch/)
    expect(() => layers.lambda((x) => ops.transpose(x)).build([5], 'lambda_1')).to.throw(ShapeError, /lambda_1.*batch/)
    expect(() => layers.lambda((() => 3) as never).build([5], 'lambda_1')).to.throw(OptionError, /lambda_1.*got 3/)
    expect(() => layers.lambda(3 as never)).to.throw(OptionError, /function/)
  })
  it('errors inside a lambda name the layer', () => {
    expect(() => layers.lambda((x) => ops.matmul(x, t([1, 2], [1, 2]))).build([5], 'mixer')).to.throw(
      ShapeError,
      /mixer/,
    )
  })
})

describe('layer configs', () => {
  const roundTrip = (layer: Layer, custom?: Custom): Layer =>
    layerFromConfig(layer.kind, JSON.parse(JSON.stringify(layer.config)), layer.name, custom)
  it('every built-in layer comes back from its config', () => {
    const swish = (z: Tensor): Tensor => ops.mul(z, ops.sigmoid(z))
    const total = (x: Tensor): Tensor => ops.sum(x, { axis: 1, keepDims: true })
    const custom = { swish, total }
    const dense = layers.dense({
      units: 3,
      activation: { name: 'leakyRelu', slope: 0.3 },
      kernelInitializer: initializers.normal({ variance: 2 }),
      useBias: false,
      name: 'first',
    })
    const all = [
      dense,
      layers.dense({ units: 2, activation: swish, trainable: false }),
      layers.dropout({ rate: 0.25, name: 'drop' }),
      layers.activation('softmax'),
      layers.activation(swish),
      layers.normalize({ mean: [1, 2], variance: [3, 4] }),
      layers.normalize(),
      layers.flatten(),
      layers.lambda(total, { name: 'total' }),
    ]
    const x = t([0.5, -1], [1, 2])
    for (const layer of all) {
      const again = roundTrip(layer, custom)
      expect([again.kind, again.name, again.config]).to.deep.equal([layer.kind, layer.name, layer.config])
      expect(run(again, x).toArray()).to.deep.equal(run(layer, x).toArray())
    }
  })
  it('unnamed functions have no config', () => {
    expect(layers.dense({ units: 1, activation: (z) => z }).config).to.equal(null)
    expect(layers.activation((z) => z).config).to.equal(null)
    expect(layers.lambda((x) => x).config).to.equal(null)
  })
  it('what is missing among the custom objects is named', () => {
    const named = layers.lambda((x) => x, { name: 'total' })
    expect(() => roundTrip(named)).to.throw(/'total'.*custom: \{ total: … \}/)
    expect(() => layerFromConfig('scale', {}, 'scale_1', { scael: () => 1 })).to.throw(/'scale'.*given: 'scael'/)
  })
})
