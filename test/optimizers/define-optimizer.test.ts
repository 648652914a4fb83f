import { expect } from 'chai'
import {
  defineOptimizer,
  layers,
  loadModel,
  model,
  input,
  ops,
  optimizers,
  sequential,
  type Optimizer,
} from '../../lib'
import { DTypeError, FormatError, OptionError, ShapeError } from '../../lib/base/errors'
import { lossFromConfig, toLoss } from '../../lib/losses'
import type { Tensor } from '../../lib/tensor/tensor'

/** Adam, as a user would write it. */
const Mine = defineOptimizer({
  name: 'mine',
  slots: ['v', 's'],
  scalars: (t, { beta1 = 0.9, beta2 = 0.999 }: { beta1?: number; beta2?: number }) => ({
    first: 1 - beta1 ** t,
    second: 1 - beta2 ** t,
  }),
  update({ weight, gradient, slots, learningRate, scalars, config: { beta1 = 0.9, beta2 = 0.999 } }) {
    const v = ops.add(ops.mul(beta1, slots.v), ops.mul(1 - beta1, gradient))
    const s = ops.add(ops.mul(beta2, slots.s), ops.mul(1 - beta2, ops.square(gradient)))
    const step = ops.div(ops.div(v, scalars.first), ops.add(ops.sqrt(ops.div(s, scalars.second)), 1e-8))
    return { weight: ops.sub(weight, ops.mul(learningRate, step)), slots: { v, s } }
  },
})
const custom = { mine: Mine }
const x = Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(2 * i)])
const y = x.map(([a, b]) => a * b)

function net(optimizer: Optimizer) {
  const made = sequential({
    inputShape: [2],
    seed: 3,
    dtype: 'float64',
    layers: [layers.dense({ units: 5, activation: 'tanh' }), layers.dense({ units: 1 })],
  })
  return made.compile({ optimizer, loss: 'meanSquaredError' })
}
const numbers = (set: readonly object[]) =>
  set.flatMap((entry) => Object.values(entry).flatMap((value) => (typeof value === 'string' ? [] : [...value.data])))

