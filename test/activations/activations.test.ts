import { expect } from 'chai'
import { activationFromConfig, toActivation, type ActivationSpec } from '../../lib/activations'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { grad } from '../../lib/functions/grad'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'

const apply = (spec: ActivationSpec, z: Tensor): Tensor => toActivation('test', spec).apply(z)

describe('3.3 activations', () => {
  const z = [-10, -0.5, 0, 0.5, 10]
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v))
  const formulas: [ActivationSpec, (v: number) => number][] = [
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
      close(apply(spec, t(z, [1, 5])), z.map(formula)),
    )
  }
  it('softmax sums to 1 along the last axis', () => {
    const a = apply('softmax', t([1, 2, 3, 1000, 0, -1000], [2, 3]))
    const total = Math.exp(-2) + Math.exp(-1) + 1
    close(a, [Math.exp(-2) / total, Math.exp(-1) / total, 1 / total, 1, 0, 0])
  })
  it('3.4 derivatives, with g′(0) = 1 for relu and leakyRelu', () => {
    const slope = (spec: ActivationSpec, at: number[]): Tensor =>
      grad((x: Tensor) => ops.sum(apply(spec, x)))(t(at, [1, at.length]))[0] as Tensor
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
    const total = (v: Tensor): Tensor => ops.sum(v)
    expect(() => apply(total, x)).to.throw(ShapeError, /keep the shape/)
    expect(() => apply((() => 3) as never, x)).to.throw(OptionError, /Tensor/)
  })
  it('come back from their configs', () => {
    const cube = (v: Tensor): Tensor => ops.mul(v, ops.mul(v, v))
    const specs: ActivationSpec[] = [
      'tanh',
      'hardSwish',
      { name: 'leakyRelu', slope: 0.2 },
      { name: 'elu', alpha: 0.5 },
      { name: 'gelu', approximate: true },
      { name: 'cube', fn: cube },
    ]
    for (const spec of specs) {
      const { config } = toActivation('test', spec)
      const again = activationFromConfig('test', JSON.parse(JSON.stringify(config)), { cube })
      expect(again).to.deep.equal(spec)
    }
    expect(activationFromConfig('test', undefined)).to.equal(undefined)
    expect(toActivation('test', 'leakyRelu').config).to.deep.equal({ name: 'leakyRelu', slope: 0.01 })
    expect(toActivation('test', 'elu').config).to.deep.equal({ name: 'elu', alpha: 1 })
    expect(toActivation('test', 'gelu').config).to.deep.equal({ name: 'gelu', approximate: false })
  })
  it('refuse unknown names, and options of another activation', () => {
    expect(() => toActivation('dense: activation', 'reluu' as never)).to.throw(OptionError, /'relu'/)
    expect(() => toActivation('dense: activation', 3 as never)).to.throw(
      OptionError,
      /\{ name, slope, alpha, approximate \}.*got 3/,
    )
    expect(() => toActivation('dense: activation', { name: 'relu', slope: 1 })).to.throw(
      OptionError,
      "'slope' belongs to 'leakyRelu', not to 'relu'",
    )
    expect(() => toActivation('dense: activation', { name: 'leakyRelu', slop: 1 } as never)).to.throw(
      OptionError,
      /'slope'/,
    )
    expect(() => toActivation('dense: activation', { name: 'leakyRelu', slope: NaN })).to.throw(OptionError, /slope/)
    expect(() => toActivation('dense: activation', { name: 'selu', alpha: 1 })).to.throw(
      OptionError,
      "'alpha' belongs to 'elu', not to 'selu'",
    )
    expect(() => toActivation('dense: activation', { name: 'elu', alpha: Infinity })).to.throw(
      OptionError,
      'dense: activation: alpha: expected a finite number, got Infinity',
    )
    expect(() => toActivation('dense: activation', { name: 'gelu', approximate: 'tanh' as never })).to.throw(
      OptionError,
      'dense: activation: approximate: expected true or false, got "tanh"',
    )
  })
})
