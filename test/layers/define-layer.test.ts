import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { grad } from '../../lib/functions/grad'
import { initializers } from '../../lib/initializers'
import { defineLayer, type LayerDefinition } from '../../lib/layers'
import { layerFromConfig } from '../../lib/layers/from-config'
import * as ops from '../../lib/ops'
import { regularizers } from '../../lib/regularizers'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'
import { inference, weightsOf } from './support'

const Scale = defineLayer<{ initial?: number }>({
  name: 'scale',
  build: (inputShape, config, add) => ({
    gain: add('gain', inputShape, { initializer: initializers.constant(config.initial ?? 1) }),
  }),
  call: (x, w) => ops.mul(x, w.gain),
  gradient: (dy, { x, w }) => ({ x: ops.mul(dy, w.gain), weights: { gain: ops.sum(ops.mul(dy, x), { axis: 0 }) } }),
})

/** A layer like Scale whose gradient function is the given one. */
const withGradient = (gradient: unknown): ReturnType<typeof Scale> =>
  defineLayer({
    name: 'odd',
    build: (inputShape, _config: object, add) => ({ gain: add('gain', inputShape) }),
    call: (x, w) => ops.mul(x, w.gain),
    gradient: gradient as never,
  })()

const gradients = (layer: ReturnType<typeof Scale>, x: Tensor, gain: Tensor): Tensor[] => {
  const built = layer.build([[x.shape[1]]], 'odd_1')
  return grad((v: Tensor, g: Tensor) => ops.sumSquares(built.call([v], { gain: g }, inference).a))(x, gain) as Tensor[]
}

