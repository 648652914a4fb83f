/** What keeps a step from leaving numbers that no later step could repair: clipping, and the guard of the update. */
import type { DType } from '../../base/dtype'
import { OptionError } from '../../base/errors'
import { withLabel } from '../../graph/label'
import type { RunResult } from '../../native/contract'
import * as ops from '../../ops'
import type { Tensor } from '../../tensor/tensor'
import type { GradientClip } from '../structure/compile'
import type { Derivative } from './derivatives'

const largest: Readonly<Record<DType, number>> = { float32: (2 - 2 ** -23) * 2 ** 127, float64: Number.MAX_VALUE }

/** Numbers up to it have squares in the range, and products with each other. */
const rootOfLargest = (dtype: DType): number => Math.sqrt(largest[dtype])

/** A power of two: it makes the squares of the largest numbers small, and keeps those that count beside them. */
const shrink: Readonly<Record<DType, number>> = { float32: 2 ** -80, float64: 2 ** -560 }

const sumOfSquares = (list: readonly Tensor[]) => list.map((g) => ops.sumSquares(g)).reduce((a, b) => ops.add(a, b))

/** The norm of all arrays together, wherever it is in the range of the dtype itself: its square need not be. */
function normOf(list: readonly Tensor[], dtype: DType): Tensor {
  const plain = sumOfSquares(list)
  const far = ops.sqrt(sumOfSquares(list.map((g) => ops.mul(g, shrink[dtype]))))
  return ops.select(ops.less(plain, Infinity), ops.sqrt(plain), ops.mul(far, 1 / shrink[dtype]))
}

/** Clipped gradients, and the values beside them that must be finite. */
export function clip(list: Tensor[], rule: GradientClip | null, dtype: DType): { clipped: Tensor[]; guards: Tensor[] } {
  if (!rule || !list.length) return { clipped: list, guards: [] }
  return withLabel('gradientClip', () => {
    if ('value' in rule)
      return { clipped: list.map((g) => ops.minimum(ops.maximum(g, -rule.value), rule.value)), guards: list }
    const norm = normOf(list, dtype)
    // No norm is above a number that the dtype does not have.
    if (rule.norm > largest[dtype]) return { clipped: list, guards: [...list, norm] }
    const scale = ops.div(rule.norm, ops.maximum(norm, rule.norm))
    // A factor so small that it became 0 would turn the step into none.
    return { clipped: list.map((g) => ops.mul(g, scale)), guards: [...list, norm, ops.div(1, scale)] }
  })
}

const squares = ': squares of the gradient'

/**
 * Values that are finite if the squares of all gradients are in the range of the dtype. Rules square gradients: a
 * second moment of Infinity would hold its weight still for good. The core looks at the squares without writing them
 * down.
 */
export function updateGuards(changes: readonly Derivative[], rule: GradientClip | null, dtype: DType): Tensor[] {
  // The norm of clipped gradients is known, but for rounding; `rateIn` sees to the rate.
  if (rule && 'norm' in rule && 2 * rule.norm <= rootOfLargest(dtype)) return []
  return changes.map(({ parameter, gradient }) =>
    withLabel(`${parameter.name}${squares}`, () => ops.mul(gradient, gradient)),
  )
}

/** The layer in which a run met the first value that is not finite; '' for none. */
export function layerOf({ label }: RunResult): string {
  return label.split('.')[0]
}

/** The weight whose gradient has squares beyond the dtype; undefined where something else was not finite. */
export function weightOfSquares(label: string): string | undefined {
  return label.endsWith(squares) ? label.slice(0, -squares.length) : undefined
}

/** Where a run met the first value that is not finite, as errors say it. */
export function placeOf(result: RunResult): string {
  const weight = weightOfSquares(result.label)
  return weight === undefined ? `'${layerOf(result) || 'the network'}'` : `the squares of the gradient of '${weight}'`
}

/** A learning rate whose product with any gradient that is taken the dtype can hold. OptionError for another. */
export function rateIn(dtype: DType, rate: number): number {
  const most = rootOfLargest(dtype)
  if (rate <= most) return rate
  throw new OptionError(
    `learningRate: expected at most ${most.toPrecision(3)}, whose square is the largest ${dtype}, got ${rate}.`,
  )
}
