/** Performance against the number of training examples. */
import { checkOptions, finiteNumber, functionOption, positiveInteger, throwIfAborted } from '../../base/checks'
import { OptionError } from '../../base/errors'
import { Random, rowNumbers } from '../../data/random'
import { takeRows, toPair, type DataLike } from '../../data/rows'
import type { Tensor } from '../../tensor/tensor'

export interface LearningCurveOptions {
  /** Numbers of examples, growing. Default: m/16, m/8, m/4, m/2 and m. */
  sizes?: readonly number[] | undefined
  /** A run for each; its examples are drawn by it, every larger part containing the smaller ones. Default [1, 2, 3]. */
  seeds?: readonly number[] | undefined
  signal?: AbortSignal | undefined
}

export interface LearningCurvePoint {
  /** Training examples. */
  m: number
  /** Mean over the seeds. */
  error: number
  /** Of every seed. */
  errors: number[]
}

/**
 * Calls `train` with the first m rows of a seeded order of the training set, for every size and seed, one run after the
 * other; it trains a new network on them and returns (a promise of) its error on the dev set. The tensors that `train`
 * gets are freed after it.
 */
export async function learningCurve(
  xy: { x: DataLike; y: DataLike },
  train: (part: { x: Tensor; y: Tensor }, run: { m: number; seed: number }) => number | Promise<number>,
  options: LearningCurveOptions = {},
): Promise<LearningCurvePoint[]> {
  const where = 'diagnose.learningCurve'
  checkOptions(where, options, ['sizes', 'seeds', 'signal'])
  functionOption(`${where}: train`, train)
  const { x, y } = toPair(where, xy)
  const sizes = options.sizes ?? [16, 8, 4, 2, 1].map((part) => Math.ceil(x.count / part))
  const seeds = options.seeds ?? [1, 2, 3]
  if (sizes.length === 0 || seeds.length === 0) throw new OptionError(`${where}: expected at least one size and seed.`)
  for (const m of sizes)
    if (positiveInteger(`${where}: sizes`, m) > x.count)
      throw new OptionError(`${where}: sizes: ${m} is more than the ${x.count} examples given.`)
  const points: LearningCurvePoint[] = []
  for (const m of sizes) {
    const errors: number[] = []
    for (const seed of seeds) {
      throwIfAborted(where, options.signal)
      const rows = new Random(BigInt(seed)).shuffle(rowNumbers(x.count)).subarray(0, m)
      const part = { x: takeRows(x, rows), y: takeRows(y, rows) }
      errors.push(finiteNumber(`${where}: what train returned for m = ${m}`, await train(part, { m, seed })))
      part.x.dispose()
      part.y.dispose()
    }
    points.push({ m, errors, error: errors.reduce((a, b) => a + b) / errors.length })
  }
  return points
}
