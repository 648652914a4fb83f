/** Mean and standard deviation by feature, for `layers.normalize` and `data.normalizer`. */
import { isArrayOf, type DType, type NativeArray } from '../../base/dtype'
import { sliceLength, slices, type Sliced } from '../../base/slices'

/** What becomes of features that are 0 or 1 in every row. */
export type Indicators = 'keep' | 'normalize'
export const indicatorRules: readonly Indicators[] = ['keep', 'normalize']

/** In float64. Where a feature counts as constant, `variance` and `deviation` are exactly 0. */
export interface FeatureStatistics {
  mean: Float64Array
  variance: Float64Array
  /** σ, which is there too where σ² leaves the range of float64. */
  deviation: Float64Array
}

/**
 * A feature whose σ is at most this share of |μ| is constant but for rounding: σ of neighbours (0.3 and 0.1 + 0.2) is
 * 2⁻²⁴ and 2⁻⁵³ of them. In float64 a computed number may be off by dozens of its last digits, and no measured one has
 * so many; in float32 a few steps are all that is left of some real features (times, frequencies), and they count.
 */
const roundingOf: Readonly<Record<DType, number>> = { float32: 2 ** -22, float64: 2 ** -46 }
/** The smallest number of full precision: 1/σ of a smaller σ is beyond the largest number. */
const smallestOf: Readonly<Record<DType, number>> = { float32: 2 ** -126, float64: 2 ** -1022 }
const largestFloat32 = (2 - 2 ** -23) * 2 ** 127

/** A power of two near `size`, whose inverse is a number too. */
function powerNear(size: number): number {
  return size > 0 ? 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(size)))) : 1
}

/**
 * μ, σ² and σ (divided by m) of each feature. `read(from, to)` gives the examples [from, to), row by row, and is
 * called twice for each. Deviations are taken from the first example, so that a constant feature has exactly σ = 0, and
 * squared in units of about the largest of them, so that no square leaves the range of numbers. A feature that is
 * constant but for rounding has σ = 0. With `indicators: 'keep'`, one that is 0 in some rows and 1 in all others has
 * μ = 0 and σ = 1: it stays as it is.
 */
export function* featureStatistics(
  read: (from: number, to: number) => NativeArray,
  rows: number,
  features: number,
  indicators: Indicators,
): Sliced<FeatureStatistics> {
  const first = Float64Array.from(read(0, 1))
  const dtype = isArrayOf('float32', read(0, 1)) ? 'float32' : 'float64'
  const mean = new Float64Array(features)
  const variance = new Float64Array(features)
  const deviation = new Float64Array(features)
  const largest = new Float64Array(features)
  const isIndicator = new Uint8Array(features).fill(indicators === 'keep' ? 1 : 0)
  const rowsAtOnce = Math.max(1, Math.floor(sliceLength / features))
  for (const [from, to] of slices(rows, rowsAtOnce)) {
    const part = read(from, to)
    for (let i = 0; i < part.length; i += features)
      for (let j = 0; j < features; j++) {
        const value = part[i + j]
        const distance = value - first[j]
        mean[j] += distance
        if (distance > largest[j]) largest[j] = distance
        else if (-distance > largest[j]) largest[j] = -distance
        if (value !== 0 && value !== 1) isIndicator[j] = 0
      }
    yield
  }
  const units = largest.map(powerNear)
  const inverses = units.map((unit) => 1 / unit)
  for (let j = 0; j < features; j++) mean[j] /= rows
  for (const [from, to] of slices(rows, rowsAtOnce)) {
    const part = read(from, to)
    for (let i = 0; i < part.length; i += features)
      for (let j = 0; j < features; j++) {
        const distance = (part[i + j] - first[j] - mean[j]) * inverses[j]
        variance[j] += distance * distance
      }
    yield
  }
  for (let j = 0; j < features; j++) {
    mean[j] += first[j]
    variance[j] /= rows
    deviation[j] = Math.sqrt(variance[j]) * units[j]
    variance[j] *= units[j] * units[j]
    const isConstant = deviation[j] <= roundingOf[dtype] * Math.abs(mean[j]) || deviation[j] < smallestOf[dtype]
    if (isConstant) variance[j] = deviation[j] = 0
    else if (isIndicator[j]) [mean[j], variance[j], deviation[j]] = [0, 1, 1]
  }
  return { mean, variance, deviation }
}

/** True if float32 has a number of full precision for σ². */
export function hasFloat32(variance: number): boolean {
  return variance === 0 || (variance >= smallestOf.float32 && variance <= largestFloat32)
}

/**
 * σ as a layer of this dtype holds it: the root of the σ² that it has in this dtype, as long as it has one. The root of
 * one that it lacks is `deviation`.
 */
export function deviationIn(dtype: DType, variance: number, deviation = Math.sqrt(variance)): number {
  if (dtype === 'float64' || !hasFloat32(variance)) return deviation
  return Math.fround(Math.sqrt(Math.fround(variance)))
}
