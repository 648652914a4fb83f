import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close } from '../numbers'
import { measure, values } from './support'

describe('own metrics', () => {
  it('a function: batch means weighted by size', () => {
    const worst = { name: 'worst', fn: (a: Tensor, b: Tensor) => ops.max(ops.abs(ops.sub(a, b))) }
    close([measure(worst, values(1), [0, 0, 0, 0], [1, 2, 3, 7], 3)], [(3 * 3 + 7) / 4])
    expect(() => measure({ name: 'rows', fn: (a) => a }, values(1), [1, 2], [1, 2])).to.throw(
      ShapeError,
      /metric 'rows'.*scalar/,
    )
    expect(() => measure({ name: 'n', fn: (() => 1) as never }, values(1), [1], [1])).to.throw(
      OptionError,
      /metric 'n'.*Tensor/,
    )
    const lost = { name: '__proto__', fn: (a: Tensor) => ops.mean(a) }
    expect(() => measure(lost, values(1), [1], [1])).to.throw(OptionError, /'__proto__' is taken/)
  })
})
