import type { Json } from '../layers/layer'
import type { Schedule } from '../schedules'
import type { Tensor } from '../tensor'

/** A rule that turns gradients into new weights. Made by `optimizers.*`. */
export interface Optimizer {
  /** 'gradientDescent' | 'momentum' | 'rmsprop' | 'adam' | 'adamw' */
  readonly kind: string
  readonly config: { [key: string]: Json }
  readonly learningRate: Schedule
  /** Names of the arrays kept for every weight, zero at the start: [], ['v'], ['s'], ['v', 's']. */
  readonly slots: readonly string[]
  /** Names of scalars beside 'learningRate' that change per step, e.g. bias corrections. */
  readonly hypers: readonly string[]
  /** Values of `hypers` for the update number t (from 1; counts updates since the optimiser was made), in float64. */
  hyperValues(t: number): number[]
  /** Records the update of one weight. */
  update(weight: Tensor, gradient: Tensor, slots: readonly Tensor[], hyper: Readonly<Record<string, Tensor>>): { weight: Tensor; slots: Tensor[] }
}
