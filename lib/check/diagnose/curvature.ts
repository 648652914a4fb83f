/** How a function bends at a point: minimum, saddle or plateau. */
import { checkOptions, functionOption, nonNegativeNumber } from '../../base/checks'
import { NonFiniteError, OptionError } from '../../base/errors'
import { grad } from '../../functions/grad'
import * as ops from '../../ops'
import { tensor, type Tensor, type TensorLike, type Value } from '../../tensor/tensor'
import { symmetricEigenvalues } from './eigenvalues'

export interface CurvatureOptions {
  /** Eigenvalues of at most this size, relative to the largest (or to 1), count as zero. Default 1e-9. */
  tolerance?: number | undefined
}

export interface Curvature {
  /** What a point with this gradient of zero would be; 'flat' where no direction bends. */
  kind: 'minimum' | 'maximum' | 'saddle' | 'degenerate' | 'flat'
  /** Of the Hessian, the largest first. */
  eigenvalues: number[]
  /** Largest over smallest |eigenvalue|: how elongated the bowl is. Infinity where one is zero. */
  conditionNumber: number
  /** ‖dJ/d(point)‖: the kind says something about the function only where this is small. */
  gradientNorm: number
  /** d²J over all numbers of the point in order, [n, n]. */
  hessian: number[][]
}

/** Hessians of more numbers than this are too large to look at. */
const mostNumbers = 400

/**
 * Second derivatives at `point`, a list with one value for each argument of `f`: one Hessian-vector product (a
 * derivative of the derivative, in float64) for each number of the point.
 *
 *     diagnose.curvature((x, y) => ops.sub(ops.mul(x, x), ops.mul(y, y)), [0, 0]).kind   // 'saddle'
 *
 * All eigenvalues positive: minimum; negative: maximum; of both signs: saddle; some zero, the others of one sign:
 * degenerate (a valley); all zero: flat. OptionError for points of more than 400 numbers; NonFiniteError where the
 * point or a derivative is not finite.
 */
export function curvature(
  f: (...args: never[]) => Value,
  point: readonly TensorLike[],
  options: CurvatureOptions = {},
): Curvature {
  const where = 'diagnose.curvature'
  functionOption(where, f)
  checkOptions(where, options, ['tolerance'])
  if (!Array.isArray(point) || point.length === 0)
    throw new OptionError(`${where}: expected a list with one value for each argument of the function, e.g. [0, 0].`)
  const tolerance = nonNegativeNumber(`${where}: tolerance`, options.tolerance ?? 1e-9)
  // Holes of a list are undefined.
  const at = Array.from(point, (value) => tensor(value, { dtype: 'float64' }))
  const n = at.reduce((sum, t) => sum + t.size, 0)
  if (n > mostNumbers)
    throw new OptionError(
      `${where}: the point has ${n} numbers, expected at most ${mostNumbers}. Fix some of them as constants.`,
    )
  requireFinite(`${where}: the point`, at)
  const derivative = grad(f as (...args: Tensor[]) => Value)
  const gradient = derivative(...at)
  requireFinite(`${where}: the gradient`, gradient)
  const hessian: number[][] = []
  at.forEach((value, k) => {
    for (let i = 0; i < value.size; i++) {
      const unit = new Float64Array(value.size)
      unit[i] = 1
      const direction = tensor(unit, value.shape, { dtype: 'float64' })
      const along = (...args: Tensor[]) => ops.sum(ops.mul(derivative(...args)[k], direction))
      hessian.push(grad(along)(...at).flatMap((row) => [...row.data]))
      direction.dispose()
    }
  })
  requireFinite(`${where}: the Hessian`, [{ data: hessian.flat() }])
  const gradientNorm = Math.hypot(...gradient.flatMap((g) => [...g.data]))
  for (const t of [...at, ...gradient]) t.dispose()
  return describe(hessian, gradientNorm, tolerance)
}

function requireFinite(what: string, values: readonly { data: ArrayLike<number> }[]): void {
  const broken = values.flatMap(({ data }) => Array.from(data)).find((v) => !Number.isFinite(v))
  if (broken !== undefined)
    throw new NonFiniteError(`${what} has a value that is not finite (${broken}), so nothing can be said about it.`)
}

function describe(hessian: number[][], gradientNorm: number, tolerance: number): Curvature {
  const eigenvalues = symmetricEigenvalues(hessian)
  const sizes = eigenvalues.map(Math.abs)
  const largest = Math.max(...sizes)
  const zero = tolerance * Math.max(largest, 1)
  const up = eigenvalues.some((e) => e > zero)
  const down = eigenvalues.some((e) => e < -zero)
  const bent = sizes.every((size) => size > zero)
  const kind = up && down ? 'saddle' : !up && !down ? 'flat' : !bent ? 'degenerate' : up ? 'minimum' : 'maximum'
  return { kind, eigenvalues, conditionNumber: bent ? largest / Math.min(...sizes) : Infinity, gradientNorm, hessian }
}
