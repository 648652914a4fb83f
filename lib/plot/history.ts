/** The cost curves of a training run. */
import { StateError } from '../errors'
import type { History } from '../model/history'
import { renderFile, type VegaLiteSpec } from './render'

/** More points than a picture has columns only make the file large. */
const mostBatchPoints = 1500
const width = 640

interface Point {
  epoch: number
  value: number
  series: string
}

/** Every `stride`-th batch cost, placed along the epochs it belongs to. */
function batchPoints(history: History): Point[] {
  const { batches, epochs } = history
  const perEpoch = batches.length / epochs.length
  const before = epochs[0].epoch - 1
  const stride = Math.max(1, Math.ceil(batches.length / mostBatchPoints))
  const points: Point[] = []
  for (let i = 0; i < batches.length; i += stride)
    points.push({ epoch: before + (i + 1) / perEpoch, value: batches[i], series: 'mini-batch' })
  return points
}

/** One series of the epoch table; values that are missing or not finite leave a gap. */
function epochPoints(history: History, key: string, series: string): Point[] {
  return history.epochs
    .filter((logs) => Number.isFinite(logs[key]))
    .map((logs) => ({ epoch: logs.epoch, value: logs[key], series }))
}

function panel(title: string, lines: Point[], faint: Point[], stop: number | null): VegaLiteSpec {
  const x = { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { tickMinStep: 1 } }
  const y = { field: 'value', type: 'quantitative', title, scale: { zero: false } }
  const layer: VegaLiteSpec[] = []
  if (faint.length)
    layer.push({
      data: { values: faint },
      mark: { type: 'line', opacity: 0.35, strokeWidth: 1, color: '#888' },
      encoding: { x, y },
    })
  layer.push({
    data: { values: lines },
    mark: { type: 'line', point: lines.length <= 100, strokeWidth: 2 },
    encoding: { x, y, color: { field: 'series', type: 'nominal', title: null, sort: null } },
  })
  if (stop !== null)
    layer.push({
      data: { values: [{ epoch: stop, label: 'stopped early' }] },
      encoding: { x },
      layer: [
        { mark: { type: 'rule', strokeDash: [4, 4] } },
        { mark: { type: 'text', align: 'right', dx: -6, y: 10 }, encoding: { text: { field: 'label' } } },
      ],
    })
  return { width, height: 240, layer, resolve: { scale: { color: 'independent' } } }
}

/**
 * Describes the cost curves as Vega-Lite: J of the mini-batches behind the cost of the epochs (and of the validation
 * data), and below it one panel per metric. An early stop is marked.
 */
export function historySpec(history: History): VegaLiteSpec {
  if (history.epochs.length === 0) throw new StateError('History.plot: no epoch has been recorded yet.')
  const known = new Set(['epoch', 'loss', 'dataLoss', 'learningRate'])
  const keys = new Set(history.epochs.flatMap((logs) => Object.keys(logs)))
  const metrics = [...keys].filter((key) => !known.has(key) && !key.startsWith('val_'))
  const stop = history.stopped === 'early' ? history.epochs[history.epochs.length - 1].epoch : null
  const curve = (key: string) => [
    ...epochPoints(history, key, 'training'),
    ...epochPoints(history, `val_${key}`, 'validation'),
  ]
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    vconcat: [
      panel('cost J', curve('loss'), batchPoints(history), stop),
      ...metrics.map((key) => panel(key, curve(key), [], stop)),
    ],
  }
}

/** Draws the cost curves of a training run into `file` (.svg or .png). */
export async function plotHistory(history: History, file: string): Promise<void> {
  await renderFile('History.plot', historySpec(history), file)
}
