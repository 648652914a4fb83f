import { expect } from 'chai'
import { atOnce } from '../../lib/base/slices'
import { isRanked, type MetricContext, type RankedMetric } from '../../lib/metrics'
import { close } from '../numbers'
import { binary, classes, metric } from './support'

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

function auc(context: MetricContext, yTrue: number[], yPred: number[]): number {
  const found = metric('auc', context)
  if (!isRanked(found)) throw new Error('auc is expected to need all rows')
  const rows = yPred.length / (context.outputs * context.positions)
  return atOnce(found.ofAll(Float64Array.from(yTrue), Float64Array.from(yPred), rows))
}

/** The class of a row against the rest. */
const oneAgainst = (classNumbers: number[], c: number) => classNumbers.map((v) => (v === c ? 1 : 0))

describe('auc', () => {
  const truth = Array.from({ length: 200 }, (_, i) => ((i * 7) % 10 < 4 ? 1 : 0))
  const scores = truth.map((v, i) => Math.round((0.25 * v + ((i * 37) % 101) / 140) * 50) / 50)
  it('pairs ordered rightly, ties half', () => {
    close([auc(binary, truth, scores)], [pairs(truth, scores)])
  })
  it('depends on the order alone: scores far below any grid of thresholds change nothing', () => {
    const rare = scores.map((v) => Math.exp(60 * (v - 2)))
    expect(Math.max(...rare)).to.be.below(1e-10)
    expect(auc(binary, truth, rare)).to.equal(auc(binary, truth, scores))
    const logits = scores.map((v) => 1000 * v - 500)
    expect(auc({ ...binary, fromLogits: true }, truth, logits)).to.equal(auc(binary, truth, scores))
  })
  it('long lists', () => {
    const m = 100_003
    const bit = (i: number) => (Math.imul(i, 2654435761) >>> 0) / 2 ** 32
    const yTrue = Array.from({ length: m }, (_, i) => (bit(i + 7) < 0.01 ? 1 : 0))
    const yPred = yTrue.map((v, i) => Math.floor((bit(3 * i) + v / 3) * 1000))
    // By counting how many of each kind have each score.
    const counts = Array.from({ length: 2000 }, () => [0, 0])
    yPred.forEach((score, i) => counts[score][yTrue[i]]++)
    let [below, right] = [0, 0]
    for (const [no, yes] of counts) {
      right += yes * (below + no / 2)
      below += no
    }
    expect(auc(binary, yTrue, yPred)).to.equal(right / (below * (m - below)))
    const reversed = auc(
      binary,
      yTrue.map((v) => 1 - v),
      yPred,
    )
    expect(reversed).to.be.closeTo(1 - right / (below * (m - below)), 1e-12)
  })
  for (const copies of [1, 500])
    it(`scores of either sign and size, in both dtypes, ${copies} of each`, () => {
      const sizes = [1e-42, 1e-30, 0.1, 1, 1.5, 3e38].map(Math.fround)
      const ascending = [-Infinity, ...sizes.map((v) => -v).reverse(), 0, ...sizes, Infinity]
      const places = Array.from({ length: copies * ascending.length }, (_, i) => (i * 4) % ascending.length)
      const found = metric('auc', { ...binary, fromLogits: true }) as RankedMetric
      for (const typed of [Float32Array, Float64Array])
        for (let positives = 1; positives < ascending.length; positives++) {
          const yTrue = typed.from(places.map((place) => (place >= positives ? 1 : 0)))
          const yPred = typed.from(places.map((place) => ascending[place]))
          expect(atOnce(found.ofAll(yTrue, yPred, places.length))).to.equal(1)
        }
      const zeros = Array.from({ length: 4 * copies }, (_, i) => [0, -0, -0, 0][i % 4])
      expect(
        auc(
          binary,
          zeros.map((_, i) => (i + 1) % 2),
          zeros,
        ),
      ).to.equal(0.5)
    })
  it('perfect, reversed and undefined orders', () => {
    expect(auc(binary, [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])).to.equal(1)
    expect(auc(binary, [1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9])).to.equal(0)
    expect(auc(binary, [1, 1], [0.1, 0.2])).to.be.NaN
    expect(auc(binary, [0, 0], [0.1, 0.2])).to.be.NaN
    expect(auc(binary, [0, 1], [0.1, NaN])).to.be.NaN
    expect(auc({ ...binary, fromLogits: true }, [0, 1], [-Infinity, Infinity])).to.equal(1)
  })
  it('several outputs: the mean of those that have both classes', () => {
    const two = { ...binary, outputs: 2 }
    expect(auc(two, [0, 1, 1, 1, 0, 1], [0.1, 0.1, 0.2, 0.2, 0.3, 0.3])).to.equal(0.5)
    expect(auc(two, [0, 1, 1, 0, 1, 1], [0.1, 0.1, 0.2, 0.2, 0.3, 0.3])).to.equal(0.75)
  })
  it('classes: the mean over one against the rest; logits go through softmax', () => {
    const z = [2, 1, 0, 0, 1, 3, 1, 1.5, 0, 0, 2, 1, 3, 0, 1]
    const y3 = [0, 2, 0, 1, 2]
    const q = y3
      .map((_, i) => z.slice(3 * i, 3 * i + 3).map(Math.exp))
      .flatMap((e) => e.map((v) => v / (e[0] + e[1] + e[2])))
    const column = (c: number) => y3.map((_, i) => q[3 * i + c])
    const expected = [0, 1, 2].reduce((sum, c) => sum + pairs(oneAgainst(y3, c), column(c)), 0) / 3
    close([auc(classes(3, true), y3, z), auc(classes(3), y3, q)], [expected, expected])
    // Rows that sum to 1 have the class of their largest entry, as in accuracy.
    const soft = y3.flatMap((v) => [0, 1, 2].map((c) => (v === c ? 0.4 : 0.3)))
    close([auc(classes(3), soft, q)], [expected])
  })
  it('logits of classes stay apart where probabilities round to 0 and 1', () => {
    const z = [90, 0, -5, 100, 0, -5, 0, 70, 2, 0, 80, 2, 1, 0, 900, 1, 0, 800]
    const y3 = [0, 0, 1, 1, 2, 2]
    const logOdds = (row: number, c: number) => {
      const others = [0, 1, 2].filter((j) => j !== c).map((j) => z[3 * row + j])
      const top = Math.max(...others)
      return z[3 * row + c] - top - Math.log(others.reduce((sum, v) => sum + Math.exp(v - top), 0))
    }
    for (const turn of [0, 1, 2]) {
      const turned = y3.map((_, i) => y3[(i + turn) % 6])
      const expected = [0, 1, 2].map((c) =>
        pairs(
          oneAgainst(turned, c),
          y3.map((_, row) => logOdds(row, c)),
        ),
      )
      close([auc(classes(3, true), turned, z)], [expected.reduce((a, b) => a + b, 0) / 3])
    }
    expect(auc(classes(2, true), [0, 0, 1], [0, -Infinity, 2, -1, -1, 2])).to.equal(1)
  })
})
