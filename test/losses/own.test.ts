import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { lossFromConfig, toLoss } from '../../lib/losses'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'

describe('own losses', () => {
  it('a user’s function gives a scalar, or is told so', () => {
    const halfSquares = (yTrue: Tensor, yPred: Tensor): Tensor =>
      ops.mul(0.5, ops.mean(ops.square(ops.sub(yTrue, yPred))))
    const loss = toLoss('compile: loss', halfSquares)
    expect(loss.config).to.deep.equal({ custom: 'halfSquares' })
    close(loss.custom!(t([1, 2], [2, 1]), t([0, 0], [2, 1])), [1.25])
    expect(lossFromConfig(loss.config, { halfSquares }).name).to.equal('custom')
    const rows = toLoss('compile: loss', (yTrue) => yTrue)
    expect(() => rows.custom!(t([1, 2]), t([1, 2]))).to.throw(ShapeError, /scalar.*\[2\].*ops.mean/)
    expect(() => toLoss('compile: loss', (() => 3) as never).custom!(t([1]), t([1]))).to.throw(OptionError, /Tensor.*3/)
  })
})
