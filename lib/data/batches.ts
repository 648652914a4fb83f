/** Mini-batches for own training loops and for `fitDataset`. */
import { booleanOption, checkOptions, positiveInteger, positiveNumber, seedOption } from '../base/checks'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { Tensor } from '../tensor/tensor'
import { Random, rowNumbers } from './random'
import { isShaped, refuseMisspeltWeights, takeRows, toRows, type DataLike, type Rows } from './rows'

export interface BatchesOptions {
  /** Examples per batch, or 'all' for batch gradient descent. Default 32. */
  batchSize?: number | 'all' | undefined
  /** Default 0. */
  seed?: number | bigint | undefined
  /** Default true: every pass takes the rows in a new order, a function of the seed and the number of the pass. */
  shuffle?: boolean | undefined
  /** Leave out the last batch if it is smaller than the others. Default false. */
  dropLast?: boolean | undefined
}

/** Rows, or several kinds of rows by name: what models of several inputs or outputs take. */
export type NamedRows = DataLike | { readonly [name: string]: DataLike }

/** The same rows as tensors. */
type TensorsOf<Given extends NamedRows> = Given extends DataLike ? Tensor : { [name in keyof Given]: Tensor }

type Weights = NamedRows | undefined

/** Some of the examples, with their weights where these were given. */
export type ExamplesOf<X extends NamedRows, Y extends NamedRows, W extends Weights> = {
  x: TensorsOf<X>
  y: TensorsOf<Y>
} & (undefined extends W ? { sampleWeight?: WeightsOf<W> } : { sampleWeight: WeightsOf<W> })

type WeightsOf<W> = W extends NamedRows ? TensorsOf<W> : undefined

/** One pass over the data per loop, synchronous or asynchronous. */
export interface Batches<X extends NamedRows = DataLike, Y extends NamedRows = DataLike, W extends Weights = undefined>
  extends Iterable<ExamplesOf<X, Y, W>>, AsyncIterable<ExamplesOf<X, Y, W>> {
  /** Batches in a pass. */
  readonly length: number
}

/**
 * Cuts examples into mini-batches: `for (const { x, y } of data.batches({ x, y }, { batchSize: 64, seed: 1 }))`. x and
 * y may be objects of rows by name, for models of several inputs or outputs; `sampleWeight` goes along. Every example
 * comes exactly once in a pass; the last batch is smaller where the size does not divide m. Each new loop over the same
 * object is the next pass, in a new order. OptionError if `batchSize` is larger than the data.
 */
export function batches<X extends NamedRows, Y extends NamedRows, W extends Weights = undefined>(
  xy: { x: X; y: Y; sampleWeight?: W },
  options: BatchesOptions = {},
): Batches<X, Y, W> {
  const where = 'data.batches'
  checkOptions(where, options, ['batchSize', 'seed', 'shuffle', 'dropLast'])
  const { x, y, sampleWeight, count } = namedPair(where, xy)
  const { batchSize = 32, shuffle = true, dropLast = false } = options
  const size = batchSize === 'all' ? count : positiveInteger(`${where}: batchSize`, batchSize)
  if (size > count)
    throw new OptionError(
      `${where}: batchSize ${size} is larger than the data (${count} rows). Use 'all' for one batch.`,
    )
  const seed = seedOption(`${where}: seed`, options.seed ?? 0)
  const inOrder = !booleanOption(`${where}: shuffle`, shuffle)
  const length = booleanOption(`${where}: dropLast`, dropLast) ? Math.floor(count / size) : Math.ceil(count / size)
  let passes = 0

  function* pass(): Generator<ExamplesOf<X, Y, W>, void, undefined> {
    const order = rowNumbers(count)
    passes++
    if (!inOrder) new Random(seed, passes).shuffle(order)
    for (let i = 0; i < length; i++) {
      const rows = order.subarray(i * size, (i + 1) * size)
      const weights = sampleWeight && { sampleWeight: sampleWeight(rows) }
      yield { x: x(rows), y: y(rows), ...weights } as ExamplesOf<X, Y, W>
    }
  }
  return {
    length,
    [Symbol.iterator]: pass,
    async *[Symbol.asyncIterator]() {
      yield* pass()
    },
  }
}

/** Takes rows of what was given, in its form. */
type TakeRows = (rows: Uint32Array) => Tensor | Record<string, Tensor>

/** x, y and weights with one number of rows. */
function namedPair(
  where: string,
  xy: { x: NamedRows; y: NamedRows; sampleWeight?: Weights },
): { x: TakeRows; y: TakeRows; sampleWeight: TakeRows | undefined; count: number } {
  if (xy === null || typeof xy !== 'object' || !('x' in xy) || !('y' in xy))
    throw new OptionError(`${where}: expected { x, y }, got ${describeValue(xy)}.`)
  refuseMisspeltWeights(where, xy)
  const opened: { name: string; rows: Rows }[] = []
  const open = (name: string, value: NamedRows): TakeRows => {
    if (!isNamed(value)) {
      const rows = toRows(`${where}: ${name}`, value)
      opened.push({ name, rows })
      return (order) => takeRows(rows, order)
    }
    const all = Object.entries(value).map(([key, part]) => {
      const rows = toRows(`${where}: ${name}.${key}`, part)
      opened.push({ name: `${name}.${key}`, rows })
      return [key, rows] as const
    })
    return (order) => Object.fromEntries(all.map(([key, rows]) => [key, takeRows(rows, order)]))
  }
  const [x, y] = [open('x', xy.x), open('y', xy.y)]
  const sampleWeight = xy.sampleWeight === undefined ? undefined : open('sampleWeight', xy.sampleWeight)
  const [first, ...others] = opened
  if (!first) throw new OptionError(`${where}: x: expected rows, got an empty object.`)
  for (const { name, rows } of others)
    if (rows.count !== first.rows.count)
      throw new ShapeError(`${where}: ${first.name} has ${first.rows.count} rows but ${name} has ${rows.count}.`)
  return { x, y, sampleWeight, count: first.rows.count }
}

/** True for an object of rows by name. */
function isNamed(value: NamedRows): value is { readonly [name: string]: DataLike } {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false
  return !(value instanceof Tensor) && !isShaped(value)
}

export interface RecommendedBatchSizeOptions {
  /** How many examples (with their activations and gradients) fit into memory at once. Default: any number. */
  memory?: number | undefined
}

/**
 * A batch size for m examples: all of them up to 2000; above, a power of two from 64 to 512,
 * the largest that leaves about 50 steps in an epoch and fits into `memory`. Where memory holds fewer than 64 examples
 * the power of two below it is returned with a warning: such batches use the processor badly.
 */
export function recommendedBatchSize(m: number, options: RecommendedBatchSizeOptions = {}): number {
  const where = 'data.recommendedBatchSize'
  checkOptions(where, options, ['memory'])
  const examples = positiveInteger(`${where}: m`, m)
  const memory = options.memory === undefined ? Infinity : positiveNumber(`${where}: memory`, options.memory)
  if (memory < 1) throw new OptionError(`${where}: memory for at least 1 example is needed, got ${memory}.`)
  if (examples <= 2000 && examples <= memory) return examples
  const wanted = examples <= 2000 ? 512 : Math.min(512, Math.max(64, examples / 50))
  const size = 2 ** Math.floor(Math.log2(Math.min(wanted, memory)))
  if (size < 64)
    process.emitWarning(
      `${where}: memory for ${memory} examples allows batches of ${size}; ` +
        `below 64 training is slow and its steps are noisy.`,
      { code: 'MYELIN_SMALL_BATCH' },
    )
  return size
}
