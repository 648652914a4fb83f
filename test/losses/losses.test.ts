import { expect } from 'chai'
import { NonFiniteError, OptionError, ShapeError } from '../../lib/base/errors'
import { grad } from '../../lib/functions/grad'
import { lossFromConfig, losses, toLoss, type Loss, type LossInput } from '../../lib/losses'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'

const { binaryCrossentropy, categoricalCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } = losses
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
const behindSigmoid = (z: Tensor): LossInput => ({ z, a: ops.sigmoid(z), activation: 'sigmoid' })
const behindSoftmax = (z: Tensor): LossInput => ({ z, a: ops.softmax(z), activation: 'softmax' })
const linear = (a: Tensor): LossInput => ({ a, activation: 'linear' })
const costs = (loss: Loss, y: Tensor, output: LossInput): Tensor => loss.perExample!(y, output)
const check = (loss: Loss, data: number[], shape: number[], outputShape: number[]) => () =>
  loss.validateTargets('fit: y', Float64Array.from(data), shape, outputShape)

describe('losses', () => {
  it('2.3 binary cross-entropy: −ln a for y = 1, −ln(1−a) for y = 0', () => {
    const z = [-2, 0.5, 3]
    const cost = (y: number[]): Tensor => costs(binaryCrossentropy(), t(y, [3, 1]), behindSigmoid(t(z, [3, 1])))
    expect(cost([1, 1, 1]).shape).to.deep.equal([3, 1])
    close(
      cost([1, 1, 1]),
      z.map((v) => -Math.log(sigmoid(v))),
    )
    close(
      cost([0, 0, 0]),
      z.map((v) => -Math.log(1 - sigmoid(v))),
    )
    close(
      cost([0.5, 0.25, 1]),
      [0.5, 0.25, 1].map((y, i) => -y * Math.log(sigmoid(z[i])) - (1 - y) * Math.log(1 - sigmoid(z[i]))),
    )
  })
  it('2.1 at a = 0.5 the cost is ln 2', () => {
    close(costs(binaryCrossentropy(), t([1, 0], [2, 1]), behindSigmoid(t([0, 0], [2, 1]))), [Math.LN2, Math.LN2])
  })
  it('2.2 z = ±1000: finite cost, gradient a − y', () => {
    const z = t([1000, -1000, 1000, -1000], [4, 1])
    const y = t([0, 1, 1, 0], [4, 1])
    close(costs(binaryCrossentropy(), y, behindSigmoid(z)), [1000, 1000, 0, 0])
    const [gradient] = grad((v: Tensor) => ops.sum(costs(binaryCrossentropy(), y, behindSigmoid(v))))(z)
    close(gradient as Tensor, [1, -1, 0, 0])
    const far = t([1000, -1000, 0], [1, 3])
    close(costs(categoricalCrossentropy(), t([0, 1, 0], [1, 3]), behindSoftmax(far)), [2000])
  })
  it('binary cross-entropy averages over several outputs; a target without the axis fits one output', () => {
    const z = [0.3, -1, 2, 0.1]
    const y = [1, 0, 1, 1]
    const each = z.map((v, i) => -y[i] * Math.log(sigmoid(v)) - (1 - y[i]) * Math.log(1 - sigmoid(v)))
    close(costs(binaryCrossentropy(), t(y, [2, 2]), behindSigmoid(t(z, [2, 2]))), [
      (each[0] + each[1]) / 2,
      (each[2] + each[3]) / 2,
    ])
    close(costs(binaryCrossentropy(), t(y, [4]), behindSigmoid(t(z, [4, 1]))), each)
  })
  it('categorical and sparse categorical cross-entropy agree: −ln a_y', () => {
    const z = [1, 2, 3, 0, 0, 0.5]
    const classes = [2, 0]
    const expected = classes.map((c, i) => {
      const row = z.slice(3 * i, 3 * i + 3)
      return Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[c]
    })
    const output = behindSoftmax(t(z, [2, 3]))
    close(costs(categoricalCrossentropy(), t([0, 0, 1, 1, 0, 0], [2, 3]), output), expected)
    close(costs(sparseCategoricalCrossentropy(), t(classes), output), expected)
    close(costs(sparseCategoricalCrossentropy(), t(classes, [2, 1]), output), expected)
    close(costs(sparseCategoricalCrossentropy({ fromLogits: true }), t(classes), linear(t(z, [2, 3]))), expected)
  })
  it('from logits and from the values of a custom activation: the same numbers', () => {
    const z = t([-1.5, 0.25], [2, 1])
    const y = t([1, 0], [2, 1])
    const expected = costs(binaryCrossentropy(), y, behindSigmoid(z)).data
    close(costs(binaryCrossentropy({ fromLogits: true }), y, linear(z)), expected)
    close(costs(binaryCrossentropy(), y, { a: ops.sigmoid(z), activation: 'custom' }), expected)
  })
  it('mean squared error averages over the outputs', () => {
    close(costs(meanSquaredError(), t([1, 2, 3, 4], [2, 2]), linear(t([1, 4, 0, 4], [2, 2]))), [2, 4.5])
    close(costs(meanSquaredError(), t([1, 2]), linear(t([3, 2], [2, 1]))), [4, 0])
    close(costs(meanSquaredError(), t([1, 2, 3, 4], [1, 2, 2]), linear(t([0, 0, 0, 0], [1, 2, 2]))), [30 / 4])
  })
  it('2.15 squared error behind a sigmoid warns: its curvature at z = −2, y = 1 is −0.119, cross-entropy has +0.105', () => {
    expect(meanSquaredError().checkOutput('sigmoid', [1])).to.match(/not convex/)
    expect(meanSquaredError().checkOutput('linear', [1])).to.equal(null)
    const curvature = (loss: Loss): number => {
      const y = t([1], [1, 1])
      const slope = (z: Tensor): Tensor =>
        grad((v: Tensor) => ops.sum(costs(loss, y, behindSigmoid(v))))(z)[0] as Tensor
      return (grad((z: Tensor) => ops.sum(slope(z)))(t([-2], [1, 1]))[0] as Tensor).item()
    }
    expect(curvature(meanSquaredError())).to.be.closeTo(-0.119, 5e-4)
    expect(curvature(binaryCrossentropy())).to.be.closeTo(0.105, 5e-4)
  })
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
  it('a cross-entropy over an output that does not fit throws', () => {
    expect(() => binaryCrossentropy().checkOutput('linear', [1])).to.throw(
      OptionError,
      /'sigmoid'.*'linear'.*fromLogits/,
    )
    expect(() => binaryCrossentropy().checkOutput('softmax', [2])).to.throw(OptionError, /'sigmoid'.*'softmax'/)
    expect(() => categoricalCrossentropy().checkOutput('sigmoid', [3])).to.throw(OptionError, /'softmax'/)
    expect(() => sparseCategoricalCrossentropy().checkOutput('softmax', [1])).to.throw(ShapeError, /binaryCrossentropy/)
    expect(() => categoricalCrossentropy().checkOutput('softmax', [2, 3])).to.throw(ShapeError, /flatten/)
    expect(() => binaryCrossentropy({ fromLogits: true }).checkOutput('sigmoid', [1])).to.throw(OptionError, /linear/)
    expect(binaryCrossentropy({ fromLogits: true }).checkOutput('linear', [1])).to.equal(null)
    expect(binaryCrossentropy().checkOutput('custom', [1])).to.match(/precision/)
  })
  it('come back from their configs', () => {
    for (const loss of [
      binaryCrossentropy({ fromLogits: true }),
      categoricalCrossentropy(),
      sparseCategoricalCrossentropy(),
      meanSquaredError(),
    ]) {
      const again = lossFromConfig(JSON.parse(JSON.stringify(loss.config)))
      expect([again.name, again.fromLogits, again.config]).to.deep.equal([loss.name, loss.fromLogits, loss.config])
    }
  })
  it('refuse unknown names and options', () => {
    expect(() => toLoss('compile: loss', 'binaryCrossEntropy' as never)).to.throw(OptionError, /'binaryCrossentropy'/)
    expect(() => toLoss('compile: loss', 5 as never)).to.throw(OptionError, /got 5/)
    expect(() => binaryCrossentropy({ logits: true } as never)).to.throw(OptionError, /fromLogits/)
  })
})

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
