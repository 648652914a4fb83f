/** What `history.plot` draws, and its files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { OptionError, StateError } from '../../lib/base/errors'
import { History } from '../../lib/model/train/history'
import * as plot from '../../lib/plot'
import { rejected, thrown } from '../model/support'
import { drawn, seriesOf, showsAs, specOf, type Point } from './support'

function history(): History {
  const h = new History()
  for (let epoch = 1; epoch <= 3; epoch++) {
    h.epochs.push({
      epoch,
      loss: 1 / epoch,
      dataLoss: 1 / epoch,
      learningRate: 0.1,
      accuracy: 0.5,
      val_loss: 1,
      val_accuracy: NaN,
    })
    h.addBatches(Float64Array.of(2 / epoch, 1 / epoch))
  }
  h.stopped = 'early'
  return h
}

describe('a run that comes back from JSON', () => {
  it('is drawn as the run itself', () => {
    const back = JSON.parse(JSON.stringify(history())) as plot.RecordedRun
    const points = (picture: plot.Picture) => drawn<Point>(specOf(picture).vconcat![0], 0)
    expect(points(plot.history(back))).to.deep.equal(points(plot.history(history())))
    expect(drawn(plot.costCurves({ back }))).to.deep.equal(drawn(plot.costCurves({ back: history() })))
    const both = (run: plot.RecordedRun) => specOf(plot.batchVsMiniBatch(run, run)).hconcat
    expect(both(back)).to.deep.equal(both(history()))
  })
})

describe('a run of many epochs', () => {
  it('is drawn by some of them, evenly spaced, the last among them', () => {
    const long = new History()
    for (let epoch = 1; epoch <= 10_000; epoch++)
      long.epochs.push({ epoch, loss: 1 / epoch, dataLoss: 1 / epoch, learningRate: 0.1 })
    for (const points of [
      drawn<Point>(specOf(plot.history(long)).vconcat![0], 1),
      drawn<Point>(plot.costCurves({ long })),
    ]) {
      expect(points.length).to.be.within(1000, 1502)
      expect(points.slice(0, 2).map(({ x }) => x)).to.deep.equal([1, 8])
      expect(points[points.length - 1].x).to.equal(10_000)
      for (const { x, y } of points) expect(y).to.equal(1 / x)
    }
  })
})

describe('6.2 History.plot', function () {
  this.timeout(20_000)
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'myelin-plot-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('draws the recorded numbers: batches along the epochs, training and validation, a panel per metric', async () => {
    const picture = plot.history(history())
    const [cost, accuracy, ...more] = specOf(picture).vconcat!
    expect(more).to.deep.equal([])
    expect(drawn<Point>(cost, 0).map(({ x, y }) => [x, y])).to.deep.equal([
      [0.5, 2],
      [1, 1],
      [1.5, 1],
      [2, 0.5],
      [2.5, 2 / 3],
      [3, 1 / 3],
    ])
    const lines = drawn<Point>(cost, 1)
    expect(seriesOf(lines, 'training')).to.deep.equal([
      [1, 1],
      [2, 0.5],
      [3, 1 / 3],
    ])
    expect(seriesOf(lines, 'validation')).to.deep.equal([
      [1, 1],
      [2, 1],
      [3, 1],
    ])
    // 5.10: the stop is marked, in every panel; a value that is not finite leaves a gap.
    expect(drawn<Point>(cost, 2)[0].x).to.equal(3)
    expect(drawn<Point>(accuracy, 1)[0].x).to.equal(3)
    expect(drawn<Point>(accuracy, 0).map(({ series }) => series)).to.deep.equal(['training', 'training', 'training'])
    await showsAs(picture, 'cost J', 'accuracy', 'epoch', 'validation', 'stopped early, epoch 3')
  })

  it('counts epochs and steps in whole numbers, and costs from 0 up where they come near it', async () => {
    const runs = [0, 5].map((above) => {
      const run = new History()
      for (let epoch = 1; epoch <= 4; epoch++) {
        const loss = above + 0.2 ** epoch
        run.epochs.push({ epoch, loss, dataLoss: loss, learningRate: 0.1 })
        run.addBatches(Float64Array.of(loss))
      }
      return run
    })
    const pictures = (run: History) => [plot.costCurves({ run }), plot.batchVsMiniBatch(run, run), plot.history(run)]
    for (const picture of pictures(runs[0])) {
      const svg = await showsAs(
        picture,
        '>1<',
        '>4<',
        "Y-axis titled 'cost J' for a linear scale with values from 0.00 to",
      )
      expect(svg).to.not.match(/>[123]\.5</)
    }
    for (const picture of pictures(runs[1]))
      expect(await picture.svg()).to.match(/'cost J' for a linear scale with values from (4.9|5)/)
  })

  it('writes SVG and PNG, in a theme if asked', async () => {
    await history().plot(join(folder, 'cost.svg'))
    expect(readFileSync(join(folder, 'cost.svg'), 'utf8'))
      .to.match(/^<svg/)
      .and.include('prefers-color-scheme')
    await history().plot(join(folder, 'dark.svg'), { theme: 'dark' })
    expect(readFileSync(join(folder, 'dark.svg'), 'utf8'))
      .to.include('#14171c')
      .and.not.include('#ffffff')
    await history().plot(join(folder, 'cost.png'))
    const png = readFileSync(join(folder, 'cost.png'))
    expect(png.subarray(1, 4).toString()).to.equal('PNG')
    expect(png.readUInt32BE(16), 'pixels across').to.be.above(1000)
  })

  it('refuses other endings, other themes and an empty history, and writes nothing then', async () => {
    const before = readdirSync(folder)
    const jpg = await rejected(history().plot(join(folder, 'cost.jpg')))
    expect(jpg).to.be.instanceOf(OptionError)
    expect(jpg.message).to.match(/^History\.plot: expected a path that ends in \.svg or \.png/)
    const blue = await rejected(history().plot(join(folder, 'cost.svg'), { theme: 'blue' as never }))
    expect(blue.message).to.match(/^History\.plot: theme: unknown name 'blue'/)
    expect(await rejected(new History().plot(join(folder, 'cost.svg')))).to.be.instanceOf(StateError)
    expect(thrown(() => plot.history({} as never)).message).to.include('plot.history: expected the History')
    expect(readdirSync(folder)).to.deep.equal(before)
  })
})
