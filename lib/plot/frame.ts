/** A rectangle of the plane with its axes, areas on it and paths over it. */
import { isFiniteNumber, isListOf, isString } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import { atOnce, type Sliced } from '../base/slices'
import { areaBelow, type Grid } from './contour'
import { linesColor } from './picture'
import type { VegaLiteSpec } from './render'
import { background, onRamp, ramp } from './theme'

/** [from, to] */
export type Interval = readonly [number, number]
export type Place = readonly [x: number, y: number]

export interface Frame {
  x: Interval
  y: Interval
  title: string
  axes: readonly [string, string]
  /** In pixels. */
  width: number
  height: number
}

export function interval(where: string, value: Interval): Interval {
  if (isListOf(value, isFiniteNumber) && value.length === 2 && value[0] < value[1]) return value
  throw new OptionError(`${where}: expected [from, to] with from below to, got ${describeValue(value)}.`)
}

export function place(where: string, value: Place): Place {
  if (isListOf(value, isFiniteNumber) && value.length === 2) return value
  throw new OptionError(`${where}: expected two numbers [w₁, w₂], got ${describeValue(value)}.`)
}

/** Names of two axes or inputs. */
export function namesOption(where: string, value: unknown): readonly [string, string] {
  if (isListOf(value, isString) && value.length === 2) return value as [string, string]
  throw new OptionError(`${where}: expected two names such as ['size', 'price'], got ${describeValue(value)}.`)
}

/** Wide enough for the values, and a margin of 8 %. */
export function around(values: Iterable<number>): Interval {
  let [low, high] = [Infinity, -Infinity]
  for (const v of values) [low, high] = [Math.min(low, v), Math.max(high, v)]
  const margin = 0.08 * (high - low || Math.abs(high) || 1)
  return [low - margin, high + margin]
}

/** Where something is below a level. */
export interface Area {
  rings: Place[][]
  /** A colour; 'none' for lines instead of an area. */
  fill: string
  level: number
}

/** One filled shape for each area, in the colour of `fill`; drawn in the given order. */
export function areasLayer(frame: Frame, areas: readonly Area[], edge: VegaLiteSpec): VegaLiteSpec {
  const { x, y, width, height } = frame
  const pixel = ([a, b]: Place): Place => [((a - x[0]) / (x[1] - x[0])) * width, ((y[1] - b) / (y[1] - y[0])) * height]
  const values = areas
    .filter(({ rings }) => rings.length > 0)
    .map(({ rings, level, fill }) => ({
      type: 'Feature',
      level,
      fill,
      geometry: {
        type: fill === 'none' ? 'MultiLineString' : 'Polygon',
        coordinates: rings.map((ring) => ring.map(pixel)),
      },
    }))
  return {
    data: { values },
    mark: { type: 'geoshape', strokeJoin: 'round', clip: true, ...edge },
    projection: { type: 'identity', scale: 1, translate: [0, 0] },
    encoding: { fill: { field: 'fill', type: 'nominal', scale: null, legend: null } },
  }
}

/** The parts of the rings that do not run along the border of the frame, as lines. */
export function insideLines({ x, y }: Frame, rings: readonly Place[][]): Place[][] {
  const border = (a: Place, b: Place) => (a[0] === b[0] && x.includes(a[0])) || (a[1] === b[1] && y.includes(a[1]))
  const lines: Place[][] = []
  for (const ring of rings) {
    let line: Place[] = []
    for (let i = 1; i < ring.length; i++) {
      if (border(ring[i - 1], ring[i])) line = []
      else if (line.push(ring[i]) === 1) lines.push((line.unshift(ring[i - 1]), line))
    }
  }
  return lines
}

const rings = ramp.length - 2

/**
 * A function as rings at equal distances of √(value − least value): in a bowl they are evenly spaced. The palest is
 * around the least value. Values that are not finite count as high.
 */
export function ringsLayer(frame: Frame, grid: Grid): VegaLiteSpec {
  return atOnce(ringsInSlices(frame, grid))
}

/** The same in slices. */
export function* ringsInSlices(frame: Frame, grid: Grid): Sliced<VegaLiteSpec> {
  const finite = Array.from(grid.values).filter(Number.isFinite)
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity)
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity)
  const levels = Array.from({ length: rings }, (_, k) => low + (high - low) * ((rings - k) / rings) ** 2)
  const [left, right] = frame.x
  const [bottom, top] = frame.y
  const corners: Place[] = [
    [left, bottom],
    [right, bottom],
    [right, top],
    [left, top],
  ]
  const areas: Area[] = [{ rings: [[...corners, corners[0]]], fill: ramp[rings], level: levels[0] }]
  for (const [k, level] of levels.slice(1).entries()) {
    yield
    areas.push({ rings: areaBelow(grid, level), fill: ramp[rings - 1 - k], level })
  }
  yield
  return areasLayer(frame, areas, { stroke: background, strokeWidth: 0.6 })
}

/** The axes of a frame, and nothing on them. */
export function axesLayer({ x, y, axes }: Frame): VegaLiteSpec {
  const axis = (field: string, title: string, domain: Interval) => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain, nice: false, zero: false },
    axis: { grid: false },
  })
  return {
    data: { values: [] },
    mark: 'point',
    encoding: { x: axis('x', axes[0], x), y: axis('y', axes[1], y) },
  }
}

const xy = { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } }

/** Paths by name, each a line through its points in order; a legend where there are several. */
export function pathsLayer(paths: Readonly<Record<string, readonly Place[]>>, dots = true): VegaLiteSpec {
  const values = Object.entries(paths).flatMap(([series, points]) =>
    points.map(([x, y], step) => ({ x, y, series, step })),
  )
  return {
    data: { values },
    mark: { type: 'line', strokeWidth: 2, point: dots ? { size: 22 } : false, clip: true },
    encoding: {
      ...xy,
      order: { field: 'step', type: 'quantitative' },
      color: { ...linesColor(values, { symbolSize: 60 }), scale: { range: onRamp } },
    },
  }
}

/** The frame with its layers. */
export function framed(frame: Frame, layer: VegaLiteSpec[], subtitle?: string): VegaLiteSpec {
  return {
    title: subtitle === undefined ? frame.title : { text: frame.title, subtitle },
    width: frame.width,
    height: frame.height,
    layer,
  }
}
