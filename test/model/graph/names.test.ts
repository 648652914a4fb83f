import { expect } from 'chai'
import * as my from '../../../lib'

const { input, layers, model, OptionError } = my

const rows = [
  [1, 2],
  [0.5, -1],
  [0.1, 0.2],
]
const targets = [1, 2, 3]

/** A record with its names as own properties, '__proto__' too. */
const record = <T>(names: readonly string[], of: (i: number) => T): Record<string, T> =>
  Object.fromEntries(names.map((name, i) => [name, of(i)]))

/** Inputs of two numbers, outputs of one, by these names. */
function net(inputs: readonly string[], outputs: readonly string[]) {
  const values = inputs.map(() => input({ shape: [2] }))
  const hidden = values.map((value) => layers.dense({ units: 3, activation: 'tanh' }).apply(value))
  const joined = layers.concat().apply([...hidden, ...hidden])
  return model({
    inputs: record(inputs, (i) => values[i]),
    outputs: record(outputs, () => layers.dense({ units: 1 }).apply(joined)),
    seed: 1,
  })
}

function compiled(outputs: readonly string[], metrics?: Record<string, my.MetricSpec[]>) {
  const made = net(['a'], outputs)
  return made.compile({ optimizer: 'adam', loss: record(outputs, () => 'meanSquaredError' as const), metrics })
}

describe('names of layers', () => {
  it('may be those of properties that every object has', async () => {
    const names = ['constructor', '__proto__', 'toString', 'z']
    const made = my.sequential({
      inputShape: [2],
      layers: names.map((name) => layers.dense({ units: 2, activation: 'tanh', name })),
    })
    const found = await made.activations(rows)
    expect(Object.keys(found)).to.deep.equal(names)
    expect(found.z!.a.toArray()).to.deep.equal((await made.predict(rows)).toArray())
    for (const untouched of [{}, Object]) expect(untouched).to.not.have.any.keys('a', 'z')
    expect('a' in {}).to.equal(false)
  })
})

describe('names of inputs and outputs', () => {
  for (const [inputs, outputs] of [
    [
      ['constructor', '__proto__'],
      ['toString', '__proto__'],
    ],
    [['hasOwnProperty'], ['valueOf']],
    [
      ['data', 'shape'],
      ['shape', 'data'],
    ],
    [
      ['1', '0'],
      ['2', '1'],
    ],
    [['name'], ['then', 'loss', 'accuracy', 'val_a']],
  ])
    it(`${inputs.join()} to ${outputs.join()} train, predict and come back from a file`, async () => {
      const x = record(inputs, () => rows)
      const y = record(outputs, () => targets)
      const made = net(inputs, outputs)
      made.compile({
        optimizer: 'adam',
        loss: record(outputs, () => 'meanSquaredError' as const),
        metrics: record(outputs.slice(0, 1), () => ['meanAbsoluteError' as const]),
      })
      const sampleWeight = record(outputs.slice(1), () => [1, 0, 2])
      const { epochs } = await made.fit(x, y, { epochs: 2, validationData: [x, y], sampleWeight })
      for (const name of outputs) expect(epochs[1], name).to.include.keys(`${name}_loss`, `val_${name}_loss`)
      const predicted = await made.predict(x)
      expect(Object.keys(predicted)).to.have.members([...outputs])
      const again = await my.loadModel<{ inputs: string; outputs: string }>(made.toBytes())
      const repeated = await again.predict(x)
      for (const name of outputs)
        expect(repeated[name].toArray(), name).to.deep.equal(made.predictSync(x)[name].toArray())
    })

  it('outputs whose logs would have one name are refused', () => {
    const bias = { name: 'loss_loss', fn: (t: my.Tensor, p: my.Tensor) => my.ops.mean(my.ops.sub(t, p)) }
    for (const [twice, make] of [
      ['val_loss', () => compiled(['val'])],
      ['val_a_loss', () => compiled(['a', 'val_a'])],
      ['a_loss_loss', () => compiled(['a', 'a_loss'], { a: [bias] })],
    ] as const)
      expect(make, twice)
        .to.throw(OptionError, `compile: expected names of outputs and metrics that tell`)
        .with.property('message')
        .that.includes(`'${twice}'`)
  })
})
