/**
 * Targets and predictions of all rows of an epoch or an evaluation, for the metrics that need them at once. A step
 * hands them over as its fetches, which the core puts one under the other.
 */
import type { DType, NativeArray } from '../../base/dtype'
import { sizeOf } from '../../base/shape'
import { slices, type Sliced } from '../../base/slices'
import { download } from '../../data/transfer'
import { isRanked } from '../../metrics'
import type { NativeBuffer, RunRequest } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import type { Tensor } from '../../tensor/tensor'
import type { Compiled, CompiledOutput } from '../structure/compile'
import type { OutputCost } from './costs'
import type { ModelPlan } from './plans'

/** Outputs with a metric that needs all rows. */
function rankedOutputs(outputs: readonly CompiledOutput[]): CompiledOutput[] {
  return outputs.filter(({ metrics }) => metrics.some(isRanked))
}

/** What a step fetches: targets and predictions of each such output. */
export function answerFetches(
  outputs: readonly CompiledOutput[],
  costs: readonly OutputCost[],
): { name: string; value: Tensor }[] {
  return rankedOutputs(outputs).flatMap((given) => {
    const { y, a } = costs[outputs.indexOf(given)]
    return [
      { name: `${given.output.slot} of all rows`, value: y },
      { name: `${given.output.name} of all rows`, value: a },
    ]
  })
}

/** By fetch: numbers in a row. */
function widthsOf(outputs: readonly CompiledOutput[]): number[] {
  return rankedOutputs(outputs).flatMap(({ loss, output: { shape } }) => [
    sizeOf(loss.targetShape(shape)),
    sizeOf(shape),
  ])
}

/** What the fetches of `rows` rows hold. */
interface Fetched {
  buffers: readonly NativeBuffer[]
  rows: number
  dtype: DType
}

/** By fetch: the values, flat. */
function* valuesOf(
  where: string,
  outputs: readonly CompiledOutput[],
  { buffers, rows, dtype }: Fetched,
): Sliced<NativeArray[]> {
  const values: NativeArray[] = []
  for (const [i, width] of widthsOf(outputs).entries())
    values.push((yield* download(where, { buffer: buffers[i], shape: [rows * width] }, dtype)).data)
  return values
}

/** The metrics that need all rows, under their names in logs. */
export function* rankedMetrics(
  where: string,
  outputs: readonly CompiledOutput[],
  fetched: Fetched,
): Sliced<Record<string, number>> {
  const arrays = yield* valuesOf(where, outputs, fetched)
  const { rows } = fetched
  const found: Record<string, number> = {}
  for (const [i, { prefix, metrics }] of rankedOutputs(outputs).entries())
    for (const metric of metrics)
      if (isRanked(metric)) found[prefix + metric.name] = yield* metric.ofAll(arrays[2 * i], arrays[2 * i + 1], rows)
  return found
}

/**
 * Totals as a plan adds them up, from a checkpoint of Myelin 0.1, which held counts of thresholds where the metric that
 * needs all rows stands: one at most, for 0.1 had one output and takes a metric once. The epoch's metric is then that
 * of the rows that are left of it.
 */
export function withoutThresholds(
  totals: Float64Array,
  outputs: readonly Pick<CompiledOutput, 'metrics'>[],
  { totals: places, statisticCounts }: Pick<ModelPlan, 'totals' | 'statisticCounts'>,
): Float64Array {
  const sizes = places.map(({ size }) => size)
  const surplus = totals.length - sizes.reduce((a, b) => a + b, 0)
  if (surplus === 0) return totals
  const place = outputs.flatMap(({ metrics }) => metrics).findIndex(isRanked)
  const before = statisticCounts.slice(0, place).reduce((a, b) => a + b, 0)
  const from = sizes.slice(0, before).reduce((a, b) => a + b, 0)
  return Float64Array.of(...totals.subarray(0, from), ...totals.subarray(from + surplus))
}

/** Where the answers live. */
interface AnswersHome {
  dtype: DType
  device: string
}

/** The answers collected so far, on the model's device. */
export class Answers {
  /** Rows collected. */
  rows = 0
  /** Rows that there is room for. */
  #room = 0
  #buffers: NativeBuffer[] = []
  readonly #widths: readonly number[]

  private constructor(
    readonly where: string,
    readonly home: AnswersHome,
    readonly outputs: readonly CompiledOutput[],
  ) {
    this.#widths = widthsOf(outputs)
  }

  /** Null where no metric needs them. */
  static of(where: string, home: AnswersHome, { outputs }: Compiled): Answers | null {
    return rankedOutputs(outputs).length > 0 ? new Answers(where, home, outputs) : null
  }

  /** Forgets all rows. `values`: those of earlier steps, as `read` gave them. */
  *begin(values: readonly NativeArray[] = []): Sliced<void> {
    this.rows = 0
    if (!values.length) return
    const rows = values[0].length / this.#widths[0]
    yield* this.reserve(rows)
    for (const [i, data] of values.entries()) yield* this.#write(this.#buffers[i], data)
    this.rows = rows
  }

  /** Makes room for so many more rows. */
  *reserve(more: number): Sliced<void> {
    const rows = this.rows + more
    if (rows <= this.#room) return
    const { dtype, device } = this.home
    // A stream does not say how long it is: twice as much each time.
    const room = this.rows === 0 ? rows : Math.max(rows, 2 * this.#room)
    const kept = this.rows === 0 ? [] : yield* this.read()
    const buffers: NativeBuffer[] = []
    try {
      for (const [i, width] of this.#widths.entries()) {
        buffers.push(guarded(this.where, () => native.bufferReserve(dtype, room * width, device)))
        if (kept.length) yield* this.#write(buffers[i], kept[i])
      }
    } catch (error) {
      for (const buffer of buffers) native.bufferDispose(buffer)
      throw error
    }
    this.dispose()
    this.#buffers = buffers
    this.#room = room
  }

  /** What a run is told so that its rows come under those there are. */
  request(): RunRequest {
    return { collect: this.#buffers, collectRow: this.rows }
  }

  *#write(buffer: NativeBuffer, data: NativeArray): Sliced<void> {
    for (const [from, to] of slices(data.length)) {
      guarded(this.where, () => native.bufferWrite(buffer, data.subarray(from, to), from))
      yield
    }
  }

  /** By fetch: the values so far, flat. */
  read(): Sliced<NativeArray[]> {
    return valuesOf(this.where, this.outputs, this.#fetched)
  }

  /** The metrics of the rows collected. */
  metrics(): Sliced<Record<string, number>> {
    return rankedMetrics(this.where, this.outputs, this.#fetched)
  }

  get #fetched(): Fetched {
    return { buffers: this.#buffers, rows: this.rows, dtype: this.home.dtype }
  }

  dispose(): void {
    for (const buffer of this.#buffers) native.bufferDispose(buffer)
    this.#buffers = []
    this.#room = 0
  }
}
