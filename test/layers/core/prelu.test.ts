import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { grad } from '../../../lib/functions/grad'
import { initializers } from '../../../lib/initializers'
import { layers } from '../../../lib/layers'
import * as ops from '../../../lib/ops'
import { regularizers } from '../../../lib/regularizers'
import type { Tensor } from '../../../lib/tensor/tensor'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { inference, run } from '../support'

describeLayer('prelu', {
  uses: {
    'with its defaults': { layer: () => layers.prelu(), inputs: [[4]], output: [4] },
    'over two axes, with options': {
      layer: () =>
        layers.prelu({
          alphaInitializer: initializers.uniform({ min: 0, max: 1 }),
          alphaRegularizer: regularizers.l2({ l2: 0.1 }),
        }),
      inputs: [[2, 3]],
      output: [2, 3],
    },
  },
})

describe('layers.prelu', () => {
  const x = t(
    [
      [-4, 2, -1],
      [3, -2, 0],
    ],
    [1, 2, 3],
  )
  it('x from 0 on, alpha·x below, one alpha for each entry of the last axis', () => {
    close(run(layers.prelu(), x, { alpha: t([0.5, -1, 2]) }), [-2, 2, -2, 3, 2, 0])
    close(run(layers.prelu(), x), [-1, 2, -0.25, 3, -0.5, 0])
  })
  it('derivatives: 1 from 0 on and alpha below; by alpha the sum of the negative x', () => {
    const built = layers.prelu().build([[2, 3]], 'p')
    const cost = (value: Tensor, alpha: Tensor) => ops.sum(built.call([value], { alpha }, inference).a)
    const [dx, dalpha] = grad(cost)(x, t([0.5, -1, 2])) as Tensor[]
    close(dx, [0.5, 1, 2, 1, -1, 1])
    close(dalpha, [-4, -2, -1])
  })
  it('refuses bad options and an input without an axis', () => {
    expect(() => layers.prelu({ alphaInitializer: 'one' as never })).to.throw(OptionError, /prelu: alphaInitializer/)
    expect(() => layers.prelu({ alphaRegularizer: 1 as never })).to.throw(OptionError, /prelu: alphaRegularizer/)
    expect(() => layers.prelu({ alpha: 0.3 } as never)).to.throw(OptionError, /'alpha'/)
    expect(() => layers.prelu().build([[]], 'p')).to.throw(ShapeError, /p: prelu expects.*got \[m\]/)
  })
})
