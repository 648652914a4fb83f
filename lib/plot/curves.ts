/** Pictures made of lines: activations, losses, fits, learning curves, averages. */
import { toActivation, type ActivationSpec } from '../activations'
import { checkOptions, finiteNumber, functionOption, isFiniteNumber, isListOf, positiveNumber } from '../base/checks'
import { describeValue, NonFiniteError, OptionError, ShapeError } from '../base/errors'
import type { LearningCurvePoint } from '../check/diagnose'
import { ewaFor, type EwaOptions } from '../data/ewa'
import { grad } from '../functions/grad'
import * as ops from '../ops'
import { tensor, type Tensor } from '../tensor/tensor'
import { numberOf } from './function-values'
import { axesOf, linesColor, linesSpec, Picture, type Point } from './picture'
import { muted, palette } from './theme'

function points(series: string, xs: ArrayLike<number>, ys: ArrayLike<number>): Point[] {
  return Array.from(xs, (x, i) => ({ x, y: ys[i], series }))
}

function steps(from: number, to: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))
}

/**
 * An activation g(z) and its derivative g′(z) from −`reach` to `reach`, default 6.
 */
export function activation(spec: ActivationSpec, options: { reach?: number | undefined } = {}): Picture {
  const where = 'plot.activation'
  checkOptions(where, options, ['reach'])
  const reach = positiveNumber(`${where}: reach`, options.reach ?? 6)
  const { name, mixes, apply } = toActivation(where, spec)
  const given = typeof spec === 'object' ? Object.entries(spec) : []
  const named = given.flatMap(([option, v]) => (option === 'name' || v === undefined ? [] : [`, ${option} ${v}`]))
  if (mixes) throw new OptionError(`${where}: ${name} is a function of several numbers, not of one z.`)
  // One of them just left of zero: where the slope jumps there, the jump is upright.
  const z = Float64Array.from([...steps(-reach, reach, 241), -1e-9 * reach]).sort()
  const at = tensor(z, [z.length, 1], { dtype: 'float64' })
  const [slope] = grad((t: Tensor) => ops.sum(apply(t)))(at)
  const values = [...points('g(z)', z, apply(at).data), ...points('g′(z)', z, slope.data)]
  return new Picture(where, linesSpec(values, { title: name + named.join(''), x: 'z', y: 'g(z), g′(z)' }))
}

/**
 * The cross-entropy of one example against the probability a, for y = 1 (−ln a) and y = 0 (−ln(1 − a)).
 */
export function crossentropy(): Picture {
  const a = steps(0.01, 0.99, 197)
  const positive = a.map((p) => -Math.log(p))
  const negative = a.map((p) => -Math.log(1 - p))
  const values = [...points('y = 1: −ln a', a, positive), ...points('y = 0: −ln(1 − a)', a, negative)]
  const options = { title: 'Loss of one example', x: 'probability a of y = 1', y: 'loss L(a, y)' }
  return new Picture('plot.crossentropy', linesSpec(values, options))
}

export interface CurveOptions {
  /** Ends of the axis. */
  from: number
  to: number
  title?: string | undefined
  /** Names of the axes, with units. Default 'x' and 'f(x)'. */
  x?: string | undefined
  y?: string | undefined
  /** Examples [x, y] on it. */
  dots?: readonly (readonly [number, number])[] | undefined
}

/** A function of one number from `from` to `to`, with its examples as dots: a fit, a slice of a cost. */
export function curve(given: (x: number) => number, options: CurveOptions): Picture {
  const where = 'plot.curve'
  functionOption(where, given)
  checkOptions(where, options, ['from', 'to', 'title', 'x', 'y', 'dots'])
  const from = finiteNumber(`${where}: from`, options?.from)
  const to = finiteNumber(`${where}: to`, options.to)
  if (from >= to) throw new OptionError(`${where}: expected from below to, got ${from} and ${to}.`)
  const dots = Array.from(options.dots ?? [], (dot: unknown, i) => {
    if (!isListOf(dot, isFiniteNumber) || dot.length !== 2)
      throw new OptionError(`${where}: dots: expected [x, y] of finite numbers, got ${describeValue(dot)} at ${i}.`)
    return { x: dot[0], y: dot[1] }
  })
  const x = steps(from, to, 241)
  const f = (at: number) => numberOf(where, given(at))
  const { title, width, height, data, mark } = linesSpec(points('f', x, x.map(f)), {
    title: options.title ?? '',
    x: '',
    y: '',
  })
  const dotMark = { type: 'point', filled: true, size: 60, opacity: 0.9, color: palette[1], clip: true }
  const layer = [{ data, mark }, ...(dots.length ? [{ data: { values: dots }, mark: dotMark }] : [])]
  const encoding = axesOf({ title: '', x: options.x ?? 'x', y: options.y ?? 'f(x)' })
  return new Picture(where, { title, width, height, encoding, layer })
}

export interface LinesOptions {
  title?: string | undefined
  /** Names of the axes, with units. Default 'x' and 'y'. */
  x?: string | undefined
  y?: string | undefined
  /** Mark the points. Default false. */
  points?: boolean | undefined
  /** Logarithmic axes. Default false. */
  logX?: boolean | undefined
  logY?: boolean | undefined
}

