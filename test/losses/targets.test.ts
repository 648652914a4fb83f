import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { losses, type Loss } from '../../lib/losses'

const { binaryCrossentropy, categoricalCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } = losses
const check = (loss: Loss, data: number[], shape: number[], outputShape: number[]) => () =>
  loss.checkTargetShape('fit: y', shape, shape[0] ?? 1, outputShape) ??
  loss.checkTargetValues('fit: y', Float64Array.from(data), outputShape)

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
      /\[2, 3\].*\[2\].*sparseCategorical/,
    )
    expect(check(sparseCategoricalCrossentropy(), [0, 1, 1, 0], [2, 2], [2])).to.throw(
      ShapeError,
      /one-hot.*categoricalCrossentropy/,
    )
    expect(check(meanSquaredError(), [1, 2], [2], [2])).to.throw(ShapeError, /\[2, 2\].*\[2\]/)
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
    expect(() => binaryCrossentropy().checkTargetValues('fit: y', Float64Array.of(0, 3), [2], 7)).to.throw(
      OptionError,
      /got 3 at row 7, column 1/,
    )
  })
})
