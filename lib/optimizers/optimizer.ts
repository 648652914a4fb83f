import { nonNegativeNumber } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import type { JsonObject } from '../base/json'
import { readOnly } from '../base/read-only'
import * as ops from '../ops'
import type { Schedule } from '../schedules'
import type { Tensor } from '../tensor/tensor'
import type { WeightSetLike } from '../tensor/weight-set'

/** A model whose weights an optimiser can update. */
export interface Updatable {
  applyGradients(optimizer: Optimizer, gradients: WeightSetLike): void
}

/** A rule that turns gradients into new weights, and a hand to use it by. Made by `optimizers.*`. */
export interface Optimizer extends UpdateRule {
  /**
   * For own training loops: one update of the model's trainable weights by gradients laid out as `getWeights`. The
   * model keeps the rule's slots and counts its updates.
   */
  apply(model: Updatable, gradients: WeightSetLike): void
}

/** The rule alone. */
export interface UpdateRule {
  /** Its name in the table of optimisers. */
  readonly kind: string
  /** For files: every option with its value. `null` where one cannot be saved (an unnamed function). */
  readonly config: JsonObject | null
  readonly learningRate: Schedule
  /** Names of the arrays kept for every weight, zero at the start: [], ['v'], ['s'], ['v', 's']. */
  readonly slots: readonly string[]
  /** Names of scalars beside 'learningRate' that change per step, e.g. bias corrections. */
  readonly hypers: readonly string[]
  /** Values of `hypers` for the update number t (from 1; counts updates since the optimiser was made), in float64. */
  hyperValues(t: number): number[]
  /** A weight whose gradient is 0 stays as it is, without slots that would change: rows of tables may be left out. */
  readonly restsAtZero?: boolean | undefined
  /** Weights shrink at every step whatever their gradient (weight decay). */
  readonly decays?: boolean | undefined
  /** Records the update of one weight. */
  update(
    weight: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    hyper: Readonly<Record<string, Tensor>>,
  ): { weight: Tensor; slots: Tensor[] }
}

/** A maker of rules as a maker of optimisers. */
export function usable<Options>(make: (options?: Options) => UpdateRule): (options?: Options) => Optimizer {
  return (options) => {
    const optimizer: Optimizer = {
      ...make(options),
      apply(model, gradients) {
        if (typeof model?.applyGradients !== 'function')
          throw new OptionError(`optimizer.apply: expected a model, got ${describeValue(model)}.`)
        model.applyGradients(optimizer, gradients)
      },
    }
    const remedy = (name: string) =>
      name === 'learningRate'
        ? 'For a compiled model call model.setLearningRate; for a loop of your own make another optimiser.'
        : 'Make another optimiser, and compile with it.'
    const others = Object.keys(optimizer.config ?? {}).filter((name) => !(name in optimizer))
    return readOnly(optimizer, `optimizers.${optimizer.kind}`, remedy, others)
  }
}

/** An optimiser's config for files, or null where its learning rate cannot be saved. */
export function optimizerConfig(learningRate: Schedule, options: JsonObject): UpdateRule['config'] {
  return learningRate.config === null ? null : { learningRate: learningRate.config, ...options }
}

/** β·average + (1−β)·value. */
export function movingAverage(average: Tensor, beta: number, value: Tensor): Tensor {
  return ops.add(ops.mul(beta, average), ops.mul(1 - beta, value))
}

export interface Epsilons {
  epsilon: number
  epsilonRoot: number
}

/** Below this an epsilon could vanish in float32 arithmetic, and 0/0 would reach the weights. */
const smallestEpsilon = 1e-30

/**
 * Defaults and ranges of `epsilon` (1e-8) and `epsilonRoot` (0): each at least 0, one of them large enough to divide
 * by.
 */
export function checkEpsilons(where: string, options: Partial<Epsilons>): Epsilons {
  const epsilon = nonNegativeNumber(`${where}: epsilon`, options.epsilon ?? 1e-8)
  const epsilonRoot = nonNegativeNumber(`${where}: epsilonRoot`, options.epsilonRoot ?? 0)
  if (Math.max(epsilon, epsilonRoot) >= smallestEpsilon) return { epsilon, epsilonRoot }
  throw new OptionError(
    `${where}: expected epsilon or epsilonRoot of at least ${smallestEpsilon} (a zero gradient would divide 0 by 0), ` +
      `got epsilon ${epsilon} and epsilonRoot ${epsilonRoot}.`,
  )
}

/** √(value + epsilonRoot) + epsilon; an epsilon that is 0 costs nothing. */
export function rootOf(value: Tensor, { epsilon, epsilonRoot }: Epsilons): Tensor {
  const root = ops.sqrt(epsilonRoot === 0 ? value : ops.add(value, epsilonRoot))
  return epsilon === 0 ? root : ops.add(root, epsilon)
}
