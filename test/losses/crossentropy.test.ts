import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { grad } from '../../lib/functions/grad'
import { losses } from '../../lib/losses'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'
import { behindSigmoid, behindSoftmax, costs, linear } from './support'

const { binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy } = losses
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

describe('cross-entropies', () => {
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
  it('a cross-entropy over an output that does not fit throws', () => {
    expect(() => binaryCrossentropy().checkOutput('linear', [1])).to.throw(
      OptionError,
      /'sigmoid'.*'linear'.*fromLogits/,
    )
    expect(() => binaryCrossentropy().checkOutput('softmax', [2])).to.throw(OptionError, /'sigmoid'.*'softmax'/)
    expect(() => categoricalCrossentropy().checkOutput('sigmoid', [3])).to.throw(OptionError, /'softmax'/)
    expect(() => sparseCategoricalCrossentropy().checkOutput('softmax', [1])).to.throw(ShapeError, /binaryCrossentropy/)
    expect(() => categoricalCrossentropy().checkOutput('softmax', [])).to.throw(ShapeError, /classes\], got \[\]/)
    expect(() => binaryCrossentropy({ fromLogits: true }).checkOutput('sigmoid', [1])).to.throw(OptionError, /linear/)
    expect(binaryCrossentropy({ fromLogits: true }).checkOutput('linear', [1])).to.equal(null)
    expect(binaryCrossentropy().checkOutput('custom', [1])).to.match(/precision/)
  })
})
