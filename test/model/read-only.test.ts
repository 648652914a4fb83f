/** What models, listings, layers and optimisers tell cannot be set: an assignment that did nothing would mislead. */
import { inspect } from 'node:util'
import { expect } from 'chai'
import { layers, optimizers, sequential, StateError } from '../../lib'

/** Assigns as code does that is not strict: where a frozen object ignores it without a word. */
const assign = new Function('object', 'name', 'value', 'object[name] = value') as (
  object: object,
  name: string,
  value: unknown,
) => void

describe('assignments that nothing would come of', () => {
  const base = layers.dense({ units: 4, activation: 'tanh', name: 'base' })
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [base, layers.dropout({ keepProb: 0.5 }), layers.dense({ units: 1 })],
  })
  const optimizer = optimizers.adam()
  after(() => model.dispose())

  const refused: [string, object, string, string][] = [
    [
      'layer of a model',
      model.layers[0],
      'trainable',
      "layer 'base': 'trainable' cannot be set.*model.freeze\\('base'\\)",
    ],
    ['weight', model.layers[0].weights[1], 'trainable', "'base.bias': 'trainable'.*model.freeze\\('base'\\)"],
    ['activation', model.layers[0], 'activation', "layer 'base': 'activation'.*make a model"],
    ['option', model.layers[0], 'units', "layer 'base': 'units' cannot be set"],
    ['option of dropout', model.layers[1], 'keepProb', "layer 'dropout_1': 'keepProb' cannot be set"],
    ['input', model.inputs[0], 'name', "input 'x': 'name' cannot be set"],
    ['output', model.outputs[0], 'activation', "output 'y': 'activation' cannot be set"],
    ['rate of a model', model, 'learningRate', "model: 'learningRate'.*model.setLearningRate"],
    ['trainable of a model', model, 'trainable', "model: 'trainable'.*model.freeze"],
    ['optimiser of a model', model, 'optimizer', "model: 'optimizer'.*model.compile"],
    ['name of a model', model, 'name', "model: 'name'.*when the model is made"],
    ['device of a model', model, 'device', "model: 'device'.*model.to"],
    ['layer', base, 'trainable', "base: 'trainable'.*when the layer is made"],
    ['option of a layer', base, 'units', "base: 'units'.*when it is made"],
    ['rate of an optimiser', optimizer, 'learningRate', "optimizers.adam: 'learningRate'.*model.setLearningRate"],
    ['option of an optimiser', optimizer, 'beta1', "optimizers.adam: 'beta1'.*Make another optimiser"],
  ]
  for (const [what, object, name, message] of refused)
    it(what, () => {
      const before = (object as Record<string, unknown>)[name]
      expect(() => assign(object, name, false)).to.throw(StateError, new RegExp(message))
      expect((object as Record<string, unknown>)[name]).to.equal(before)
    })

  it('are of objects that look and copy as plain ones', () => {
    const plain = { name: 'weight', shape: [4, 2], role: 'weight', trainable: true }
    expect(model.layers[0].weights[0]).to.deep.equal(plain)
    expect(inspect(model.layers[0].weights[0])).to.equal(inspect(plain))
    expect(JSON.parse(JSON.stringify(model.layers[0]))).to.deep.equal({ ...model.layers[0] })
    expect(structuredClone(model.layers[0].weights[0])).to.deep.equal(plain)
    expect('learningRate' in model && Object.keys(model).includes('learningRate')).to.equal(false)
  })

  it('do not reach the model through a shape', () => {
    expect(() => (model.layers[0].outputShape as number[]).push(3)).to.throw(TypeError)
    expect(model.outputShape).to.deep.equal([1])
  })
})
