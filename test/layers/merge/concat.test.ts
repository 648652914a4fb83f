import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { layers } from '../../../lib/layers'
import { t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { inference } from '../support'

describeLayer('concat', {
  uses: {
    'along the last axis': { layer: () => layers.concat(), inputs: [[2], [3], [1]], output: [6] },
    'along the first axis of an example': {
      layer: () => layers.concat({ axis: 0 }),
      inputs: [
        [2, 3],
        [1, 3],
      ],
      output: [3, 3],
    },
    'along an axis from the end': {
      layer: () => layers.concat({ axis: -2 }),
      inputs: [
        [2, 2, 3],
        [2, 1, 3],
      ],
      output: [2, 3, 3],
    },
  },
})

describe('layers.concat', () => {
  const a = t([1, 2, 3, 4], [1, 2, 2])
  const b = t([5, 6, 7, 8], [1, 2, 2])
  const joined = (axis?: number) =>
    layers
      .concat({ axis })
      .build(
        [
          [2, 2],
          [2, 2],
        ],
        'joined',
      )
      .call([a, b], {}, inference)
      .a.toArray()

  it('puts inputs one after the other; axes do not count the batch', () => {
    const wide = [
      [
        [1, 2, 5, 6],
        [3, 4, 7, 8],
      ],
    ]
    expect([joined(), joined(1), joined(-1)]).to.deep.equal([wide, wide, wide])
    const long = [
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    ]
    expect([joined(0), joined(-2)]).to.deep.equal([long, long])
  })
  it('refuses what does not fit', () => {
    expect(() => layers.concat().build([[3]], 'joined')).to.throw(OptionError, /joined: concat expected two or more/)
    expect(() =>
      layers.concat().build(
        [
          [2, 3],
          [4, 3],
        ],
        'joined',
      ),
    ).to.throw(ShapeError, 'joined: concat expected inputs that differ along axis 1 only, like [2, 3], got [4, 3] too')
    expect(() => layers.concat().build([[2, 3], [3]], 'joined')).to.throw(ShapeError, /got \[3\] too/)
    expect(() => layers.concat({ axis: 1 }).build([[2], [3]], 'joined')).to.throw(
      ShapeError,
      'joined: concat of inputs [2]: axis 1 does not exist: expected -1…0 for rank 1.',
    )
    expect(() => layers.concat({ axis: 0.5 })).to.throw(
      OptionError,
      'layers.concat: axis: expected an integer, got 0.5',
    )
    expect(() => layers.concat({ axes: 1 } as never)).to.throw(OptionError, /'axis'/)
  })
})
