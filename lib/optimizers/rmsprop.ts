import { checkOptions, numberInRange } from '../base/checks'
import * as ops from '../ops'
import { toSchedule, type LearningRate } from '../schedules'
import { checkEpsilons, movingAverage, optimizerConfig, rootOf, type UpdateRule } from './optimizer'

export interface RmspropOptions {
  /** Default 1e-3. */
  learningRate?: LearningRate | undefined
  /** 0 ≤ beta2 < 1, default 0.9. */
  beta2?: number | undefined
  /** Added outside the root. Default 1e-8. */
  epsilon?: number | undefined
  /** Added inside the root. Default 0; for √(S + ε) alone say { epsilon: 0, epsilonRoot: 1e-8 }. */
  epsilonRoot?: number | undefined
}

/** S ← β₂S + (1−β₂)·dW²; W ← W − α·dW / (√(S + epsilonRoot) + epsilon) (Tieleman & Hinton 2012). */
export function rmsprop(options: RmspropOptions = {}): UpdateRule {
  const where = 'optimizers.rmsprop'
  checkOptions(where, options, ['learningRate', 'beta2', 'epsilon', 'epsilonRoot'])
  const learningRate = toSchedule(`${where}: learningRate`, options.learningRate ?? 1e-3)
  const beta2 = numberInRange(`${where}: beta2`, options.beta2 ?? 0.9, 0, 1, '[)')
  const epsilons = checkEpsilons(where, options)
  return {
    kind: 'rmsprop',
    config: optimizerConfig(learningRate, { beta2, ...epsilons }),
    learningRate,
    slots: ['s'],
    hypers: [],
    hyperValues: () => [],
    update(weight, gradient, [s], hyper) {
      const next = movingAverage(s, beta2, ops.mul(gradient, gradient))
      const change = ops.div(gradient, rootOf(next, epsilons))
      return { weight: ops.sub(weight, ops.mul(hyper.learningRate, change)), slots: [next] }
    },
  }
}
