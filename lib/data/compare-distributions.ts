/** Do two sets of examples come from the same distribution? */
import { checkOptions, numberInRange } from '../base/checks'
import { OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { requireFiniteRows, toRows, type DataLike, type Rows } from './rows'
import { smirnovTest } from './smirnov'

export interface CompareDistributionsOptions {
  /** Share of false alarms accepted for the whole comparison, however many features there are. Default 0.05. */
  alpha?: number | undefined
  /** Names of the features, for the report. Default: their numbers. */
  names?: readonly string[] | undefined
}

export interface FeatureComparison {
  feature: number
  name: string
  /** Kolmogorov–Smirnov: the largest distance between the two cumulative distributions, 0 … 1. */
  statistic: number
  /**
   * Chance of a distance this large between samples of one distribution: exact, for equal values too, where a and b
   * have at most 250,000 pairs of rows (500 and 500); that of the limit for large samples above.
   */
  pValue: number
  differs: boolean
}

export interface DistributionComparison {
  /** True if no feature differs. */
  same: boolean
  features: FeatureComparison[]
  toString(): string
}

function column({ data, count, width }: Rows, feature: number): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => data[row * width + feature]).sort()
}

/**
 * Compares rows a and b feature by feature with a two-sample Kolmogorov–Smirnov test; the Bonferroni correction (alpha
 * divided by the number of features) keeps the chance of any false alarm below `alpha`. Dev and test sets should come
 * out the same; a training set may differ, which then has to be known. Three rows against three never differ: the
 * most unlikely outcome has a chance of 0.1. `String(result)` is a report.
 */
export function compareDistributions(
  a: DataLike,
  b: DataLike,
  options: CompareDistributionsOptions = {},
): DistributionComparison {
  const where = 'data.compareDistributions'
  checkOptions(where, options, ['alpha', 'names'])
  const alpha = numberInRange(`${where}: alpha`, options.alpha ?? 0.05, 0, 1, '()')
  const [left, right] = [toRows(`${where}: a`, a), toRows(`${where}: b`, b)]
  if (left.width !== right.width)
    throw new ShapeError(
      `${where}: expected rows of the same features, got a ${shapeText(left.shape)} and b ${shapeText(right.shape)}.`,
    )
  requireFiniteRows(`${where}: a`, left)
  requireFiniteRows(`${where}: b`, right)
  const names = options.names ?? Array.from({ length: left.width }, (_, i) => String(i))
  if (names.length !== left.width)
    throw new OptionError(`${where}: names: expected one for each of the ${left.width} features, got ${names.length}.`)
  const features = names.map((name, feature) => {
    const { statistic, pValue } = smirnovTest(column(left, feature), column(right, feature))
    return { feature, name, statistic, pValue, differs: pValue < alpha / left.width }
  })
  const differing = features.filter(({ differs }) => differs)
  return {
    same: differing.length === 0,
    features,
    toString() {
      if (differing.length === 0) return `No difference in ${features.length} features (alpha ${alpha}).`
      const lines = [...differing]
        .sort((p, q) => q.statistic - p.statistic)
        .map(
          ({ name, statistic, pValue }) => `  ${name}: distance ${statistic.toFixed(3)}, p ${pValue.toExponential(1)}`,
        )
      return [`${differing.length} of ${features.length} features differ (alpha ${alpha}):`, ...lines].join('\n')
    },
  }
}
