/** Outputs […, classes]: losses and metrics over all positions. */
import { expect } from 'chai'
import { layers, OptionError, sequential, ShapeError } from '../../lib'
import { losses } from '../../lib/losses'
import { thrown, rejected } from '../model/support'
import { close, t } from '../numbers'

const z = [0.2, -1, 0.5, 1, 2, -0.3, 0, 0.1, 0.2, -2, 1, 0, 0.7, 0.7, -0.7, 3, 2, 1]
const classes = [2, 0, 1, 1, 0, 2]
const oneHot = classes.flatMap((c) => [0, 1, 2].map((k) => Number(k === c)))

/** −ln softmax(z)_y of each position. */
const each = classes.map((c, i) => {
  const part = z.slice(3 * i, 3 * i + 3)
  return Math.log(part.reduce((sum, v) => sum + Math.exp(v), 0)) - part[c]
})
const expected = [0, 1].map((row) => (each[3 * row] + each[3 * row + 1] + each[3 * row + 2]) / 3)

describe('outputs […, classes]', () => {
  it('cost the mean over their positions', () => {
    const logits = { a: t(z, [2, 3, 3]), activation: 'linear' }
    const options = { fromLogits: true }
    close(losses.sparseCategoricalCrossentropy(options).perExample!(t(classes, [2, 3]), logits), expected)
    close(losses.categoricalCrossentropy(options).perExample!(t(oneHot, [2, 3, 3]), logits), expected)
  })

  it('are judged position by position, and refused by position', async () => {
    const model = sequential({
      inputShape: [3, 3],
      seed: 1,
      dtype: 'float64',
      layers: [layers.activation('softmax')],
    })
    model.compile({
      optimizer: 'adam',
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy', 'f1', 'auc'],
    })
    const x = { data: Float64Array.from(z), shape: [2, 3, 3] }
    const y = { data: Float64Array.from(classes), shape: [2, 3] }
    const found = await model.evaluate(x, y)
    close([found.loss], [(expected[0] + expected[1]) / 2])
    const largest = classes.map((_, i) => [0, 1, 2].sort((a, b) => z[3 * i + b] - z[3 * i + a])[0])
    close([found.accuracy], [classes.filter((c, i) => c === largest[i]).length / 6])
    expect(found.f1).to.be.within(0, 1)
    expect(found.auc).to.be.within(0, 1)
    const flat = sequential({ inputShape: [3], dtype: 'float64', layers: [layers.activation('softmax')] })
    flat.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['f1', 'auc'] })
    const alike = await flat.evaluate({ data: Float64Array.from(z), shape: [6, 3] }, classes)
    expect([found.f1, found.auc]).to.deep.equal([alike.f1, alike.auc])
    const bad = await rejected(
      model.evaluate(x, [
        [0, 1, 2],
        [0, 3, 1],
      ]),
    )
    expect(bad).to.be.instanceOf(OptionError)
    expect(bad.message).to.match(/integers from 0 to 2, got 3 at row 1, column 1/)
    expect((await rejected(model.evaluate(x, [[0], [1]]))) as unknown).to.be.instanceOf(ShapeError)
    expect(await rejected(model.fit(x, y, { classWeight: [1, 2, 3] }))).to.be.instanceOf(OptionError)
  })

  it('need at least two classes', () => {
    expect(thrown(() => losses.categoricalCrossentropy().checkOutput('softmax', [4, 1]))).to.be.instanceOf(ShapeError)
  })
})
