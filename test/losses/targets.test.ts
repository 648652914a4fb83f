import { expect } from 'chai'
import { NonFiniteError, OptionError, ShapeError } from '../../lib/base/errors'
import { losses, toLoss, type Loss } from '../../lib/losses'
import { t } from '../numbers'

const { binaryCrossentropy, categoricalCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } = losses
const check = (loss: Loss, data: number[], shape: number[], outputShape: number[]) => () =>
  loss.validateTargets('fit: y', Float64Array.from(data), shape, outputShape)

describe('targets', () => {
  it('shapes: what fits', () => {
    check(sparseCategoricalCrossentropy(), [0, 2], [2], [3])()
    check(sparseCategoricalCrossentropy(), [0, 2], [2, 1], [3])()
    check(binaryCrossentropy(), [0, 1], [2], [1])()
    check(binaryCrossentropy(), [0, 1], [2, 1], [1])()
    check(categoricalCrossentropy(), [0.5, 0.5, 1, 0], [2, 2], [2])()
    check(meanSquaredError(), [-5, 1e9], [1, 2], [2])()
  })
  it('shapes: what does not', () => {
    expect(check(categoricalCrossentropy(), [0, 2], [2], [3])).to.throw(
      ShapeError,
      /\[m, 3\].*\[2\].*sparseCategorical/,
    )
    expect(check(sparseCategoricalCrossentropy(), [0, 1, 1, 0], [2, 2], [2])).to.throw(
      ShapeError,
      /one-hot.*categoricalCrossentropy/,
    )
    expect(check(meanSquaredError(), [1, 2], [2], [2])).to.throw(ShapeError, /\[m, 2\].*\[2\]/)
    expect(check(meanSquaredError(), [1], [], [1])).to.throw(ShapeError)
  })
  it('values: the row, the expected and the received', () => {
    expect(check(sparseCategoricalCrossentropy(), [0, 3], [2], [3])).to.throw(OptionError, /0 to 2.*got 3 at row 1/)
    expect(check(sparseCategoricalCrossentropy(), [0, 0.5], [2], [3])).to.throw(OptionError, /got 0.5 at row 1/)
    expect(check(sparseCategoricalCrossentropy(), [-1], [1], [3])).to.throw(OptionError, /got -1 at row 0/)
    expect(check(binaryCrossentropy(), [0, 1, 2, 0], [2, 2], [2])).to.throw(
      OptionError,
      /\[0, 1\].*got 2 at row 1, column 0/,
    )
    expect(check(categoricalCrossentropy(), [1, 0, 1, 1], [2, 2], [2])).to.throw(OptionError, /row 1 sums to 2/)
    expect(check(categoricalCrossentropy(), [1, 0, 2, -1], [2, 2], [2])).to.throw(
      OptionError,
      /got 2 at row 1, column 0/,
    )
    for (const bad of [NaN, Infinity]) {
      expect(check(meanSquaredError(), [1, bad], [2, 1], [1])).to.throw(NonFiniteError, /at row 1/)
      expect(
        check(
          toLoss('loss', () => t(0)),
          [1, bad],
          [2],
          [1],
        ),
      ).to.throw(NonFiniteError, /at row 1/)
    }
  })
})
