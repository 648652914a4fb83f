/** Pictures of what training runs recorded. */
import { checkOptions } from '../base/checks'
import { isArrayOf } from '../base/dtype'
import { describeValue, OptionError, StateError } from '../base/errors'
import type { EpochLogs, History } from '../model/train/history'
import { linesSpec, Picture, type Point } from './picture'
import type { VegaLiteSpec } from './render'
import { ink, muted, palette } from './theme'

/** More points than a picture has columns only make the file large. */
const mostPoints = 1500

/** Of many, some that are evenly spaced, and the last. */
function thinned<T>(items: readonly T[]): readonly T[] {
  const stride = Math.ceil(items.length / mostPoints)
  return stride < 2 ? items : items.filter((_, i) => i % stride === 0 || i === items.length - 1)
}

/** An axis of epochs or steps: there are no halves. */
const whole = { tickMinStep: 1, format: ',d' }

/** What fit resolves with, or that as it comes back from JSON. */
export type RecordedRun = Pick<History, 'epochs' | 'stopped'> & { readonly batches: ArrayLike<number> }

function recorded(where: string, history: RecordedRun): RecordedRun {
  const batches: unknown = history?.batches
  if (!Array.isArray(history?.epochs) || !(Array.isArray(batches) || isArrayOf('float64', batches)))
    throw new OptionError(`${where}: expected the History that fit resolves with, got ${describeValue(history)}.`)
  if (history.epochs.length === 0) throw new StateError(`${where}: no epoch has been recorded yet.`)
  return history
}

export interface CostCurvesOptions {
  /** Which value of the history. Default 'loss'. */
  key?: string | undefined
  /** Default 'Cost', or the key. */
  title?: string | undefined
  /** Logarithmic axis of the values. Default false. */
  log?: boolean | undefined
}

/**
 * J of every epoch of several runs, by name: an optimiser race, a λ sweep. `key` picks another value of the history.
 */
export function costCurves(runs: Readonly<Record<string, RecordedRun>>, options: CostCurvesOptions = {}): Picture {
  const where = 'plot.costCurves'
  checkOptions(where, options, ['key', 'title', 'log'])
  const key = options.key ?? 'loss'
  const values = Object.entries(runs ?? {}).flatMap(([series, history]) => {
    const { epochs } = recorded(`${where}: '${series}'`, history)
    if (!(key in epochs[0]))
      throw new OptionError(`${where}: '${series}' has no '${key}'. Known: ${Object.keys(epochs[0]).join(', ')}.`)
    return epochPoints(thinned(epochs), key, series)
  })
  if (values.length === 0) throw new OptionError(`${where}: expected { name: history, … }, got no run with values.`)
  if (options.log && values.some(({ y }) => y <= 0))
    throw new OptionError(
      `${where}: log: '${key}' has values that are not above 0, which a logarithmic axis cannot show.`,
    )
  const title = options.title ?? (key === 'loss' ? 'Cost' : key)
  const spec = linesSpec(values, { title, x: 'epoch', y: key === 'loss' ? 'cost J' : key, logY: options.log })
  const { x, ...encoding } = spec.encoding as Record<string, VegaLiteSpec>
  return new Picture(where, { ...spec, encoding: { x: { ...x, axis: whole }, ...encoding } })
}

/** J at every step of a run on all examples and of one on mini-batches, side by side. */
export function batchVsMiniBatch(batch: RecordedRun, miniBatch: RecordedRun): Picture {
  const where = 'plot.batchVsMiniBatch'
  const panel = (title: string, history: RecordedRun, color: string) => {
    const { batches } = recorded(where, history)
    const stride = Math.max(1, Math.ceil(batches.length / mostPoints))
    const values = Array.from(batches, (y, i) => ({ x: i + 1, y, series: title })).filter((_, i) => i % stride === 0)
    const { encoding, mark, ...rest } = linesSpec(values, { title, x: 'step', y: 'cost J', width: 300, height: 220 })
    const { x, y } = encoding as Record<string, VegaLiteSpec>
    return {
      ...rest,
      mark: { ...(mark as object), strokeWidth: 1.5, color },
      encoding: { x: { ...x, axis: whole }, y },
    }
  }
  return new Picture(where, {
    // One scale of costs, so that the two can be compared.
    resolve: { scale: { y: 'shared' } },
    hconcat: [panel('All examples', batch, palette[0]), panel('Mini-batches', miniBatch, palette[1])],
  })
}

