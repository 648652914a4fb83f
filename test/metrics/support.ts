/** What the tests of metrics share: kinds of predictions, and a metric over batches. */
import { isRanked, toMetrics, type Metric, type MetricContext, type MetricSpec } from '../../lib/metrics'
import { tensor, type Tensor } from '../../lib/tensor/tensor'

export const binary: MetricContext = { kind: 'binary', outputs: 1, positions: 1, fromLogits: false }
export const classes = (outputs: number, fromLogits = false): MetricContext => ({
  kind: 'classes',
  outputs,
  positions: 1,
  fromLogits,
})
export const values = (outputs: number): MetricContext => ({
  kind: 'values',
  outputs,
  positions: 1,
  fromLogits: false,
})
export const metric = (spec: MetricSpec, context: MetricContext): Metric =>
  toMetrics('compile: metrics', [spec], context)[0]
const rows = (data: number[], width: number): Tensor => tensor(data, [data.length / width, width], { dtype: 'float64' })

/** The metric over batches of `size` rows, as training adds it up. */
export function measure(spec: MetricSpec, context: MetricContext, yTrue: number[], yPred: number[], size = 3): number {
  const one = metric(spec, context)
  if (isRanked(one)) throw new Error(`${one.name} is not added up over batches`)
  const m = yPred.length / context.outputs
  const width = yTrue.length / m
  let totals: Float64Array[] = []
  for (let row = 0; row < m; row += size) {
    const end = Math.min(m, row + size)
    const y = yTrue.slice(row * width, end * width)
    const truth = width === 1 && context.kind === 'classes' ? tensor(y, { dtype: 'float64' }) : rows(y, width)
    const batch = one.statistics(
      truth,
      rows(yPred.slice(row * context.outputs, end * context.outputs), context.outputs),
    )
    totals = batch.map((value, i) => Float64Array.from(value.data, (v, k) => v + (totals[i]?.[k] ?? 0)))
  }
  return one.finish(totals, m)
}