describe('defineOptimizer', () => {
  it('6.5 trains as the library’s rule of the same formula', async () => {
    const [own, built] = [net(Mine({ learningRate: 0.05 })), net(optimizers.adam({ learningRate: 0.05 }))]
    for (const made of [own, built]) await made.fit(x, y, { epochs: 4, batchSize: 5 })
    const expected = numbers(built.getWeights())
    numbers(own.getWeights()).forEach((value, i) => expect(value).to.be.closeTo(expected[i], 1e-12))
  })
  it('is saved with its slots, and goes on to the same bits', async () => {
    const own = net(Mine({ learningRate: 0.05, beta1: 0.8 }))
    await own.fit(x, y, { epochs: 2, batchSize: 5 })
    const again = await loadModel(own.toBytes(), { custom })
    for (const made of [own, again]) await made.fit(x, y, { epochs: 2, batchSize: 5 })
    expect(numbers(again.getWeights())).to.deep.equal(numbers(own.getWeights()))
    let refused: unknown
    await loadModel(own.toBytes()).catch((error: unknown) => (refused = error))
    expect(refused).to.be.instanceOf(FormatError)
    expect((refused as Error).message).to.match(/optimizer 'mine'.*custom: \{ mine/)
  })
  it('is used by hand', async () => {
    const own = net(optimizers.gradientDescent())
    const rule = Mine({ learningRate: 0.1 })
    const before = numbers(own.getWeights())
    rule.apply(own, (await own.costAndGradients(x, y)).gradients)
    // Adam's first step has the size of the learning rate in every number.
    numbers(own.getWeights()).forEach((value, i) => expect(Math.abs(value - before[i])).to.be.closeTo(0.1, 1e-5))
  })
  it('mistakes are found when it is made', () => {
    const make = (changes: object) => () =>
      defineOptimizer({ name: 'odd', update: ({ weight }: { weight: Tensor }) => ({ weight }), ...changes } as never)()
    expect(make({ name: '' })).to.throw(OptionError, /name/)
    expect(make({ name: 'momentum' })).to.throw(OptionError, /name: expected another one .* got 'momentum'/)
    expect(make({ update: 3 })).to.throw(OptionError, /'odd': update/)
    expect(make({ step: () => 0 })).to.throw(OptionError, /unknown option 'step'/)
    expect(make({ slots: ['a', 'a'] })).to.throw(OptionError, /'a' twice/)
    expect(make({ slots: ['a.b'] })).to.throw(OptionError, /slots\[0\].*a\.b/)
    expect(make({ slots: ['a'] })).to.throw(OptionError, /slots\.a: expected a Tensor, got undefined/)
    expect(make({ update: ({ weight }: { weight: Tensor }) => weight })).to.throw(OptionError, /\{ weight, slots \}/)
    expect(make({ update: ({ weight }: { weight: Tensor }) => ({ weight: ops.sum(weight) }) })).to.throw(
      ShapeError,
      /weight: expected the weight's shape \[5, 3\], got \[\]/,
    )
    expect(make({ update: ({ weight }: { weight: Tensor }) => ({ weight: ops.cast(weight, 'int32') }) })).to.throw(
      DTypeError,
      /update: weight: expected floating numbers, got int32/,
    )
    expect(make({ scalars: () => 3 })).to.throw(OptionError, /scalars must return/)
    expect(make({ scalars: () => ({ a: NaN }) })).to.throw(OptionError, /scalars: a: expected a finite number, got NaN/)
    expect(make({ scalars: () => ({ learningRate: 1 }) })).to.throw(OptionError, /another name/)
    expect(() => Mine(3 as never)).to.throw(OptionError, /optimizer 'mine': expected an options object, got 3/)
    expect(() => Mine({ learningRate: -1 })).to.throw(OptionError, /optimizer 'mine': learningRate/)
    expect(Mine({ learningRate: () => 0.1 }).config).to.equal(null)
  })
})

describe('{ name, fn }', () => {
  const square = (yTrue: Tensor, yPred: Tensor) => ops.mean(ops.square(ops.sub(yPred, yTrue)))
  it('names a loss for files', async () => {
    const named = toLoss('loss', { name: 'square', fn: (a, b) => square(a, b) })
    expect(named.config).to.deep.equal({ custom: 'square' })
    expect(
      lossFromConfig({ custom: 'square' }, { square: (a: Tensor, b: Tensor) => square(a, b) }).config,
    ).to.deep.equal({
      custom: 'square',
    })
    const a = input({ shape: [2] })
    const outputs = { p: layers.dense({ units: 1 }).apply(a), q: layers.dense({ units: 1 }).apply(a) }
    const made = model({ inputs: a, outputs, seed: 1 })
    made.compile({ optimizer: 'adam', loss: { p: { name: 'square', fn: square }, q: 'meanSquaredError' } })
    const again = await loadModel<{ outputs: 'p' | 'q' }>(made.toBytes(), { custom: { square } })
    const targets = { p: y, q: y }
    expect(await again.evaluate(x, targets)).to.deep.equal(await made.evaluate(x, targets))
    expect(() => toLoss('loss', { name: 'square' } as never)).to.throw(OptionError, /loss: expected/)
    expect(() => toLoss('loss', { fn: square } as never)).to.throw(OptionError, /loss: name/)
  })
  it('names a layer', () => {
    const twice = layers.lambda({ name: 'twice', fn: (v) => ops.mul(v, 2), trainable: false })
    expect([twice.kind, twice.name, twice.config]).to.deep.equal(['lambda', 'twice', { function: 'twice' }])
    expect(() => layers.lambda({ name: 'twice' } as never)).to.throw(OptionError, /layers.lambda/)
  })
})