/** Every `stride`-th batch cost, placed along the epochs it belongs to. */
function batchPoints({ batches, epochs }: RecordedRun): Point[] {
  const perEpoch = batches.length / epochs.length
  const before = epochs[0].epoch - 1
  const stride = Math.max(1, Math.ceil(batches.length / mostPoints))
  const points: Point[] = []
  for (let i = 0; i < batches.length; i += stride)
    points.push({ x: before + (i + 1) / perEpoch, y: batches[i], series: 'mini-batch' })
  return points
}

/** One series of the epoch table; values that are missing or not finite leave a gap. */
function epochPoints(epochs: readonly EpochLogs[], key: string, series: string): Point[] {
  return epochs.filter((logs) => Number.isFinite(logs[key])).map((logs) => ({ x: logs.epoch, y: logs[key], series }))
}

function historyPanel(title: string, key: string, history: RecordedRun, withBatches: boolean): VegaLiteSpec {
  const epochs = thinned(history.epochs)
  const lines = [...epochPoints(epochs, key, 'training'), ...epochPoints(epochs, `val_${key}`, 'validation')]
  const options = { title, x: 'epoch', y: title, width: 560, height: 220 }
  const { title: _, mark, encoding, data, ...rest } = linesSpec(lines, options)
  const { x, y, color } = encoding as Record<string, VegaLiteSpec>
  const layer: VegaLiteSpec[] = []
  if (withBatches)
    layer.push({
      data: { values: batchPoints(history) },
      mark: { type: 'line', opacity: 0.45, strokeWidth: 1, color: muted, clip: true },
      encoding: { x: { ...x, axis: whole }, y },
    })
  layer.push({
    data,
    mark: { ...(mark as object), clip: false, point: lines.length <= 100 },
    encoding: { x: { ...x, axis: whole }, y, color },
  })
  if (history.stopped === 'early') layer.push(...stopLayers(history.epochs, key === 'loss'))
  return { ...rest, layer, resolve: { scale: { color: 'independent' } } }
}

/** The epoch in which an early stop came and, on the cost, the one in which the validation cost was least. */
function stopLayers(epochs: readonly EpochLogs[], onCost: boolean): VegaLiteSpec[] {
  const stop = epochs[epochs.length - 1].epoch
  const x = { field: 'x', type: 'quantitative' }
  const validated = epochs.filter((logs) => Number.isFinite(logs.val_loss))
  // Above the first panel, where no curve is.
  const marks = [{ x: stop, label: onCost ? `stopped early, epoch ${stop}` : '', dy: -8 }]
  if (onCost && validated.length > 0) {
    const best = validated.reduce((a, b) => (b.val_loss < a.val_loss ? b : a)).epoch
    if (best !== stop) marks.push({ x: best, label: `least validation cost, epoch ${best}`, dy: -22 })
  }
  return marks.map(({ dy, ...mark }) => ({
    data: { values: [mark] },
    encoding: { x },
    layer: [
      { mark: { type: 'rule', strokeDash: [4, 4], color: muted, strokeWidth: 1.5 } },
      {
        mark: { type: 'text', align: 'right', dx: 4, color: ink },
        encoding: { y: { value: dy }, text: { field: 'label' } },
      },
    ],
  }))
}

/**
 * The cost curves of one training run: J of the mini-batches behind the cost of the epochs and of the validation data,
 * and below it one panel for each metric. An early stop is marked, and where the validation cost was least. What
 * `history.plot(path)` draws.
 */
export function history(run: RecordedRun): Picture {
  return historyPicture('plot.history', run)
}

/** The same under the name of the caller. */
export function historyPicture(where: string, run: RecordedRun): Picture {
  recorded(where, run)
  const known = new Set(['epoch', 'loss', 'dataLoss', 'learningRate'])
  const keys = new Set(thinned(run.epochs).flatMap((logs) => Object.keys(logs)))
  const metrics = [...keys].filter((key) => !known.has(key) && !key.startsWith('val_'))
  const panels = metrics.map((key) => historyPanel(key, key, run, false))
  const title = { text: 'Training', subtitle: 'grey: each mini-batch', offset: run.stopped === 'early' ? 26 : 12 }
  return new Picture(where, { title, vconcat: [historyPanel('cost J', 'loss', run, true), ...panels] })
}
