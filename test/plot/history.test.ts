import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { OptionError, StateError } from '../../lib/errors'
import { History } from '../../lib/model/history'
import { historySpec, plotHistory } from '../../lib/plot'

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

interface Panel {
  layer: { data: { values: { epoch: number; value: number; series: string }[] } }[]
  height: number
}

describe('6.2 History.plot', function () {
  this.timeout(20_000)
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'myelin-plot-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('draws the recorded numbers: batches along the epochs, training and validation, one panel per metric', () => {
    const [cost, accuracy, ...more] = historySpec(history()).vconcat as Panel[]
    expect(more).to.deep.equal([])
    expect(cost.layer[0].data.values.map(({ epoch, value }) => [epoch, value])).to.deep.equal([
      [0.5, 2],
      [1, 1],
      [1.5, 1],
      [2, 0.5],
      [2.5, 2 / 3],
      [3, 1 / 3],
    ])
    expect(cost.layer[1].data.values).to.deep.include({ epoch: 2, value: 0.5, series: 'training' })
    expect(cost.layer[1].data.values).to.deep.include({ epoch: 2, value: 1, series: 'validation' })
    // 5.10: the stop is marked; a value that is not finite leaves a gap.
    expect(cost.layer[2].data.values[0].epoch).to.equal(3)
    expect(accuracy.layer[0].data.values.map(({ series }) => series)).to.deep.equal([
      'training',
      'training',
      'training',
    ])
  })

  it('writes SVG and PNG', async () => {
    await plotHistory(history(), join(folder, 'cost.svg'))
    const svg = readFileSync(join(folder, 'cost.svg'), 'utf8')
    expect(svg).to.match(/^<svg/).and.include('cost J').and.include('validation').and.include('stopped early')
    await plotHistory(history(), join(folder, 'cost.png'))
    expect(readFileSync(join(folder, 'cost.png')).subarray(1, 4).toString()).to.equal('PNG')
  })

  it('names the package to install where it is missing', () => {
    const missing = `export async function resolve(name, context, next) {
      if (name === 'vega-lite') throw Object.assign(new Error('no ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
      return next(name, context)
    }`
    const code = `require('node:module').register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(missing)}))
      const { renderSvg } = require(${JSON.stringify(resolve(__dirname, '../../lib/plot'))})
      renderSvg({ mark: 'point' }).then(() => console.log('drawn'), (e) => console.log(e.name + ': ' + e.message))`
    const run = spawnSync(process.execPath, ['--import', 'tsx', '-e', code], { encoding: 'utf8' })
    expect(run.stdout, run.stderr).to.match(/^StateError: .*'vega-lite'.*npm install vega vega-lite/)
  })

  it('refuses other endings and an empty history', async () => {
    const fails = (h: History, file: string) =>
      plotHistory(h, file).then(
        () => null,
        (error: Error) => error,
      )
    expect(await fails(history(), 'cost.jpg')).to.be.instanceOf(OptionError)
    expect(await fails(new History(), 'cost.svg')).to.be.instanceOf(StateError)
  })
})
