import { expect } from 'chai'
import { initializers } from '../../lib/initializers'
import { layers, type Custom, type Layer } from '../../lib/layers'
import { layerFromConfig, optionsFromConfig } from '../../lib/layers/from-config'
import * as ops from '../../lib/ops'
import { regularizers } from '../../lib/regularizers'
import type { Tensor } from '../../lib/tensor/tensor'

describe('layer configs', () => {
  const roundTrip = (layer: Layer, custom?: Custom): Layer =>
    layerFromConfig(
      layer.kind,
      JSON.parse(JSON.stringify(layer.config)),
      { name: layer.name, trainable: layer.trainable },
      custom,
    )
  it('the name of an option says what its config describes', () => {
    const constant = initializers.constant(2)
    const l2 = regularizers.l2({ lambda: 0.5 })
    const swish = (z: Tensor): Tensor => ops.mul(z, ops.sigmoid(z))
    const config = {
      initializer: constant.config,
      gainInitializer: constant.config,
      regularizer: l2.config,
      gainRegularizer: l2.config,
      activation: { custom: 'swish' },
      gateActivation: { custom: 'swish' },
    }
    const options = optionsFromConfig('scale', { ...config, preactivation: 'tanh', units: 3 }, { swish })
    for (const key of ['initializer', 'gainInitializer'])
      expect(options[key]).to.have.property('create').that.is.a('function')
    for (const key of ['regularizer', 'gainRegularizer'])
      expect(options[key]).to.have.property('penalty').that.is.a('function')
    const named = { name: 'swish', fn: swish }
    expect([options.activation, options.gateActivation]).to.deep.equal([named, named])
    expect([options.preactivation, options.units]).to.deep.equal(['tanh', 3])
  })
  it('unnamed functions have no config', () => {
    expect(layers.dense({ units: 1, activation: (z) => z }).config).to.equal(null)
    expect(layers.activation((z) => z).config).to.equal(null)
    expect(layers.lambda((x) => x).config).to.equal(null)
  })
  it('what is missing among the custom objects is named', () => {
    const named = layers.lambda((x) => x, { name: 'total' })
    expect(() => roundTrip(named)).to.throw(/'total'.*custom: \{ total: … \}/)
    expect(() => layerFromConfig('scale', {}, { name: 'scale_1' }, { scael: () => 1 })).to.throw(
      /'scale'.*given: 'scael'/,
    )
  })
})
