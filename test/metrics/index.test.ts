import { expect } from 'chai'
import { OptionError } from '../../lib/base/errors'
import { losses } from '../../lib/losses'
import { largerIsBetter, metricContext, metricFromConfig, toMetrics, type MetricSpec } from '../../lib/metrics'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { binary, classes, metric, values } from './support'

const { binaryCrossentropy, categoricalCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } = losses

describe('metrics', () => {
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
  it('say whether larger values are better, in histories too', () => {
    for (const name of ['accuracy', 'f1', 'val_auc', 'val_head_recall', 'head_precision', 'my_accuracy'])
      expect(largerIsBetter(name), name).to.equal(true)
    for (const name of ['loss', 'val_dataLoss', 'head_loss', 'meanAbsoluteError', 'val_meanSquaredError'])
      expect(largerIsBetter(name), name).to.equal(false)
    for (const name of ['inaccuracy', 'val_r2', 'learningRate', 'gloss'])
      expect(largerIsBetter(name), name).to.equal(null)
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
  })
})
