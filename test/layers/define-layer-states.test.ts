import { expect } from 'chai'
import {
  defineLayer,
  DTypeError,
  layers,
  loadModel,
  ops,
  OptionError,
  sequential,
  ShapeError,
  type Tensor,
} from '../../lib'
import { t } from '../numbers'
import { rejected } from '../model/support'
import { inference } from './support'

/** What call returns as updates, from the mean of the batch. */
type Updates = (mean: Tensor, w: { mean: Tensor; steps: Tensor }) => unknown

const tracking = (updates: Updates) =>
  defineLayer({
    name: 'tracking',
    build: (shape, _config: object, add) => ({
      gain: add('gain', shape, { initializer: 'ones' }),
      mean: add('lastMean', shape, { role: 'state' }),
      steps: add('steps', [], { role: 'state', initializer: 'ones' }),
    }),
    call: (x, w) => {
      const mean = ops.mean(x, { axis: 0, keepDims: true })
      return { value: ops.mul(ops.sub(x, w.mean), w.gain), updates: updates(mean, w) as { mean: Tensor } }
    },
  })

const both: Updates = (mean, w) => ({ mean, steps: ops.add(w.steps, 1) })
const x = t([1, 2, 3, 6], [2, 2])

function trained(updates: Updates, optimizer: 'adam' | 'gradientDescent' = 'adam') {
  const made = sequential({
    inputShape: [2],
    seed: 1,
    dtype: 'float64',
    layers: [tracking(updates)({ name: 'tracked' }), layers.dense({ units: 1 })],
  })
  return made.compile({ optimizer, loss: 'meanSquaredError' })
}
const stateOf = (made: ReturnType<typeof trained>) => {
  const [tracked] = made.getWeights() as unknown as Record<string, Tensor>[]
  return { mean: [...tracked.lastMean.data], steps: tracked.steps.item() }
}

describe('defineLayer with states', () => {
  it('declares them: not trainable, zeros at first unless another initialiser is given', () => {
    const built = tracking(both)().build([[2]], 'tracking_1')
    expect(built.weights.map(({ name, shape, role, trainable }) => [name, shape, role, trainable])).to.deep.equal([
      ['gain', [2], 'weight', true],
      ['lastMean', [2], 'state', false],
      ['steps', [], 'state', false],
    ])
    using made = trained(both)
    expect(stateOf(made)).to.deep.equal({ mean: [0, 0], steps: 1 })
  })
  it('a row [1, n] and a list [n] both fit a state [n]; others keep their shape', () => {
    for (const shape of [[1, 2], [2]]) {
      const built = tracking((mean) => ({ mean: ops.reshape(mean, shape) }))().build([[2]], 'tracking_1')
      const w = { gain: t([1, 1]), lastMean: t([0, 0]), steps: t(1) }
      const { updates } = built.call([x], w, inference)
      expect(Object.keys(updates!)).to.deep.equal(['lastMean'])
      expect([updates!.lastMean.shape, [...updates!.lastMean.data]]).to.deep.equal([[2], [2, 4]])
    }
  })
  it('are written with each step; those that call leaves out stay', async () => {
    using made = trained(both)
    await made.fit(x, [1, 2], { epochs: 3 })
    expect(stateOf(made)).to.deep.equal({ mean: [2, 4], steps: 4 })
    using partly = trained((mean) => ({ mean, steps: undefined }))
    await partly.trainOnBatch(x, [1, 2])
    expect(stateOf(partly)).to.deep.equal({ mean: [2, 4], steps: 1 })
  })
  it('a step whose state is not finite is not committed', async () => {
    using made = trained((_, w) => ({ steps: ops.div(1, ops.sub(2, w.steps)) }))
    await made.trainOnBatch(x, [1, 2]) // steps: 1 / (2 − 1)
    made.setWeights([{ name: 'tracked', gain: [1, 1], lastMean: [0, 0], steps: 2 }], { partial: true })
    const before = made.getWeights().map((entry) => Object.values(entry).map(String))
    const error = await rejected(made.trainOnBatch(x, [1, 2]))
    expect(error.name).to.equal('NonFiniteError')
    expect(made.getWeights().map((entry) => Object.values(entry).map(String))).to.deep.equal(before)
  })
  it('a frozen layer ignores updates, and goes on when it is no longer frozen', async () => {
    using made = trained(both)
    made.freeze('tracked')
    await made.fit(x, [1, 2], { epochs: 2 })
    expect(stateOf(made)).to.deep.equal({ mean: [0, 0], steps: 1 })
    made.unfreeze('tracked')
    await made.trainOnBatch(x, [1, 2])
    expect(stateOf(made)).to.deep.equal({ mean: [2, 4], steps: 2 })
  })
  it('are loaded with the model, and counted on', async () => {
    using made = trained(both)
    await made.fit(x, [1, 2], { epochs: 2 })
    using loaded = await loadModel(made.toBytes(), { custom: { tracking: tracking(both) } })
    for (const each of [made, loaded]) await each.fit(x, [1, 2], { epochs: 5, initialEpoch: 2 })
    expect(stateOf(loaded as typeof made)).to.deep.equal({ mean: [2, 4], steps: 6 })
    expect(String(loaded.getWeights()[1].weight)).to.equal(String(made.getWeights()[1].weight))
  })
  it('refuses updates of other names, shapes and kinds', () => {
    const build = (updates: Updates) => () => tracking(updates)().build([[2]], 'tracked')
    expect(build((mean) => ({ mean, spread: mean }))).to.throw(
      OptionError,
      /tracked: call returned an update of 'spread'; its states: mean, steps\..*role: 'state'/,
    )
    expect(build((mean) => ({ gain: mean }))).to.throw(OptionError, /an update of 'gain'; its states: mean, steps/)
    expect(build((mean) => ({ mean: ops.sum(mean) }))).to.throw(
      ShapeError,
      "tracked: update of 'mean': expected shape [2], got [].",
    )
    expect(build((mean) => ({ steps: mean }))).to.throw(
      ShapeError,
      /update of 'steps': expected shape \[\], got \[1, 2\]/,
    )
    expect(build(() => ({ mean: 3 }))).to.throw(OptionError, /update of 'mean': expected a Tensor, got 3/)
    expect(build((mean) => ({ mean: ops.cast(mean, 'int32') }))).to.throw(
      DTypeError,
      /update of 'mean': expected floating numbers, got int32/,
    )
    const stateless = defineLayer({ name: 'plain', call: (v) => ({ value: v, updates: { mean: v } as never }) })
    expect(() => stateless().build([[2]], 'plain_1')).to.throw(OptionError, /'mean'; its states: none/)
  })
  it('refuses states that training would change', () => {
    const declared = (options: object) => () =>
      defineLayer({
        name: 'odd',
        build: (shape, _config: object, add) => ({ mean: add('mean', shape, options as { role: 'state' }) }),
        call: (v) => v,
      })().build([[2]], 'odd_1')
    expect(declared({ role: 'state', trainable: true })).to.throw(
      OptionError,
      /odd_1.*'mean': expected a state without trainable/,
    )
    expect(declared({ role: 'state', regularizer: { penalty: () => ({}), config: {} } })).to.throw(
      OptionError,
      /without regularizer/,
    )
    expect(declared({ role: 'statistic' })).to.throw(OptionError, /role: .*'statistic'/)
  })
})
