import { expect } from 'chai'
import { ShapeError } from '../../lib/base/errors'
import { close } from '../numbers'
import { classes, measure, values } from './support'

describe('mean absolute and squared error', () => {
  it('over examples and outputs', () => {
    close([measure('meanAbsoluteError', values(2), [1, 2, 3, 4], [2, 2, 1, 4.5])], [3.5 / 4])
    close([measure('meanSquaredError', values(1), [1, 2, 3, 4], [2, 2, 1, 4.5], 2)], [5.25 / 4])
  })
  it('refuse class numbers', () => {
    expect(() => measure('meanAbsoluteError', classes(2), [0, 1], [1, 0, 0, 1])).to.throw(ShapeError, /class numbers/)
  })
})
