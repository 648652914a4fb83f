/** erf and erfc in plain JavaScript, with relative errors of a few units in the last place: an oracle. */

/** e^(−x²). x² is taken in two parts, the first of them exact: a rounded one would cost x² units in the last place. */
function expOfMinusSquare(x: number): number {
  const high = Math.fround(x)
  return Math.exp(-high * high) * Math.exp(-(x - high) * (x + high))
}

/** The series of positive terms 2/√π·e^(−x²)·Σ 2ⁿ·x^(2n+1)/(1·3·…·(2n+1)) (Abramowitz & Stegun 7.1.6), for small x. */
function series(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * expOfMinusSquare(x) * sum
}

/** The continued fraction e^(−x²)/√π·1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))) (7.1.14), for x ≥ 1. */
function fraction(x: number): number {
  let rest = x
  for (let n = 250; n > 0; n--) rest = x + n / 2 / rest
  return expOfMinusSquare(x) / Math.sqrt(Math.PI) / rest
}

export function erfc(x: number): number {
  if (Math.abs(x) < 1) return 1 - series(x)
  return x < 0 ? 2 - erfc(-x) : fraction(x)
}

export function erf(x: number): number {
  if (Math.abs(x) < 1) return series(x)
  return x < 0 ? -erf(-x) : 1 - fraction(x)
}
