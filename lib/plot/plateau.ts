/** A cost that is flat for long, and gradient descent on it. */
import {
  checkOptions,
  finiteNumber,
  functionOption,
  numberInRange,
  positiveInteger,
  positiveNumber,
} from '../base/checks'
import { OptionError } from '../base/errors'
import { valueAndGrad } from '../model/value-and-grad'
import type { Value } from '../tensor/tensor'
import { numberOf } from './function-values'
import { axesOf, Picture } from './picture'
import { palette, soft } from './theme'

export interface PlateauOptions {
  /** Ends of the axis. */
  from: number
  to: number
  /** Where gradient descent starts. Default `from`. */
  start?: number | undefined
  /** Its α. Default 0.1. */
  learningRate?: number | undefined
  /** Default 50. */
  steps?: number | undefined
  /** |dJ/dw| below this is flat. Default a tenth of the largest on the axis. */
  slope?: number | undefined
  title?: string | undefined
  /** Name of the axis. Default 'w'. */
  x?: string | undefined
}

const nodes = 241

/**
 * J(w), written with `ops`, with its plateaus shaded and the steps of gradient descent w := w − α·dJ/dw as dots:
 * where the slope is near zero the dots crowd.
 */
export function plateau(J: (w: Value) => Value, options: PlateauOptions): Picture {
  const where = 'plot.plateau'
  functionOption(where, J)
  checkOptions(where, options, ['from', 'to', 'start', 'learningRate', 'steps', 'slope', 'title', 'x'])
  const from = finiteNumber(`${where}: from`, options?.from)
  const to = finiteNumber(`${where}: to`, options.to)
  if (from >= to) throw new OptionError(`${where}: expected from below to, got ${from} and ${to}.`)
  const rate = positiveNumber(`${where}: learningRate`, options.learningRate ?? 0.1)
  const steps = positiveInteger(`${where}: steps`, options.steps ?? 50)
  numberOf(where, J(from))
  const look = valueAndGrad(J)
  const seen = Array.from({ length: nodes }, (_, i) => {
    const w = from + ((to - from) * i) / (nodes - 1)
    const { value, grads } = look(w)
    return { w, cost: value, slope: Math.abs(Number(grads[0])) }
  })
  const steepest = seen.reduce((most, { slope }) => Math.max(most, slope), 0)
  const flat = positiveNumber(`${where}: slope`, options.slope ?? (0.1 * steepest || 1))
  // Runs of neighbouring nodes that are flat.
  const flats: { x: number; x2: number; area: string }[] = []
  seen.forEach(({ w, slope }, i) => {
    if (slope >= flat) return
    if (i > 0 && seen[i - 1].slope < flat) flats[flats.length - 1].x2 = w
    else flats.push({ x: w, x2: w, area: 'plateau' })
  })
  const path: { x: number; y: number; step: number; series: string }[] = []
  let w = numberInRange(`${where}: start`, options.start ?? from, from, to)
  for (let step = 0; step <= steps; step++) {
    const { value, grads } = look(w)
    path.push({ x: w, y: value, step, series: 'gradient descent' })
    w -= rate * Number(grads[0])
  }
  const axes = axesOf({ title: '', x: options.x ?? 'w', y: 'cost J' })
  const named = (field: string, color: string) => ({ field, type: 'nominal', title: null, scale: { range: [color] } })
  return new Picture(where, {
    title: { text: options.title ?? 'A plateau', subtitle: `${steps} steps of gradient descent, α = ${rate}` },
    width: 480,
    height: 280,
    resolve: { scale: { color: 'independent' } },
    layer: [
      {
        data: { values: flats },
        mark: { type: 'rect', opacity: 0.5 },
        encoding: { x: axes.x, x2: { field: 'x2' }, color: named('area', soft[1]) },
      },
      {
        data: { values: seen.map((point) => ({ x: point.w, y: point.cost, series: 'J(w)' })) },
        mark: { type: 'line', strokeWidth: 2, clip: true },
        encoding: { ...axes, color: named('series', palette[0]) },
      },
      {
        data: { values: path },
        mark: { type: 'point', filled: true, size: 34, opacity: 1, clip: true },
        encoding: { ...axes, color: named('series', palette[3]) },
      },
    ],
  })
}