/** Lines through points [x, y], by name: ‖W‖² against λ, or whatever else was measured. */
export function lines(
  series: Readonly<Record<string, readonly (readonly [number, number])[]>>,
  options: LinesOptions = {},
): Picture {
  const where = 'plot.lines'
  checkOptions(where, options, ['title', 'x', 'y', 'points', 'logX', 'logY'])
  const values = Object.entries(series ?? {}).flatMap(([name, list]) => {
    if (!Array.isArray(list) || list.length === 0)
      throw new OptionError(`${where}: '${name}': expected a list of points [x, y], got ${describeValue(list)}.`)
    return Array.from(list as unknown[], (point, i): Point => {
      if (!isListOf(point, isFiniteNumber) || point.length !== 2)
        throw new OptionError(
          `${where}: '${name}': expected [x, y] of finite numbers, got ${describeValue(point)} at ${i}.`,
        )
      if ((options.logX && point[0] <= 0) || (options.logY && point[1] <= 0))
        throw new OptionError(
          `${where}: '${name}': a logarithmic axis shows numbers above 0, got ${describeValue(point)} at ${i}.`,
        )
      return { x: point[0], y: point[1], series: name }
    })
  })
  if (values.length === 0) throw new OptionError(`${where}: expected { name: [[x, y], …], … }, got no points.`)
  const { title = '', x = 'x', y = 'y', ...rest } = options
  return new Picture(where, linesSpec(values, { title, x, y, ...rest }))
}

/** Error against the number of training examples, for networks by name: mean and range of the seeds. */
export function learningCurve(curves: Readonly<Record<string, readonly LearningCurvePoint[]>>): Picture {
  const where = 'plot.learningCurve'
  const values = Object.entries(curves ?? {}).flatMap(([series, list]) => {
    if (!Array.isArray(list))
      throw new OptionError(
        `${where}: '${series}': expected what diagnose.learningCurve gives, got ${describeValue(list)}.`,
      )
    return list.map(({ m, error, errors }: LearningCurvePoint) => ({
      x: m,
      y: error,
      low: Math.min(...errors),
      high: Math.max(...errors),
      series,
    }))
  })
  if (values.length === 0) throw new OptionError(`${where}: expected { name: points, … }, got no points.`)
  const options = {
    title: 'Learning curve',
    x: 'training examples m',
    y: 'error on the dev set',
    points: true,
    logX: true,
  }
  const { mark, encoding, ...rest } = linesSpec(values, options)
  const { x, y, color } = encoding as Record<string, object>
  // Round numbers of examples, which a logarithmic axis would not choose by itself.
  const axis = { values: [...new Set(values.map((point) => point.x))], labelOverlap: true, format: ',' }
  return new Picture(where, {
    ...rest,
    encoding: { x: { ...x, axis }, color },
    layer: [
      { mark, encoding: { y } },
      { mark: { type: 'area', opacity: 0.15 }, encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } } },
    ],
  })
}

export interface AveragesOptions {
  title?: string | undefined
  /** Names of the axes, with units. Default 't' and 'value'. */
  x?: string | undefined
  y?: string | undefined
}

/**
 * A series of numbers as dots with exponentially weighted averages over it; each average has a
 * name and the options of `data.ewa`.
 */
export function averages(
  values: ArrayLike<number>,
  smoothed: Readonly<Record<string, EwaOptions>>,
  options: AveragesOptions = {},
): Picture {
  const where = 'plot.averages'
  checkOptions(where, options, ['title', 'x', 'y'])
  if (typeof values !== 'object' || !(values?.length > 0))
    throw new ShapeError(`${where}: expected a list of numbers, got ${describeValue(values)}.`)
  const theta = Float64Array.from(values)
  const broken = theta.findIndex((v) => !Number.isFinite(v))
  if (broken >= 0) throw new NonFiniteError(`${where}: expected finite numbers, got ${theta[broken]} at ${broken}.`)
  const t = Float64Array.from(theta, (_, i) => i + 1)
  const drawn = Object.entries(smoothed ?? {}).flatMap(([name, how]) => {
    const ewa = (given: EwaOptions) => ewaFor(`${where}: '${name}'`, given)
    return points(name, t, ewa(how).smooth(theta))
  })
  if (drawn.length === 0) throw new OptionError(`${where}: expected { name: options of data.ewa, … }, got none.`)
  const { title, width, height, data, mark, encoding } = linesSpec(drawn, {
    title: options.title ?? '',
    x: options.x ?? 't',
    y: options.y ?? 'value',
    width: 640,
  })
  const { x, y } = encoding as Record<string, object>
  return new Picture(where, {
    title: { text: title, subtitle: 'dots: the values themselves' },
    width,
    height,
    encoding: { x, y },
    layer: [
      {
        data: { values: points('θ', t, theta) },
        mark: { type: 'circle', size: 12, color: muted, opacity: 0.55, clip: true },
      },
      { data, mark, encoding: { color: { ...linesColor(drawn), legend: {} } } },
    ],
  })
}
