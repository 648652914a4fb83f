/** Pictures made of lines: activations, losses, costs, learning curves. */
import { toActivation, type ActivationSpec } from '../activations'
import type { LearningCurvePoint } from '../check/diagnose'
import { checkOptions, finiteNumber, OptionError, StateError } from '../errors'
import { grad } from '../grad'
import type { History } from '../model/history'
import * as ops from '../ops'
import { tensor, type Tensor } from '../tensor'
import { linesSpec, Picture, type Point } from './picture'

function points(series: string, xs: ArrayLike<number>, ys: ArrayLike<number>): Point[] {
  return Array.from(xs, (x, i) => ({ x, y: ys[i], series }))
}

function steps(from: number, to: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))
}

/** An activation g(z) and its derivative g′(z) from −`reach` to `reach` (default 6). */
export function activation(spec: ActivationSpec, options: { reach?: number } = {}): Picture {
  const where = 'plot.activation'
  checkOptions(where, options, ['reach'])
  const reach = finiteNumber(`${where}: reach`, options.reach ?? 6)
  const { name, apply } = toActivation(where, spec)
  if (name === 'softmax') throw new OptionError(`${where}: softmax is a function of several numbers; plot it as bars.`)
  const z = steps(-reach, reach, 241)
  const at = tensor(z, [241, 1], { dtype: 'float64' })
  const [slope] = grad((t: Tensor) => ops.sum(apply(t)))(at)
  const values = [...points('g(z)', z, apply(at).data), ...points('g′(z)', z, slope.data)]
  return new Picture('activation', linesSpec(values, { title: name, x: 'z', y: 'g(z), g′(z)' }))
}

/** The cross-entropy of one example against the probability a, for y = 1 (−ln a) and y = 0 (−ln(1 − a)). */
export function crossentropy(): Picture {
  const a = steps(0.01, 0.99, 197)
  const values = [
    ...points('y = 1: −ln a', a, a.map((p) => -Math.log(p))),
    ...points('y = 0: −ln(1 − a)', a, a.map((p) => -Math.log(1 - p))),
  ] // prettier-ignore
  return new Picture('crossentropy', linesSpec(values, { title: 'Loss of one example', x: 'a', y: 'L(a, y)' }))
}

/** A function of one number from `from` to `to`, with its examples as dots: a fit, a plateau, a slice of a cost. */
export function curve(
  f: (x: number) => number,
  options: {
    from: number
    to: number
    title?: string
    x?: string
    y?: string
    dots?: readonly (readonly [number, number])[]
  },
): Picture {
  const where = 'plot.curve'
  checkOptions(where, options, ['from', 'to', 'title', 'x', 'y', 'dots'])
  const from = finiteNumber(`${where}: from`, options?.from)
  const to = finiteNumber(`${where}: to`, options.to)
  if (from >= to) throw new OptionError(`${where}: expected from below to, got ${from} and ${to}.`)
  const x = steps(from, to, 241)
  const { data, mark, encoding, ...rest } = linesSpec(points('f', x, x.map(f)), {
    title: options.title ?? '',
    x: options.x ?? 'x',
    y: options.y ?? 'f(x)',
  })
  const dots = (options.dots ?? []).map(([px, py]) => ({ x: px, y: py, series: 'example' }))
  const layer = [{ data, mark }, ...(dots.length ? [{ data: { values: dots }, mark: { type: 'point', filled: true, size: 70 } }] : [])] // prettier-ignore
  return new Picture('curve', { ...rest, encoding, layer })
}

/** J of every epoch of several runs, by name: an optimiser race, a λ sweep. `key` picks another value of the history. */
export function costCurves(runs: Readonly<Record<string, History>>, options: { key?: string } = {}): Picture {
  const where = 'plot.costCurves'
  checkOptions(where, options, ['key'])
  const key = options.key ?? 'loss'
  const values = Object.entries(runs).flatMap(([series, { epochs }]) => {
    if (epochs.length === 0) throw new StateError(`${where}: '${series}' has recorded no epoch yet.`)
    if (!(key in epochs[0]))
      throw new OptionError(`${where}: '${series}' has no '${key}'. Known: ${Object.keys(epochs[0]).join(', ')}.`)
    return epochs.filter((logs) => Number.isFinite(logs[key])).map((logs) => ({ x: logs.epoch, y: logs[key], series }))
  })
  if (values.length === 0) throw new OptionError(`${where}: expected { name: history, … }, got no run with values.`)
  const title = key === 'loss' ? 'Cost' : key
  return new Picture('costCurves', linesSpec(values, { title, x: 'epoch', y: key === 'loss' ? 'cost J' : key }))
}

/** J at every step of a run on all examples and of one on mini-batches (figure 6.1 of the notes), side by side. */
export function batchVsMiniBatch(batch: History, miniBatch: History): Picture {
  const panel = (title: string, { batches }: History, color: string) => {
    if (batches.length === 0) throw new StateError('plot.batchVsMiniBatch: a run has recorded no step yet.')
    const stride = Math.max(1, Math.ceil(batches.length / 1500))
    const kept = Array.from(batches, (y, i) => ({ x: i + 1, y, series: title })).filter((_, i) => i % stride === 0)
    const spec = linesSpec(kept, { title, x: 'step', y: 'cost J', width: 300, height: 220 })
    return { ...spec, mark: { type: 'line', strokeWidth: 1.5, color }, encoding: { ...(spec.encoding as object), color: undefined } } // prettier-ignore
  }
  return new Picture('batchVsMiniBatch', {
    hconcat: [panel('All examples', batch, '#3366aa'), panel('Mini-batches', miniBatch, '#dd7722')],
  })
}

/** Error against the number of training examples, for networks by name (figure 1.9 of the notes). */
export function learningCurve(curves: Readonly<Record<string, readonly LearningCurvePoint[]>>): Picture {
  const values = Object.entries(curves).flatMap(([series, list]) => list.map(({ m, error }) => ({ x: m, y: error, series }))) // prettier-ignore
  if (values.length === 0) throw new OptionError('plot.learningCurve: expected { name: points, … }, got no points.')
  const options = { title: 'Learning curve', x: 'training examples m', y: 'dev error', points: true, logX: true }
  return new Picture('learningCurve', linesSpec(values, options))
}