describe('defineLayer', () => {
  const x = t([1, 2, 3, 4, 5, 6], [2, 3])
  const gain = t([2, -1, 0.5])

  it('builds weights and computes', () => {
    const layer = Scale({ initial: 2 })
    expect([layer.kind, layer.config, Scale.kind]).to.deep.equal(['scale', { initial: 2 }, 'scale'])
    const built = layer.build([[3]], 'scale_1')
    expect(built.outputShape).to.deep.equal([3])
    expect(built.weights.map(({ name, shape, trainable }) => [name, shape, trainable])).to.deep.equal([
      ['gain', [3], true],
    ])
    close(
      built.call([x], weightsOf(built), inference).a,
      x.data.map((v) => 2 * v),
    )
  })
  it('4.5 its own gradient equals the derived one', () => {
    const derived = defineLayer({
      name: 'derived',
      build: (inputShape, _config: object, add) => ({ gain: add('gain', inputShape) }),
      call: (v, w) => ops.mul(v, w.gain),
    })()
    const [dx, dgain] = gradients(Scale(), x, gain)
    const expected = gradients(derived, x, gain)
    close(dx, expected[0].data)
    close(dgain, expected[1].data)
    expect(dgain.shape).to.deep.equal([3])
  })
  it('its own gradient is really used', () => {
    const [dx, dgain] = gradients(
      withGradient((dy: Tensor, { w }: { w: { gain: Tensor } }) => ({
        x: ops.mul(dy, 0),
        weights: { gain: ops.mul(w.gain, 7) },
      })),
      x,
      gain,
    )
    close(dx, new Float64Array(6))
    close(
      dgain,
      gain.data.map((v) => 7 * v),
    )
  })
  it('x: null is no gradient; captured tensors are gradients too', () => {
    const [dx, dgain] = gradients(
      withGradient(() => ({ x: null, weights: { gain: t([1, 2, 3]) } })),
      x,
      gain,
    )
    close(dx, new Float64Array(6))
    close(dgain, [1, 2, 3])
  })
  it('wrong gradients are named', () => {
    const attempt = (result: unknown) => () =>
      gradients(
        withGradient((dy: Tensor) => (typeof result === 'function' ? result(dy) : result)),
        x,
        gain,
      )
    expect(attempt((dy: Tensor) => ({ x: ops.sum(dy), weights: { gain: dy } }))).to.throw(
      ShapeError,
      /odd_1: gradient of 'x': expected shape \[2, 3\], got \[\]/,
    )
    expect(attempt((dy: Tensor) => ({ x: dy, weights: { gain: dy } }))).to.throw(
      ShapeError,
      /odd_1: gradient of 'gain': expected shape \[3\], got \[2, 3\]/,
    )
    expect(attempt((dy: Tensor) => ({ x: dy, weights: {} }))).to.throw(
      OptionError,
      /odd_1: gradient of 'gain': expected a Tensor/,
    )
    expect(attempt((dy: Tensor) => ({ x: dy, weights: { gain: t([1, 2, 3]), bias: dy } }))).to.throw(
      OptionError,
      /'bias'; its weights: gain/,
    )
    expect(attempt(undefined)).to.throw(OptionError, /\{ x, weights/)
  })
  it('several weights of any rank: a small recurrent step against loops', () => {
    const Mix = defineLayer({
      name: 'mix',
      build: ([inputs], config: { units: number }, add) => ({
        kernel: add('kernel', [inputs, config.units], {
          initializer: 'xavier',
          regularizer: regularizers.l2({ lambda: 1 }),
        }),
        shift: add('shift', [config.units], { trainable: false, initializer: 'ones' }),
        factor: add('factor', [], { initializer: initializers.constant(3) }),
      }),
      call: (v, w, { config }) => ops.mul(w.factor, ops.add(ops.matmul(v, w.kernel), ops.mul(config.units, w.shift))),
    })
    const built = Mix({ units: 2 }).build([[3]], 'mix_1')
    expect(built.outputShape).to.deep.equal([2])
    expect(built.weights.map((w) => [w.name, w.shape, w.trainable, w.regularizer !== undefined])).to.deep.equal([
      ['kernel', [3, 2], true, true],
      ['shift', [2], false, false],
      ['factor', [], true, false],
    ])
    const kernel = [1, 2, 3, 4, 5, 6]
    const y = built.call([x], { kernel: t(kernel, [3, 2]), shift: t([1, 1]), factor: t(3) }, inference).a
    const expected: number[] = []
    for (let i = 0; i < 2; i++)
      for (let u = 0; u < 2; u++)
        expected.push(3 * ([0, 1, 2].reduce((s, k) => s + x.data[3 * i + k] * kernel[2 * k + u], 0) + 2))
    close(y, expected)
  })
  it('without weights, and with the training flag', () => {
    const Noisy = defineLayer({ name: 'noisy', call: (v, _w, { training }) => (training ? ops.mul(v, 2) : v) })
    const built = Noisy().build([[3]], 'noisy_1')
    close(
      built.call([x], {}, { training: true, trainable: true, stream: 0 }).a,
      x.data.map((v) => 2 * v),
    )
    close(built.call([x], {}, inference).a, x.data)
  })
  it('comes back from its config through custom', () => {
    const layer = layerFromConfig('scale', { initial: 4 }, { name: 'mine' }, { scale: Scale })
    expect([layer.name, layer.config]).to.deep.equal(['mine', { initial: 4 }])
    close(weightsOf(layer.build([[1]], 'mine')).gain, [4])
    expect(Scale({ initial: 1, name: 'named' }).name).to.equal('named')
    expect(Scale({ initial: (() => 1) as never }).config).to.equal(null)
  })
  it('refuses bad definitions', () => {
    const define = (changes: object) => () =>
      defineLayer({ name: 'bad', call: (v: Tensor) => v, ...changes } as LayerDefinition<object, never>)().build(
        [[3]],
        'bad_1',
      )
    expect(define({ name: '' })).to.throw(OptionError, /name/)
    expect(define({ name: 'flatten' })).to.throw(OptionError, /name: expected another one .* got 'flatten'/)
    expect(define({ call: 3 })).to.throw(OptionError, /'bad': call/)
    expect(define({ gradients: () => 0 })).to.throw(OptionError, /'gradient'/)
    expect(define({ build: () => 3 })).to.throw(OptionError, /bad_1: build must return/)
    expect(define({ build: () => ({ gain: 3 }) })).to.throw(OptionError, /what add/)
    expect(
      define({ build: (_s: unknown, _c: unknown, add: (...args: unknown[]) => unknown) => (add('a', [3]), {}) }),
    ).to.throw(OptionError, /'a' but does not return/)
    const adding = (...args: unknown[]) =>
      define({ build: (_s: unknown, _c: unknown, add: (...a: unknown[]) => unknown) => ({ a: add(...args) }) })
    expect(adding('a', [0])).to.throw(ShapeError, /weight 'a'/)
    expect(adding('a.b', [1])).to.throw(OptionError, /a\.b/)
    expect(adding('__proto__', [1])).to.throw(OptionError, /'__proto__' cannot be a weight's name/)
    expect(adding('a', [1], { init: 'ones' })).to.throw(OptionError, /weight 'a'.*initializer/)
    expect(adding('a', [1], { initializer: 'one' })).to.throw(OptionError, /'ones'/)
    expect(define({ call: (v: Tensor) => ops.sum(v) })).to.throw(ShapeError, /bad_1.*batch/)
    expect(define({ call: () => undefined })).to.throw(OptionError, /bad_1.*Tensor/)
    expect(() => Scale(3 as never)).to.throw(OptionError, /scale/)
  })
})
