/** The areas below a level: closed, on the level, with holes, whatever the function does. */
import { expect } from 'chai'
import { areaBelow, gridOf, type Grid } from '../../lib/plot/contour'

/** Twice the signed area inside a ring. */
const turned = (ring: [number, number][]) =>
  ring.slice(1).reduce((sum, [x, y], i) => sum + ring[i][0] * y - x * ring[i][1], 0)
const areaOf = (rings: [number, number][][]) => rings.reduce((sum, ring) => sum + turned(ring) / 2, 0)
const closed = (rings: [number, number][][]) =>
  rings.every((ring) => ring.length > 3 && ring[0].join() === ring[ring.length - 1].join())
const grid = (f: (x: number, y: number) => number, n = 81): Grid => gridOf(f, [-2, 2], [-2, 2], n)
const below = (f: (x: number, y: number) => number, level: number) => areaBelow(grid(f), level)

describe('contours', () => {
  it('a disc is one ring on the level, a ring-shaped area two that turn opposite ways', () => {
    const disc = below((x, y) => x * x + y * y, 1)
    expect(disc).to.have.length(1)
    for (const [x, y] of disc[0]) expect(x * x + y * y).to.be.closeTo(1, 0.002)
    expect(areaOf(disc)).to.be.closeTo(Math.PI, 0.01)
    const annulus = below((x, y) => Math.abs(x * x + y * y - 1.5), 0.5)
    expect(annulus.map((ring) => Math.sign(turned(ring))).sort()).to.deep.equal([-1, 1])
    expect(areaOf(annulus)).to.be.closeTo(Math.PI, 0.02)
    expect(closed([...disc, ...annulus])).to.equal(true)
  })

  it('areas end at the border; everything and nothing are the rectangle and no ring', () => {
    const half = below((x) => x, 0.5)
    expect([half.length, closed(half)]).to.deep.equal([1, true])
    expect(areaOf(half)).to.be.closeTo(2.5 * 4, 1e-9)
    expect(areaOf(below(() => 0, 1))).to.be.closeTo(16, 1e-9)
    expect(below(() => 0, 0)).to.deep.equal([])
  })

  it('at a saddle the middle of the cell decides which corners are joined', () => {
    const saddle = (level: number): Grid => ({ xs: [0, 1], ys: [0, 1], values: [0, 2, 2, 0].map((v) => v + level) })
    expect(areaBelow(saddle(0), 0.9), 'middle above').to.have.length(2)
    expect(areaBelow(saddle(0), 1.1), 'middle below').to.have.length(1)
    const checks = grid((x, y) => Math.sin(5 * x) * Math.sin(5 * y), 41)
    for (const level of [-0.5, 0.03, 0.5]) {
      const low = areaBelow(checks, level)
      expect(closed(low)).to.equal(true)
      // What is below and what is above are the whole together.
      const high = areaBelow({ ...checks, values: Array.from(checks.values, (v) => -v) }, -level)
      expect(areaOf(low) + areaOf(high)).to.be.closeTo(16, 1e-6)
    }
  })

  it('values that are not finite are outside', () => {
    const broken = below((x, y) => (x > 0 ? NaN : x < -1 ? Infinity : y), 0)
    expect(closed(broken)).to.equal(true)
    expect(broken.flat().every((place) => place.every(Number.isFinite))).to.equal(true)
    expect(areaOf(broken)).to.be.closeTo(2, 0.06)
  })
})
