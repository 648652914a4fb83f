import { expect } from 'chai'
import { diagnose, input, layers, model, sequential } from '../../../lib'

describe('diagnose.activationAdvice', () => {
  it('finds the activation behind layers that apply none', () => {
    using tried = sequential({
      inputShape: [4],
      layers: [
        layers.dense({ units: 4 }),
        layers.prelu(),
        layers.dense({ units: 4 }),
        layers.layerNorm(),
        layers.reshape({ shape: [2, 2] }),
        layers.activation('gelu'),
        layers.flatten(),
        layers.dense({ units: 4 }),
        layers.batchNorm(),
        layers.gaussianNoise({ stddev: 0.1 }),
        layers.activation('relu'),
        layers.dense({ units: 4 }),
        layers.layerNorm(),
        layers.dense({ units: 1 }),
        layers.batchNorm(),
        layers.activation('sigmoid'),
      ],
    })
    const advice = diagnose.activationAdvice(tried, { target: 'binary' })
    expect(advice.map(({ layer, activation, better }) => [layer, activation, better])).to.deep.equal([
      ['dense_1', 'prelu', null],
      ['dense_2', 'gelu', null],
      ['dense_3', 'relu', null],
      ['dense_4', 'linear', 'relu'],
      ['dense_5', 'sigmoid', null],
    ])
    expect(advice[0].reason).to.include('learns its slope')
    expect(tried.summary()).to.include('prelu_1 (prelu) ').and.to.include('activation_1 (activation gelu)')
  })
  it('stops where several values are merged', () => {
    const x = input({ shape: [3] })
    const branches = [layers.dense({ units: 2 }), layers.dense({ units: 2 })].map((layer) => layer.apply(x))
    const outputs = layers.activation('tanh').apply(layers.add().apply(branches))
    using tried = model({ inputs: x, outputs })
    const found = diagnose.activationAdvice(tried, { target: 'regression' })
    expect(found.map(({ activation }) => activation)).to.deep.equal(['linear', 'linear'])
  })
})
