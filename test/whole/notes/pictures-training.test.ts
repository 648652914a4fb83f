/** Pictures of training: what is drawn equals the formulas, and every picture becomes SVG. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  data,
  diagnose,
  layers,
  ops,
  optimizers,
  regularizers,
  sequential,
  ShapeError,
  tensor,
  type Value,
} from '../../../lib'
import { History } from '../../../lib/model/train/history'
import * as plot from '../../../lib/plot'
import { bordersOf, drawn, seriesOf, showsAs, specOf, type Point, type Spec } from '../../plot/support'
import { close, matrix, normal, planar, rejected, ring, thrown } from './support'

const bowl = (w1: Value, w2: Value) => ops.add(ops.mul(0.5, ops.mul(w1, w1)), ops.mul(5, ops.mul(w2, w2)))

describe('5.10 the picture of early stopping', () => {
  it('marks the stop, and where the validation cost was least', async () => {
    const run = new History()
    for (let epoch = 1; epoch <= 6; epoch++) {
      const loss = 1 / epoch
      run.epochs.push({ epoch, loss, dataLoss: loss, learningRate: 0.1, val_loss: Math.abs(epoch - 4) + 1 })
      run.addBatches(Float64Array.of(loss))
    }
    run.stopped = 'early'
    const [cost] = specOf(plot.history(run)).vconcat!
    const marks = cost.layer!.slice(2).map((part) => drawn<{ x: number; label: string }>(part)[0])
    expect(marks.map(({ x, label }) => [x, label])).to.deep.equal([
      [6, 'stopped early, epoch 6'],
      [4, 'least validation cost, epoch 4'],
    ])
    await showsAs(plot.history(run), 'stopped early, epoch 6', 'least validation cost, epoch 4', 'validation')
    run.stopped = 'epochs'
    expect(specOf(plot.history(run)).vconcat![0].layer).to.have.length(2)
  })
})

describe('5.17 pictures of underfitting, right and overfitting, and of what λ does', () => {
  it('three boundaries on the same examples, each where its model says one half', async () => {
    const spread = normal(5)
    const noisy = ({ x, y }: ReturnType<typeof ring>) => ({ x: x.map((row) => row.map((v) => v + 0.4 * spread())), y })
    const [train, dev] = [noisy(ring(50, 1)), noisy(ring(400, 2))]
    const trained = async (widths: number[], lambda: number) => {
      const kernelRegularizer = lambda ? regularizers.l2({ lambda }) : undefined
      const model = sequential({
        inputShape: [2],
        seed: 2,
        layers: [
          ...widths.map((units) => layers.dense({ units, activation: 'tanh', kernelRegularizer })),
          layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer }),
        ],
      })
      const optimizer = optimizers.adam({ learningRate: 0.03 })
      model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
      await model.fit(train.x, train.y, { epochs: 1000, batchSize: 'all' })
      return { model, train: await model.evaluate(train.x, train.y), dev: await model.evaluate(dev.x, dev.y) }
    }
    const [under, right, over] = [await trained([], 0), await trained([20, 20], 2), await trained([40, 40], 0)]
    expect(under.train.accuracy, 'high bias').to.be.below(right.train.accuracy - 0.2)
    expect(over.train.dataLoss, 'high variance').to.be.below(right.train.dataLoss / 5)
    expect(over.dev.dataLoss, 'high variance').to.be.above(1.5 * right.dev.dataLoss)
    const models = { 'high bias': under.model, right: right.model, 'high variance': over.model }
    const picture = await plot.decisionBoundaries(models, train.x, train.y, { title: 'Bias and variance' })
    const panels = specOf(picture).concat!
    expect(panels.map(({ title }) => title)).to.deep.equal(Object.keys(models))
    for (const [k, { model }] of [under, right].entries()) {
      const half = bordersOf(panels[k], 1)
      expect(half.length).to.be.above(20)
      close(
        model.predictSync(half.map(({ x, y }) => [x, y])),
        half.map(() => 0.5),
        0.03,
      )
    }
    await showsAs(picture, 'high bias', 'high variance', 'Bias and variance')
  })

  it('‖W‖² against λ, on logarithmic axes', async () => {
    const norms = [
      [0.01, 40],
      [0.1, 7],
      [1, 0.5],
    ] as const
    const picture = plot.lines({ norms }, { x: 'λ', y: '‖W‖²', logX: true, logY: true, points: true })
    expect(seriesOf(drawn<Point>(picture), 'norms')).to.deep.equal(norms)
    await showsAs(picture, '>λ<', '‖W‖²')
    expect(thrown(() => plot.lines({ norms: [[0, 1]] }, { logX: true })).message).to.include('above 0')
  })
})

describe('5.19 the picture of cost contours with raw and with normalised inputs', () => {
  const next = normal(19)
  const x = Array.from({ length: 60 }, () => [100 + 40 * next(), 0.5 + 4 * next()])
  const y = x.map(([a, b]) => 0.02 * a + 0.3 * b + 0.1 * next())

  it('each bowl with its condition number, and gradient descent on it by hand', async () => {
    const picture = plot.costContours(x, y, { inputs: ['size', 'rooms'] })
    const f64 = { dtype: 'float64' } as const
    const inputs = [tensor(x, f64), data.normalizer.fit(tensor(x, f64)).transform(tensor(x, f64))]
    const steps: number[] = []
    specOf(picture).hconcat!.forEach((panel, k) => {
      // The bias at its best: means taken off both sides.
      const X = ops.sub(inputs[k], ops.mean(inputs[k], { axis: 0, keepDims: true }))
      const Y = ops.sub(tensor(y, [60, 1], f64), ops.mean(tensor(y, f64)))
      const cost = (w: Value) => ops.mean(ops.square(ops.sub(ops.matmul(X, w), Y)))
      const { conditionNumber, eigenvalues } = diagnose.curvature(cost, [[[0], [0]]])
      const { subtitle } = panel.title as { subtitle: string }
      expect(Number(/condition number ([\d.e+]+)/.exec(subtitle)![1]) / conditionNumber).to.be.closeTo(1, 0.005)
      const path = seriesOf(drawn<Point>(panel, 2), 'gradient descent')
      steps.push(path.length - 1)
      const rate = 2 / (eigenvalues[0] + eigenvalues[1])
      const [a, b] = path[0]
      const errors = ops.sub(ops.matmul(X, tensor([[a], [b]], f64)), Y)
      const gradient = ops.mul(2 / 60, ops.matmul(X, errors, { transposeA: true }))
      close(path[1], [a - rate * gradient.data[0], b - rate * gradient.data[1]], 1e-6)
      for (const { level, ...at } of bordersOf(panel, 0).filter((_, i) => i % 97 === 0)) {
        const there = ops.sub(ops.matmul(X, tensor([[at.x], [at.y]], f64)), Y)
        expect(ops.mean(ops.square(there)).item() / level).to.be.closeTo(1, 0.05)
      }
    })
    expect(steps[1]).to.be.below(steps[0])
    await showsAs(picture, 'Raw inputs', 'Normalised inputs', 'weight of size', 'condition number')
  })

  it('refuses inputs that do not fit', () => {
    expect(thrown(() => plot.costContours([[1, 2, 3]], [1])).message).to.include('[1, 3]')
    expect(thrown(() => plot.costContours(x, y.slice(1))).message).to.include('same number of rows')
    const flat = x.map(([a]) => [a, 1])
    expect(thrown(() => plot.costContours(flat, y)).message).to.include('constant')
  })
})

describe('6.2 pictures of batch against mini-batch', () => {
  const { x, y } = planar(60, 2)
  const fitted = async (batchSize: number | 'all') => {
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: 'binaryCrossentropy' })
    return model.fit(x, y, { epochs: 5, batchSize })
  }

  it('J of every step, on one scale; and J of every epoch', async () => {
    const [batch, mini] = [await fitted('all'), await fitted(10)]
    const picture = plot.batchVsMiniBatch(batch, mini)
    const [left, right] = specOf(picture).hconcat!.map((panel: Spec) =>
      drawn<Point>(panel).map(({ x: t, y: cost }) => [t, cost]),
    )
    expect(left).to.deep.equal([...batch.batches].map((cost, i) => [i + 1, cost]))
    expect(right).to.deep.equal([...mini.batches].map((cost, i) => [i + 1, cost]))
    await showsAs(picture, 'All examples', 'Mini-batches')
    const costs = plot.costCurves({ batch, 'mini-batch': mini })
    const wanted = [batch, mini].flatMap(({ epochs }) => epochs.map(({ epoch, loss }) => [epoch, loss]))
    expect(drawn<Point>(costs).map(({ x: epoch, y: cost }) => [epoch, cost])).to.deep.equal(wanted)
    await showsAs(costs, 'mini-batch', 'cost J')
    expect(thrown(() => plot.costCurves({ batch }, { key: 'accuracy' })).message).to.include('loss')
  })

  it('every point is a step on its batch; the smaller the batch, the noisier the path', async () => {
    const next = normal(62)
    const examples = matrix(64, 2, next)
    const targets = examples.map(([a, b]) => 2 * a - b + 0.5 * next())
    const picture = await plot.convergencePaths(examples, targets, { learningRate: 0.1, steps: 40, seed: 5 })
    const points = drawn<Point>(picture, 2)
    for (const [name, batchSize] of [
      ['stochastic (1)', 1],
      ['mini-batch (8)', 8],
      ['batch (64)', 64],
    ] as const) {
      const path = seriesOf(points, name)
      expect(path).to.have.length(41)
      const passes = data.batches({ x: tensor(examples), y: tensor(targets) }, { batchSize, seed: 5 })
      let [w1, w2] = [0, 0]
      let t = 0
      for (const batch of [...passes, ...passes].slice(0, 3)) {
        close(path[t++], [w1, w2], 1e-6)
        const rows = batch.x.toArray() as number[][]
        const off = rows.map(([a, b], i) => a * w1 + b * w2 - batch.y.data[i])
        const slope = (k: number) => (2 / rows.length) * off.reduce((sum, d, i) => sum + d * rows[i][k], 0)
        ;[w1, w2] = [w1 - 0.1 * slope(0), w2 - 0.1 * slope(1)]
      }
    }
    const roughness = (name: string) => {
      const path = seriesOf(points, name).slice(-15)
      return path.slice(1).reduce((sum, [a, b], i) => sum + Math.hypot(a - path[i][0], b - path[i][1]), 0)
    }
    expect(roughness('stochastic (1)')).to.be.above(roughness('mini-batch (8)'))
    expect(roughness('mini-batch (8)')).to.be.above(roughness('batch (64)'))
    await showsAs(picture, 'stochastic (1)', 'batch (64)', 'w₁')
  })
})

describe('6.9 pictures of optimiser paths on a bowl', () => {
  it('every point is a step of the optimiser', async () => {
    const picture = plot.optimizerPaths(
      bowl,
      {
        'gradient descent': optimizers.gradientDescent({ learningRate: 0.15 }),
        momentum: optimizers.momentum({ learningRate: 0.15 }),
        RMSprop: optimizers.rmsprop({ learningRate: 0.2 }),
        Adam: optimizers.adam({ learningRate: 0.4 }),
      },
      { start: [-4, 1.5], steps: 12, y: [-3, 3] },
    )
    const points = drawn<Point>(picture, 2)
    expect(points).to.have.length(4 * 13)
    let [w1, w2, v1, v2] = [-4, 1.5, 0, 0]
    for (const at of seriesOf(points, 'gradient descent')) {
      close(at, [w1, w2], 1e-12)
      ;[w1, w2] = [w1 - 0.15 * w1, w2 - 0.15 * 10 * w2]
    }
    ;[w1, w2] = [-4, 1.5]
    for (const at of seriesOf(points, 'momentum')) {
      close(at, [w1, w2], 1e-12)
      ;[v1, v2] = [0.9 * v1 + 0.1 * w1, 0.9 * v2 + 0.1 * 10 * w2]
      ;[w1, w2] = [w1 - 0.15 * v1, w2 - 0.15 * v2]
    }
    ;[w1, w2, v1, v2] = [-4, 1.5, 0, 0]
    for (const at of seriesOf(points, 'RMSprop')) {
      close(at, [w1, w2], 1e-9)
      ;[v1, v2] = [0.9 * v1 + 0.1 * w1 ** 2, 0.9 * v2 + 0.1 * (10 * w2) ** 2]
      ;[w1, w2] = [w1 - (0.2 * w1) / (Math.sqrt(v1) + 1e-8), w2 - (0.2 * 10 * w2) / (Math.sqrt(v2) + 1e-8)]
    }
    // Adam's first step is α along each axis.
    close(seriesOf(points, 'Adam')[1], [-3.6, 1.1], 1e-6)
    await showsAs(picture, 'gradient descent', 'momentum', 'RMSprop', 'Adam')
  })

  it('the decision boundary of a trained model, and a confusion matrix', async () => {
    const { x, y } = planar(60, 2)
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    const boundary = await plot.decisionBoundary(model, x, y)
    const dots = drawn<{ x: number; y: number; class: string }>(boundary, 3)
    expect(dots.map((p) => [p.x, p.y, p.class])).to.deep.equal(
      x.map((row, i) => [...row.map(Math.fround), String(y[i])]),
    )
    for (const { level, ...at } of bordersOf(specOf(boundary), 0))
      expect(model.predictSync([[at.x, at.y]]).item()).to.be.closeTo(level, 0.01)
    await showsAs(boundary, 'Decision boundary')
    expect(await rejected(plot.decisionBoundary(model, [[1, 2, 3]], [1]))).to.be.instanceOf(ShapeError)
    const picture = plot.confusionMatrix(data.confusionMatrix([0, 1, 1, 2], [0, 1, 2, 2]))
    expect(drawn<{ count: number }>(picture).map(({ count }) => count)).to.deep.equal([1, 0, 0, 0, 1, 1, 0, 0, 1])
    await showsAs(picture, 'accuracy 75.0 %')
  })
})

describe('6.11 the picture of a plateau', () => {
  // −σ(2(w − 5)) − w/50
  const cost = (w: Value) => ops.sub(ops.neg(ops.sigmoid(ops.mul(2, ops.sub(w, 5)))), ops.mul(0.02, w))
  const sigma = (w: number) => 1 / (1 + Math.exp(-2 * (w - 5)))
  const slope = (w: number) => -2 * sigma(w) * (1 - sigma(w)) - 0.02

  it('shades where the slope is small; the steps of gradient descent are short there', async () => {
    const picture = plot.plateau(cost, { from: -2, to: 10, learningRate: 4, steps: 70, slope: 0.05 })
    for (const { x, y } of drawn<Point>(picture, 1)) expect(y).to.be.closeTo(-sigma(x) - 0.02 * x, 1e-12)
    const flats = drawn<{ x: number; x2: number }>(picture, 0)
    expect(flats).to.have.length(2)
    for (const { x, x2 } of flats) for (const at of [x, (x + x2) / 2, x2]) expect(Math.abs(slope(at))).to.be.below(0.05)
    // Nothing flat is left out: one node (0.05) further it is steeper.
    expect(Math.abs(slope(flats[0].x2 + 0.05))).to.be.above(0.05)
    expect(Math.abs(slope(flats[1].x - 0.05))).to.be.above(0.05)
    let w = -2
    const path = drawn<Point>(picture, 2)
    expect(path).to.have.length(71)
    for (const { x, y } of path) {
      close([x, y], [w, -sigma(w) - 0.02 * w], 1e-9)
      w -= 4 * slope(w)
    }
    const inFlat = path.filter(({ x }) => x < flats[0].x2)
    expect(inFlat.length).to.be.above(0.7 * path.length)
    await showsAs(picture, 'plateau', 'gradient descent', 'cost J')
  })

  it('is saved as SVG, and a slice of any cost can be drawn', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-plateau-'))
    try {
      const picture = plot.curve((w) => 1 - sigma(w), { from: -6, to: 10, title: 'A slice', x: 'w', y: 'J(w)' })
      const path = join(folder, 'plateau.svg')
      await picture.save(path)
      expect(readFileSync(path, 'utf8')).to.match(/^<svg/).and.include('A slice').and.include('J(w)')
      for (const { x, y } of drawn<Point>(picture, 0)) expect(y).to.equal(1 - sigma(x))
      expect((await rejected(picture.save(join(folder, 'plateau.jpg')))).message).to.include('.svg')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
