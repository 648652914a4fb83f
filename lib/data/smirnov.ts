/** The two-sample test of Kolmogorov and Smirnov. */

export interface SmirnovTest {
  /** The largest distance between the two cumulative distributions, 0 … 1. */
  statistic: number
  /** Chance of a distance this large between samples of one distribution. */
  pValue: number
}

/** Most pairs of a value of a and one of b for which the chance is counted: about a millisecond. */
const mostPairs = 250_000

/** Compares two sorted samples. */
export function smirnovTest(a: Float64Array, b: Float64Array): SmirnovTest {
  const [m, n] = [a.length, b.length]
  // Where the samples are merged, a distance counts only behind the last of equal values.
  const isEnd = new Uint8Array(m + n + 1)
  let [i, j, largest] = [0, 0, 0]
  while (i < m || j < n) {
    const value = i === m ? b[j] : j === n ? a[i] : Math.min(a[i], b[j])
    while (i < m && a[i] === value) i++
    while (j < n && b[j] === value) j++
    isEnd[i + j] = 1
    // |i/m − j/n| as a whole number, of parts 1/(m·n).
    largest = Math.max(largest, Math.abs(i * n - j * m))
  }
  const statistic = largest / (m * n)
  if (largest === 0) return { statistic, pValue: 1 }
  return { statistic, pValue: m * n <= mostPairs ? exactChance(m, n, largest, isEnd) : limitChance(statistic, m, n) }
}

/**
 * The share of all ways to deal the pooled values out to samples of m and n in which a distance of at least
 * `largest`/(m·n) occurs: exact for any values, equal ones among them (as psmirnov of R computes it). A way is a path
 * from (0, 0) to (m, n); what is added up is the chance to meet such a distance from (i, j) on, so that small chances
 * keep their digits.
 */
function exactChance(m: number, n: number, largest: number, isEnd: Uint8Array): number {
  const chance = new Float64Array(n + 2)
  for (let i = m; i >= 0; i--)
    for (let j = n; j >= 0; j--) {
      const left = m - i + n - j
      if (isEnd[i + j] && Math.abs(i * n - j * m) >= largest) chance[j] = 1
      else if (left > 0) chance[j] = ((m - i) * chance[j] + (n - j) * chance[j + 1]) / left
    }
  return chance[0]
}

/**
 * Kolmogorov's distribution, the limit for large samples, with the correction of Stephens (1970). Distances come in
 * steps, of 1/m for m = n: half of one is taken off, as the chance is that of this distance and of larger ones.
 */
function limitChance(distance: number, m: number, n: number): number {
  const root = Math.sqrt((m * n) / (m + n))
  const step = greatestDivisor(m, n) / (m * n)
  const lambda = (root + 0.12 + 0.11 / root) * (distance - step / 2)
  if (lambda < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * (k * lambda) ** 2)
  return Math.min(1, Math.max(0, sum))
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}
