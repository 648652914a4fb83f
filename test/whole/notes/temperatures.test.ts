/** Exponentially weighted averages on a real series: the highest temperature of each day in Seattle, 2012 to 2015. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { data } from '../../../lib'
import * as plot from '../../../lib/plot'
import { drawn, seriesOf, showsAs, type Point } from '../../plot/support'
import { thrown } from './support'

/** The column `temp_max` (°C) of the table `seattle-weather` in the npm package `vega-datasets`. */
function temperatures(): number[] {
  const file = join(dirname(require.resolve('vega-datasets')), '../data/seattle-weather.csv')
  const [header, ...rows] = readFileSync(file, 'utf8').trim().split('\n')
  const column = header.split(',').indexOf('temp_max')
  return rows.map((row) => Number(row.split(',')[column]))
}

describe('6.4 averages of a real series of daily temperatures', () => {
  const theta = temperatures()
  const of = (beta: number, biasCorrection = false) => [...data.ewa({ beta, biasCorrection }).smooth(theta)]
  /** Σ_k (1 − β)·βᵏ·θ_(t−k), written out. */
  const summed = (beta: number, t: number) => {
    let sum = 0
    for (let k = 0; k < t; k++) sum += (1 - beta) * beta ** k * theta[t - k - 1]
    return sum
  }

  it('equal the weighted sums of all days before', () => {
    expect(theta).to.have.length(1461)
    for (const beta of [0.9, 0.98]) {
      const [plain, corrected] = [of(beta), of(beta, true)]
      for (const t of [1, 2, 10, 50, 365, 1461]) {
        expect(plain[t - 1]).to.be.closeTo(summed(beta, t), 1e-10)
        expect(corrected[t - 1]).to.be.closeTo(summed(beta, t) / (1 - beta ** t), 1e-10)
      }
    }
  })

  it('the larger β is smoother and later', () => {
    const wandering = (series: number[]) => series.slice(1).reduce((sum, v, i) => sum + Math.abs(v - series[i]), 0)
    const [raw, short, long] = [theta, of(0.9), of(0.98)].map(wandering)
    expect(short).to.be.below(raw / 4)
    expect(long).to.be.below(short / 2)
    // Of each summer, the warmest day of the average.
    for (let year = 0; year < 4; year++) {
      const warmest = (series: number[]) => {
        const part = series.slice(365 * year, 365 * (year + 1))
        return part.indexOf(Math.max(...part))
      }
      expect(warmest(of(0.98))).to.be.above(warmest(of(0.9)))
    }
  })

  it('without correction they start too low: day 1 at 2 % of its temperature; with it at the whole', () => {
    const [plain, corrected] = [of(0.98), of(0.98, true)]
    expect(plain[0]).to.be.closeTo(0.02 * theta[0], 1e-12)
    expect(corrected[0]).to.be.closeTo(theta[0], 1e-12)
    const mean = theta.slice(0, 30).reduce((a, b) => a + b) / 30
    expect(Math.abs(corrected[29] - mean)).to.be.below(1)
    expect(mean - plain[29]).to.be.above(3)
    // After some windows of 50 days the two are one.
    expect(Math.abs(corrected[399] - plain[399])).to.be.below(0.01)
  })

  it('the picture: days as dots, the averages over them', async () => {
    const year = theta.slice(0, 366)
    const picture = plot.averages(
      year,
      {
        'β = 0.9': { beta: 0.9 },
        'β = 0.98': { beta: 0.98 },
        'β = 0.98, bias-corrected': { beta: 0.98, biasCorrection: true },
      },
      { title: 'Seattle 2012', x: 'day', y: 'temperature (°C)' },
    )
    const day = (series: number[]) => year.map((_, t) => [t + 1, series[t]])
    expect(seriesOf(drawn<Point>(picture, 0), 'θ')).to.deep.equal(day(theta))
    const lines = drawn<Point>(picture, 1)
    expect(seriesOf(lines, 'β = 0.9')).to.deep.equal(day(of(0.9)))
    expect(seriesOf(lines, 'β = 0.98')).to.deep.equal(day(of(0.98)))
    expect(seriesOf(lines, 'β = 0.98, bias-corrected')).to.deep.equal(day(of(0.98, true)))
    await showsAs(picture, 'Seattle 2012', 'temperature (°C)', 'bias-corrected')
    expect(thrown(() => plot.averages([1, NaN], { a: {} })).message).to.include('NaN at 1')
    expect(thrown(() => plot.averages([], { a: {} })).message).to.include('list of numbers')
    expect(thrown(() => plot.averages([1], {})).message).to.include('data.ewa')
  })
})
