import { expect } from 'chai'
import { close } from '../numbers'
import { binary, classes, measure, metric } from './support'

/** Area under the curve by its definition: the share of pairs ordered rightly, ties half. */
function pairs(yTrue: number[], score: number[]): number {
  let right = 0
  let all = 0
  yTrue.forEach((a, i) =>
    yTrue.forEach((b, j) => {
      if (a !== 1 || b !== 0) return
      all++
      right += score[i] > score[j] ? 1 : score[i] === score[j] ? 0.5 : 0
    }),
  )
  return right / all
}

describe('auc', () => {
  const truth = Array.from({ length: 200 }, (_, i) => ((i * 7) % 10 < 4 ? 1 : 0))
  const scores = truth.map((v, i) => Math.round((0.25 * v + ((i * 37) % 101) / 140) * 50) / 50)
  it('exact: pairs ordered rightly, ties half', () => {
    close(
      [metric('auc', binary).exact!(Float64Array.from(truth), Float64Array.from(scores), 200)],
      [pairs(truth, scores)],
    )
  })
  it('from 4,096 thresholds, added over batches', () => {
    expect(measure('auc', binary, truth, scores, 64)).to.be.closeTo(pairs(truth, scores), 1e-3)
  })
  it('perfect, reversed and undefined orders', () => {
    expect(measure('auc', binary, [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])).to.equal(1)
    expect(measure('auc', binary, [1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9])).to.equal(0)
    expect(measure('auc', binary, [1, 1], [0.1, 0.2])).to.be.NaN
    expect(metric('auc', binary).exact!(Float64Array.of(1, 1), Float64Array.of(0, 1), 2)).to.be.NaN
  })
  it('classes: the mean over one against the rest; logits go through softmax', () => {
    const z = [2, 1, 0, 0, 1, 3, 1, 1.5, 0, 0, 2, 1, 3, 0, 1]
    const y3 = [0, 2, 0, 1, 2]
    const q = y3
      .map((_, i) => z.slice(3 * i, 3 * i + 3).map(Math.exp))
      .flatMap((e) => e.map((v) => v / (e[0] + e[1] + e[2])))
    const expected =
      [0, 1, 2].reduce(
        (sum, c) =>
          sum +
          pairs(
            y3.map((v) => (v === c ? 1 : 0)),
            y3.map((_, i) => q[3 * i + c]),
          ),
        0,
      ) / 3
    const context = classes(3, true)
    close([metric('auc', context).exact!(Float64Array.from(y3), Float64Array.from(z), 5)], [expected])
    close([measure('auc', context, y3, z, 2)], [expected])
  })
})
