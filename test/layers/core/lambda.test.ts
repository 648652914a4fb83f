import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { layers } from '../../../lib/layers'
import * as ops from '../../../lib/ops'
import type { Tensor } from '../../../lib/tensor/tensor'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { run } from '../support'

const total = (x: Tensor): Tensor => ops.mul(x, ops.sum(x, { axis: 1, keepDims: true }))
const joined = (a: Tensor, b: Tensor): Tensor => ops.concat([ops.mul(a, b), a], { axis: 1 })

describeLayer('lambda', {
  make: (options) => layers.lambda(total, options),
  uses: {
    'of one tensor': { layer: () => layers.lambda(total), inputs: [[4]], output: [4], custom: { total } },
    'of two, by the name of the layer': {
      layer: () => layers.lambda((a, b) => joined(a, b), { name: 'both' }),
      inputs: [[3], [3]],
      output: [6],
      custom: { both: joined },
    },
  },
})

describe('layers.lambda', () => {
  it('finds its output shape', () => {
    const layer = layers.lambda((x) => ops.sum(x, { axis: 1, keepDims: true }), { name: 'total' })
    expect(layer.build([[5]], 'total').outputShape).to.deep.equal([1])
    close(run(layer, t([1, 2, 3, 4], [2, 2])), [3, 7])
  })
  it('must keep the batch and return a tensor', () => {
    expect(() => layers.lambda((x) => ops.sum(x)).build([[5]], 'lambda_1')).to.throw(ShapeError, /lambda_1.*batch/)
    expect(() => layers.lambda((x) => ops.transpose(x)).build([[5]], 'lambda_1')).to.throw(
      ShapeError,
      /lambda_1.*batch/,
    )
    expect(() => layers.lambda((() => 3) as never).build([[5]], 'lambda_1')).to.throw(OptionError, /lambda_1.*got 3/)
    expect(() => layers.lambda(3 as never)).to.throw(OptionError, /function/)
  })
  it('errors inside name the layer', () => {
    expect(() => layers.lambda((x) => ops.matmul(x, t([1, 2], [1, 2]))).build([[5]], 'mixer')).to.throw(
      ShapeError,
      /mixer/,
    )
  })
})
