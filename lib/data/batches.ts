/** Mini-batches for own training loops and for `fitDataset`. */
import { booleanOption, checkOptions, positiveInteger, positiveNumber, seedOption } from '../base/checks'
import { OptionError } from '../base/errors'
import type { Tensor } from '../tensor/tensor'
import { Random, rowNumbers } from './random'
import { takeRows, toPair, type DataLike } from './rows'

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

/** One pass over the data per loop, synchronous or asynchronous. */
export interface Batches extends Iterable<{ x: Tensor; y: Tensor }>, AsyncIterable<{ x: Tensor; y: Tensor }> {
  /** Batches in a pass. */
  readonly length: number
}

/**
 * Cuts examples into mini-batches: `for (const { x, y } of data.batches({ x, y }, { batchSize: 64, seed: 1 }))`. Every
 * example comes exactly once in a pass; the last batch is smaller where the size does not divide m. Each new loop over
 * the same object is the next pass, in a new order. OptionError if `batchSize` is larger than the data.
 */
export function batches(xy: { x: DataLike; y: DataLike }, options: BatchesOptions = {}): Batches {
  const where = 'data.batches'
  checkOptions(where, options, ['batchSize', 'seed', 'shuffle', 'dropLast'])
  const { x, y } = toPair(where, xy)
  const { batchSize = 32, shuffle = true, dropLast = false } = options
  const size = batchSize === 'all' ? x.count : positiveInteger(`${where}: batchSize`, batchSize)
  if (size > x.count)
    throw new OptionError(
      `${where}: batchSize ${size} is larger than the data (${x.count} rows). Use 'all' for one batch.`,
    )
  const seed = seedOption(`${where}: seed`, options.seed ?? 0)
  const inOrder = !booleanOption(`${where}: shuffle`, shuffle)
  const length = booleanOption(`${where}: dropLast`, dropLast) ? Math.floor(x.count / size) : Math.ceil(x.count / size)
  let passes = 0

  function* pass(): Generator<{ x: Tensor; y: Tensor }, void, undefined> {
    const order = rowNumbers(x.count)
    passes++
    if (!inOrder) new Random(seed, passes).shuffle(order)
    for (let i = 0; i < length; i++) {
      const rows = order.subarray(i * size, (i + 1) * size)
      yield { x: takeRows(x, rows), y: takeRows(y, rows) }
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
