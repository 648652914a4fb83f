import { checkOptions, numberInRange, oneOf } from '../base/checks'
import * as ops from '../ops'
import { toSchedule, type LearningRate } from '../schedules'
import { optimizerConfig, type UpdateRule } from './optimizer'

export interface MomentumOptions {
  /** Default 0.01. */
  learningRate?: LearningRate | undefined
  /** 0 ≤ beta < 1, default 0.9. */
  beta?: number | undefined
  /** 'average' (default) or 'sum', as PyTorch; 'sum' with α(1−β) moves as 'average' with α. */
  form?: 'average' | 'sum' | undefined
}

/** v ← βv + (1−β)·dW ('average') or v ← βv + dW ('sum'); W ← W − α·v. No bias correction (Polyak 1964). */
export function momentum(options: MomentumOptions = {}): UpdateRule {
  const where = 'optimizers.momentum'
  checkOptions(where, options, ['learningRate', 'beta', 'form'])
  const learningRate = toSchedule(`${where}: learningRate`, options.learningRate ?? 0.01)
  const beta = numberInRange(`${where}: beta`, options.beta ?? 0.9, 0, 1, '[)')
  const form = oneOf(`${where}: form`, options.form ?? 'average', ['average', 'sum'])
  return {
    kind: 'momentum',
    config: optimizerConfig(learningRate, { beta, form }),
    learningRate,
    slots: ['v'],
    hypers: [],
    hyperValues: () => [],
    update(weight, gradient, [v], hyper) {
      const change = form === 'average' ? ops.mul(1 - beta, gradient) : gradient
      const next = ops.add(ops.mul(beta, v), change)
      return { weight: ops.sub(weight, ops.mul(hyper.learningRate, next)), slots: [next] }
    },
  }
}
