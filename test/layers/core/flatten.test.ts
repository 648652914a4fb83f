import { expect } from 'chai'
import { OptionError } from '../../../lib/base/errors'
import { layers } from '../../../lib/layers'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { run } from '../support'

describeLayer('flatten', {
  uses: {
    'three axes': { layer: () => layers.flatten(), inputs: [[2, 3, 2]], output: [12] },
    'one axis': { layer: () => layers.flatten(), inputs: [[3]], output: [3] },
  },
})

describe('layers.flatten', () => {
  it('keeps rows', () => {
    const values = Array.from({ length: 12 }, (_, i) => i)
    const a = run(layers.flatten(), t(values, [2, 3, 2]))
    expect(a.shape).to.deep.equal([2, 6])
    close(a, values)
    expect(layers.flatten().build([[4, 5]], 'flatten_1').outputShape).to.deep.equal([20])
    expect(() => layers.flatten({ axis: 1 } as never)).to.throw(OptionError, /axis/)
  })
})
