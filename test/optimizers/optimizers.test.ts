import { expect } from 'chai'
import { OptionError } from '../../lib/base/errors'
import { optimizerFromConfig, optimizers, toOptimizer, type Optimizer } from '../../lib/optimizers'
import { schedules } from '../../lib/schedules'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'

const start = [0.5, -1.25, 2, 0]
const gradients = [
  [0.1, -0.2, 0.3, 0],
  [-0.4, 0.05, 1e-3, 0],
  [2, -1, 0.5, 0],
]

/** Weights after each of the gradients, by the recorded updates on concrete tensors. */
function run(
  optimizer: Optimizer,
  steps: readonly number[][] = gradients,
  from: readonly number[] = start,
): number[][] {
  let weight = t([...from])
  let slots: Tensor[] = optimizer.slots.map(() => t(from.map(() => 0)))
  return steps.map((gradient, i) => {
    const values = optimizer.hyperValues(i + 1)
    const hyper: Record<string, Tensor> = { learningRate: t(optimizer.learningRate.value({ epoch: 1, step: i + 1 })) }
    optimizer.hypers.forEach((name, k) => (hyper[name] = t(values[k])))
    const next = optimizer.update(weight, t(gradient), slots, hyper)
    weight = next.weight
    slots = next.slots
    return [...weight.data]
  })
}

/** The same by a rule for one number: state in, new weight out. */
function byHand(rule: (w: number, g: number, state: { v: number; s: number }, step: number) => number): number[][] {
  const weights = [...start]
  const states = start.map(() => ({ v: 0, s: 0 }))
  return gradients.map((gradient, i) => {
    gradient.forEach((g, k) => (weights[k] = rule(weights[k], g, states[k], i + 1)))
    return [...weights]
  })
}

function same(optimizer: Optimizer, rule: Parameters<typeof byHand>[0]): void {
  run(optimizer).forEach((weights, i) => close(weights, byHand(rule)[i], 1e-13))
}

