import { checkOptions } from '../base/checks'
import * as ops from '../ops'
import { toSchedule, type LearningRate } from '../schedules'
import { optimizerConfig, type UpdateRule } from './optimizer'

export interface GradientDescentOptions {
  /** Default 0.01. */
  learningRate?: LearningRate | undefined
}

/** W ← W − α·dW. */
export function gradientDescent(options: GradientDescentOptions = {}): UpdateRule {
  const where = 'optimizers.gradientDescent'
  checkOptions(where, options, ['learningRate'])
  const learningRate = toSchedule(`${where}: learningRate`, options.learningRate ?? 0.01)
  return {
    kind: 'gradientDescent',
    config: optimizerConfig(learningRate, {}),
    learningRate,
    slots: [],
    hypers: [],
    restsAtZero: true,
    hyperValues: () => [],
    update: (weight, gradient, _slots, hyper) => ({
      weight: ops.sub(weight, ops.mul(hyper.learningRate, gradient)),
      slots: [],
    }),
  }
}
