/** Eigenvalues of small symmetric matrices. */

/**
 * Eigenvalues of a symmetric matrix, the largest first: cyclic Jacobi rotations, which reach full precision for small
 * matrices. Works on a copy.
 */
export function symmetricEigenvalues(matrix: readonly (readonly number[])[]): number[] {
  const n = matrix.length
  const a = matrix.map((row) => [...row])
  const scale = Math.max(...a.flat().map(Math.abs), 0)
  for (let sweep = 0; sweep < 100; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        off = Math.max(off, Math.abs(a[p][q]))
        rotate(a, p, q)
      }
    if (off <= 1e-15 * scale) break
  }
  return a.map((row, i) => row[i]).sort((x, y) => y - x)
}

/** One rotation that makes a[p][q] zero. */
function rotate(a: number[][], p: number, q: number): void {
  if (a[p][q] === 0) return
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  for (let k = 0; k < a.length; k++) {
    const [left, right] = [a[k][p], a[k][q]]
    a[k][p] = c * left - s * right
    a[k][q] = s * left + c * right
  }
  for (let k = 0; k < a.length; k++) {
    const [upper, lower] = [a[p][k], a[q][k]]
    a[p][k] = c * upper - s * lower
    a[q][k] = s * upper + c * lower
  }
}
