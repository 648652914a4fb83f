import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { layers } from '../../../lib/layers'
import { t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { run } from '../support'

describeLayer('reshape', {
  uses: {
    'to two axes': { layer: () => layers.reshape({ shape: [2, 3] }), inputs: [[6]], output: [2, 3] },
    'with a size that follows': { layer: () => layers.reshape({ shape: [3, -1] }), inputs: [[2, 6]], output: [3, 4] },
  },
})

describe('layers.reshape', () => {
  it('keeps numbers row by row, and the batch', () => {
    const x = t([1, 2, 3, 4, 5, 6, 7, 8], [2, 4])
    expect(run(layers.reshape({ shape: [2, 2] }), x).toArray()).to.deep.equal([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ])
    expect(layers.reshape({ shape: [-1] }).build([[]], 'r').outputShape).to.deep.equal([1])
  })
  it('refuses inputs of another number of elements', () => {
    const built = (shape: number[]) => () => layers.reshape({ shape }).build([[2, 5]], 'square')
    expect(built([3, 3])).to.throw(
      ShapeError,
      'square: expected inputs whose numbers fill [any, 3, 3], got [any, 2, 5]',
    )
    expect(built([4, -1])).to.throw(ShapeError, /fill \[any, 4, -1\], got \[any, 2, 5\] with 10 numbers/)
  })
  it('refuses what is no shape', () => {
    for (const shape of [undefined, 3, [0, 2], [-1, -1], [-2], [1.5], ['2']])
      expect(() => layers.reshape({ shape } as never), String(shape)).to.throw(OptionError, /layers\.reshape: shape/)
    expect(() => layers.reshape(undefined as never)).to.throw(OptionError, /shape/)
  })
})