describe('optimisers', () => {
  it('gradientDescent: W − α·dW', () => same(optimizers.gradientDescent({ learningRate: 0.1 }), (w, g) => w - 0.1 * g))

  it('6.5 momentum: both forms', () => {
    same(optimizers.momentum({ learningRate: 0.1, beta: 0.8 }), (w, g, state) => {
      state.v = 0.8 * state.v + 0.2 * g
      return w - 0.1 * state.v
    })
    same(optimizers.momentum({ learningRate: 0.1, beta: 0.8, form: 'sum' }), (w, g, state) => {
      state.v = 0.8 * state.v + g
      return w - 0.1 * state.v
    })
  })
  it("6.5 'sum' with α(1−β) equals 'average' with α", () => {
    const average = run(optimizers.momentum({ learningRate: 0.3 }))
    run(optimizers.momentum({ learningRate: 0.3 * (1 - 0.9), form: 'sum' })).forEach((weights, i) =>
      close(weights, average[i]),
    )
  })
  for (const [epsilon, epsilonRoot] of [
    [1e-8, 0],
    [0, 1e-8],
    [0.1, 0.2],
  ]) {
    it(`6.6 rmsprop: epsilon ${epsilon}, epsilonRoot ${epsilonRoot}`, () =>
      same(optimizers.rmsprop({ learningRate: 0.1, beta2: 0.7, epsilon, epsilonRoot }), (w, g, state) => {
        state.s = 0.7 * state.s + 0.3 * g * g
        return w - (0.1 * g) / (Math.sqrt(state.s + epsilonRoot) + epsilon)
      }))
    it(`6.7 adam and adamw: epsilon ${epsilon}, epsilonRoot ${epsilonRoot}`, () => {
      const step = (g: number, state: { v: number; s: number }, time: number): number => {
        state.v = 0.6 * state.v + 0.4 * g
        state.s = 0.9 * state.s + 0.1 * g * g
        return (0.1 * (state.v / (1 - 0.6 ** time))) / (Math.sqrt(state.s / (1 - 0.9 ** time) + epsilonRoot) + epsilon)
      }
      const options = { learningRate: 0.1, beta1: 0.6, beta2: 0.9, epsilon, epsilonRoot }
      same(optimizers.adam(options), (w, g, state, time) => w - step(g, state, time))
      const decayed = optimizers.adamw({ ...options, weightDecay: 0.5 })
      same(decayed, (w, g, state, time) => w * (1 - 0.1 * 0.5) - step(g, state, time))
    })
  }
  it('6.7 the first step at g = 1e-5: 0.0995·α with ε inside the root, 0.999·α outside', () => {
    const learningRate = 1e-3
    const inside = run(optimizers.adam({ learningRate, epsilon: 0, epsilonRoot: 1e-8 }), [[1e-5]], [0])
    const outside = run(optimizers.adam({ learningRate }), [[1e-5]], [0])
    expect(-inside[0][0] / learningRate).to.be.closeTo(0.0995, 5e-5)
    expect(-outside[0][0] / learningRate).to.be.closeTo(0.999, 5e-4)
  })
  it('defaults are those of the documentation', () => {
    expect(optimizers.gradientDescent().config).to.deep.equal({ learningRate: 0.01 })
    expect(optimizers.momentum().config).to.deep.equal({ learningRate: 0.01, beta: 0.9, form: 'average' })
    expect(optimizers.rmsprop().config).to.deep.equal({ learningRate: 1e-3, beta2: 0.9, epsilon: 1e-8, epsilonRoot: 0 })
    const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonRoot: 0 }
    expect(optimizers.adam().config).to.deep.equal(adam)
    expect(optimizers.adamw().config).to.deep.equal({ ...adam, weightDecay: 0.01 })
  })
  it('come back from their configs', () => {
    const rate = schedules.exponential({ initial: 0.1, beta: 0.5, per: 'step' })
    for (const optimizer of [
      optimizers.gradientDescent({ learningRate: rate }),
      optimizers.momentum({ form: 'sum', beta: 0.3 }),
      optimizers.rmsprop({ epsilon: 0, epsilonRoot: 1e-6 }),
      optimizers.adam({ beta1: 0.1, learningRate: rate }),
      optimizers.adamw({ weightDecay: 0.3 }),
    ]) {
      const again = optimizerFromConfig(optimizer.kind, JSON.parse(JSON.stringify(optimizer.config)))
      expect(again.config).to.deep.equal(optimizer.config)
      expect(run(again)).to.deep.equal(run(optimizer))
    }
    expect(optimizers.adam({ learningRate: () => 0.1 }).config).to.equal(null)
  })
  it('are found by name', () => {
    expect(toOptimizer('compile: optimizer', 'adam').kind).to.equal('adam')
    expect(() => toOptimizer('compile: optimizer', 'Adam' as never)).to.throw(OptionError, /Did you mean 'adam'/)
    expect(() => toOptimizer('compile: optimizer', {} as never)).to.throw(OptionError, /optimizers/)
  })
  it('refuse bad options', () => {
    expect(() => optimizers.adam({ learningrate: 1 } as never)).to.throw(OptionError, /optimizers.adam.*learningRate/)
    expect(() => optimizers.adam({ learningRate: -1 })).to.throw(OptionError, /learningRate.*above 0.*-1/)
    expect(() => optimizers.adam({ beta1: 1 })).to.throw(OptionError, /beta1/)
    expect(() => optimizers.rmsprop({ beta2: -0.1 })).to.throw(OptionError, /beta2/)
    expect(() => optimizers.rmsprop({ epsilon: 0 })).to.throw(OptionError, /epsilonRoot/)
    expect(() => optimizers.momentum({ form: 'nesterov' as never })).to.throw(OptionError, /form/)
    expect(() => optimizers.adamw({ weightDecay: -1 })).to.throw(OptionError, /weightDecay/)
    expect(() => optimizers.gradientDescent({ momentum: 0.9 } as never)).to.throw(OptionError, /momentum/)
  })
})
