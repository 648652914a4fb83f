import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { losses } from '../../lib/losses'
import {
  metricContext,
  metricFromConfig,
  toMetrics,
  type Metric,
  type MetricContext,
  type MetricSpec,
} from '../../lib/metrics'
import * as ops from '../../lib/ops'
import { tensor, type Tensor } from '../../lib/tensor/tensor'
import { close } from '../numbers'

const { binaryCrossentropy, categoricalCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } = losses
const binary: MetricContext = { kind: 'binary', outputs: 1, fromLogits: false }
const classes = (outputs: number, fromLogits = false): MetricContext => ({ kind: 'classes', outputs, fromLogits })
const values = (outputs: number): MetricContext => ({ kind: 'values', outputs, fromLogits: false })
const metric = (spec: MetricSpec, context: MetricContext): Metric => toMetrics('compile: metrics', [spec], context)[0]
const rows = (data: number[], width: number): Tensor => tensor(data, [data.length / width, width], { dtype: 'float64' })

/** The metric over batches of `size` rows, as training adds it up. */
function measure(spec: MetricSpec, context: MetricContext, yTrue: number[], yPred: number[], size = 3): number {
  const one = metric(spec, context)
  const m = yPred.length / context.outputs
  const width = yTrue.length / m
  let totals: Float64Array[] = []
  for (let row = 0; row < m; row += size) {
    const end = Math.min(m, row + size)
    const y = yTrue.slice(row * width, end * width)
    const truth = width === 1 && context.kind === 'classes' ? tensor(y, { dtype: 'float64' }) : rows(y, width)
    const batch = one.statistics(
      truth,
      rows(yPred.slice(row * context.outputs, end * context.outputs), context.outputs),
    )
    totals = batch.map((value, i) => Float64Array.from(value.data, (v, k) => v + (totals[i]?.[k] ?? 0)))
  }
  return one.finish(totals, m)
}

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

describe('metrics', () => {
  const y = [1, 0, 1, 1, 0, 0, 1]
  const p = [0.9, 0.6, 0.4, 0.7, 0.2, 0.5, 0.51] // yes: rows 0, 1, 3, 6 → tp 3, fp 1, fn 1, tn 2

  it('accuracy at the threshold 0.5', () => close([measure('accuracy', binary, y, p)], [5 / 7]))
  it('precision, recall and f1', () => {
    close([measure('precision', binary, y, p)], [3 / 4])
    close([measure('recall', binary, y, p)], [3 / 4])
    close([measure('f1', binary, [1, 1, 1, 0], [0.9, 0.1, 0.2, 0.3])], [2 / 4])
    close([measure('precision', binary, [1, 1], [0.1, 0.2])], [0])
    close([measure('f1', binary, [0, 0], [0.1, 0.2])], [0])
  })
  it('scores instead of probabilities have the threshold 0', () => {
    const z = p.map((v) => Math.log(v / (1 - v)))
    close([measure('accuracy', { ...binary, fromLogits: true }, y, z)], [5 / 7])
  })
  it('several sigmoid outputs: accuracy over all of them', () => {
    close([measure('accuracy', { ...binary, outputs: 2 }, [1, 0, 1, 1], [0.9, 0.9, 0.8, 0.1])], [2 / 4])
  })
  it('classes: largest wins, one-hot and class numbers alike', () => {
    const probabilities = [0.2, 0.5, 0.3, 0.6, 0.3, 0.1, 0.1, 0.2, 0.7, 0.4, 0.35, 0.25]
    close([measure('accuracy', classes(3), [1, 0, 1, 2], probabilities)], [2 / 4])
    close([measure('accuracy', classes(3), [0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1], probabilities)], [2 / 4])
  })
  it('macro averages over the classes that occur', () => {
    // predicted 1, 0, 2, 0 for true 1, 0, 1, 0 among 4 classes
    const probabilities = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]
    const truth = [1, 0, 1, 0]
    close([measure('precision', classes(4), truth, probabilities)], [(1 + 1 + 0) / 3])
    close([measure('recall', classes(4), truth, probabilities)], [(1 + 0.5 + 0) / 3])
    close([measure('f1', classes(4), truth, probabilities)], [(1 + 2 / 3 + 0) / 3])
  })
  it('mean absolute and squared error, over outputs too', () => {
    close([measure('meanAbsoluteError', values(2), [1, 2, 3, 4], [2, 2, 1, 4.5])], [3.5 / 4])
    close([measure('meanSquaredError', values(1), [1, 2, 3, 4], [2, 2, 1, 4.5], 2)], [5.25 / 4])
  })
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
  })
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
  it('what predictions are follows from the loss and the last activation', () => {
    expect(metricContext(binaryCrossentropy(), 'sigmoid', [1])).to.deep.equal(binary)
    expect(metricContext(binaryCrossentropy({ fromLogits: true }), 'linear', [1])).to.deep.equal({
      ...binary,
      fromLogits: true,
    })
    expect(metricContext(categoricalCrossentropy(), 'softmax', [3])).to.deep.equal(classes(3))
    expect(metricContext(sparseCategoricalCrossentropy({ fromLogits: true }), 'linear', [3])).to.deep.equal(
      classes(3, true),
    )
    expect(metricContext(meanSquaredError(), 'linear', [2, 2])).to.deep.equal(values(4))
    expect(metricContext(meanSquaredError(), 'sigmoid', [1]).kind).to.equal('binary')
  })
  it('come back from their configs', () => {
    const mine = (a: Tensor, b: Tensor): Tensor => ops.mean(ops.sub(a, b))
    for (const spec of ['accuracy', 'auc', { name: 'mine', fn: mine }] as MetricSpec[]) {
      const config = metric(spec, binary).config
      expect(metricFromConfig(JSON.parse(JSON.stringify(config)), { mine })).to.deep.equal(spec)
    }
  })
  it('refuse what does not fit', () => {
    expect(() => metric('acuracy' as never, binary)).to.throw(OptionError, /metrics\[0\].*'accuracy'/)
    expect(() => metric('accuracy', values(1))).to.throw(OptionError, /plain numbers/)
    expect(() => toMetrics('compile: metrics', ['auc', 'auc'], binary)).to.throw(OptionError, /'auc' twice/)
    expect(() => toMetrics('compile: metrics', 'auc' as never, binary)).to.throw(OptionError, /array/)
    expect(() => metric((() => 1) as never, binary)).to.throw(OptionError, /name/)
    expect(() => metric({ name: 'loss', fn: (a) => a }, binary)).to.throw(OptionError, /'loss' is taken/)
    expect(() => measure('meanAbsoluteError', classes(2), [0, 1], [1, 0, 0, 1])).to.throw(ShapeError, /class numbers/)
  })
})
