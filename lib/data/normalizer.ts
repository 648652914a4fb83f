/** Input normalisation outside a model (`layers.normalize` does it inside). */
import { checkOptions, oneOf } from '../base/checks'
import { ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
import { atOnce } from '../base/slices'
import {
  featureStatistics,
  hasFloat32,
  indicatorRules,
  type FeatureStatistics,
  type Indicators,
} from '../layers/normalization/feature-statistics'
import { tensor, type Tensor } from '../tensor/tensor'
import { requireFiniteRows, toRows, type DataLike, type Rows } from './rows'

export interface NormalizerOptions {
  /**
   * What becomes of features that are 0 or 1 in every row, and both occur: 'keep' leaves them as they are, with mean 0
   * and variance 1, 'normalize' treats them as all others. Default 'keep'.
   */
  indicators?: Indicators | undefined
}

/** Mean and variance of a training set, to be applied to every other set alike. */
export class Normalizer {
  /** μ by feature: the shape of one example. */
  readonly mean: Tensor
  /** σ² by feature, divided by m. In the dtype of the training set; float64 where float32 cannot hold one of them. */
  readonly variance: Tensor
  readonly #mean: Float64Array
  readonly #deviation: Float64Array

  /** @internal Use `data.normalizer.fit`. */
  constructor({ mean, variance, deviation }: FeatureStatistics, { shape: [, ...shape], dtype }: Rows) {
    this.#mean = mean
    this.#deviation = deviation
    this.mean = tensor(mean, shape, { dtype })
    this.variance = tensor(variance, shape, { dtype: variance.every(hasFloat32) ? dtype : 'float64' })
  }

  /**
   * (x − μ)/σ for any number of rows, in x's dtype; 0 for features that were constant in the training set (but for
   * rounding: σ at most 2⁻²²·|μ| in float32, 2⁻⁴⁶·|μ| in float64). ShapeError for rows of another shape; `[m]` and
   * `[m, 1]` are one.
   */
  transform(x: DataLike): Tensor {
    return this.#each('transform', x, (value, mean, deviation) => (deviation === 0 ? 0 : (value - mean) / deviation))
  }

  /** The way back: z·σ + μ. Takes the same shapes. */
  invert(z: DataLike): Tensor {
    return this.#each('invert', z, (value, mean, deviation) => value * deviation + mean)
  }

  #each(name: string, x: DataLike, compute: (value: number, mean: number, deviation: number) => number): Tensor {
    const where = `normalizer.${name}`
    const { data, shape, dtype, width } = toRows(where, x)
    const expected = this.mean.shape
    const given = shape.slice(1)
    if (!isSame(given, expected) && !(isOne(given) && isOne(expected)))
      throw new ShapeError(
        `${where}: expected rows of shape ${shapeText(expected)}, as fitted; got x ${shapeText(shape)}.`,
      )
    const result = data.map((value, i) => compute(value, this.#mean[i % width], this.#deviation[i % width]))
    return tensor(result, shape, { dtype })
  }
}

function isSame(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i])
}

/** One number for each row: targets are given as [m], and predicted as [m, 1]. */
function isOne(shape: Shape): boolean {
  return shape.length === 0 || (shape.length === 1 && shape[0] === 1)
}

export const normalizer = {
  /**
   * Learns μ and σ² of every feature from the training set, in float64. `x` is [m, ...]. NonFiniteError names the row
   * and feature of a value that is not finite.
   */
  fit(x: DataLike, options: NormalizerOptions = {}): Normalizer {
    const where = 'data.normalizer.fit'
    checkOptions(where, options, ['indicators'])
    const indicators = oneOf(`${where}: indicators`, options.indicators ?? 'keep', indicatorRules)
    const rows = toRows(where, x)
    requireFiniteRows(`${where}: x`, rows)
    const { data, count, width } = rows
    const read = (from: number, to: number) => data.subarray(from * width, to * width)
    return new Normalizer(atOnce(featureStatistics(read, count, width, indicators)), rows)
  },
}
