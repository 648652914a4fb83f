import { expect } from 'chai'
import { OptionError } from '../../../lib/base/errors'
import { layers } from '../../../lib/layers'
import * as ops from '../../../lib/ops'
import type { Tensor } from '../../../lib/tensor/tensor'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { inference, run } from '../support'

const cubed = (z: Tensor): Tensor => ops.power(z, 3)

describeLayer('activation', {
  make: (options) => layers.activation('tanh', options),
  uses: {
    tanh: { layer: () => layers.activation('tanh'), inputs: [[4]], output: [4] },
    'softmax, along the last axis': { layer: () => layers.activation('softmax'), inputs: [[2, 3]], output: [2, 3] },
    'one with an option': {
      layer: () => layers.activation({ name: 'leakyRelu', slope: 0.3 }),
      inputs: [[4]],
      output: [4],
    },
    'a function': { layer: () => layers.activation(cubed), inputs: [[4]], output: [4], custom: { cubed } },
  },
})

describe('layers.activation', () => {
  const x = t([-1, 0.5], [1, 2])
  it('keeps the shape; its input is z', () => {
    const built = layers.activation('tanh').build([[2]], 'activation_1')
    expect([built.outputShape, built.weights, built.activation]).to.deep.equal([[2], [], 'tanh'])
    const { z, a } = built.call([x], {}, inference)
    expect(z).to.equal(x)
    close(a, [Math.tanh(-1), Math.tanh(0.5)])
  })
  it('takes options and functions as dense does', () => {
    close(run(layers.activation({ name: 'leakyRelu', slope: 0.5 }), x), [-0.5, 0.5])
    close(
      run(
        layers.activation((z) => z),
        x,
      ),
      [-1, 0.5],
    )
  })
  it('refuses what is no activation', () => {
    expect(() => layers.activation(undefined as never)).to.throw(OptionError, /undefined/)
    expect(() => layers.activation('swish' as never)).to.throw(OptionError, /swish/)
    expect(() => layers.activation('tanh', { nam: 'a' } as never)).to.throw(OptionError, /'name'/)
  })
})
