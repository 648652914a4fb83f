/** Input normalisation outside a model (`layers.normalize` does it inside). */
import { ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { tensor, type Tensor } from '../tensor/tensor'
import { requireFiniteRows, toRows, type DataLike, type Rows } from './rows'

/** Mean and variance of a training set, to be applied to every other set alike. */
export class Normalizer {
  /** μ by feature: the shape of one example. */
  readonly mean: Tensor
  /** σ² by feature, divided by m. */
  readonly variance: Tensor
  readonly #mean: Float64Array
  readonly #variance: Float64Array

  /** @internal Use `data.normalizer.fit`. */
  constructor(mean: Float64Array, variance: Float64Array, rows: Rows) {
    this.#mean = mean
    this.#variance = variance
    const shape = rows.shape.slice(1)
    this.mean = tensor(mean, shape, { dtype: rows.dtype })
    this.variance = tensor(variance, shape, { dtype: rows.dtype })
  }

  /** (x − μ)/σ for any number of rows, in x's dtype; 0 for features that were constant in the training set. */
  transform(x: DataLike): Tensor {
    return this.#each('transform', x, (value, mean, deviation) => (deviation === 0 ? 0 : (value - mean) / deviation))
  }

  /** The way back: z·σ + μ. */
  invert(z: DataLike): Tensor {
    return this.#each('invert', z, (value, mean, deviation) => value * deviation + mean)
  }

  #each(name: string, x: DataLike, compute: (value: number, mean: number, deviation: number) => number): Tensor {
    const where = `normalizer.${name}`
    const { data, shape, dtype, width } = toRows(where, x)
    const expected = this.mean.shape
    if (shape.length !== expected.length + 1 || expected.some((d, i) => d !== shape[i + 1]))
      throw new ShapeError(
        `${where}: expected rows of shape ${shapeText(expected)}, as fitted; got x ${shapeText(shape)}.`,
      )
    const deviations = this.#variance.map(Math.sqrt)
    const result = data.map((value, i) => compute(value, this.#mean[i % width], deviations[i % width]))
    return tensor(result, shape, { dtype })
  }
}

export const normalizer = {
  /**
   * Learns μ and σ² of every feature from the training set, in float64. `x` is [m, ...]. NonFiniteError names the row
   * and feature of a value that is not finite.
   */
  fit(x: DataLike): Normalizer {
    const rows = toRows('data.normalizer.fit', x)
    requireFiniteRows('data.normalizer.fit: x', rows)
    const { data, count, width } = rows
    const mean = new Float64Array(width)
    const variance = new Float64Array(width)
    // Sums of differences to the first row: exactly 0 for a constant feature, and little cancellation otherwise.
    data.forEach((value, i) => (mean[i % width] += value - data[i % width]))
    for (let j = 0; j < width; j++) mean[j] = data[j] + mean[j] / count
    data.forEach((value, i) => (variance[i % width] += (value - mean[i % width]) ** 2))
    for (let j = 0; j < width; j++) variance[j] /= count
    return new Normalizer(mean, variance, rows)
  },
}
