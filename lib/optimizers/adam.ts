import { checkOptions, nonNegativeNumber, numberInRange } from '../base/checks'
import * as ops from '../ops'
import { toSchedule, type LearningRate } from '../schedules'
import { checkEpsilons, movingAverage, optimizerConfig, rootOf, type UpdateRule } from './optimizer'

export interface AdamOptions {
  /** Default 1e-3. */
  learningRate?: LearningRate | undefined
  /** 0 ≤ beta1 < 1, default 0.9. */
  beta1?: number | undefined
  /** 0 ≤ beta2 < 1, default 0.999. */
  beta2?: number | undefined
  /** Added outside the root. Default 1e-8. */
  epsilon?: number | undefined
  /** Added inside the root. Default 0; for √(ŝ + ε) alone say { epsilon: 0, epsilonRoot: 1e-8 }. */
  epsilonRoot?: number | undefined
}

export interface AdamwOptions extends AdamOptions {
  /** At least 0, default 0.01. Acts on every trainable weight, biases included. */
  weightDecay?: number | undefined
}

const names = ['learningRate', 'beta1', 'beta2', 'epsilon', 'epsilonRoot']

/**
 * v ← β₁v + (1−β₁)·dW; s ← β₂s + (1−β₂)·dW²; W ← W − α·v̂ / (√(ŝ + epsilonRoot) + epsilon)
 * with v̂ = v/(1−β₁ᵗ) and ŝ = s/(1−β₂ᵗ) at update number t (Kingma & Ba 2015).
 */
export function adam(options: AdamOptions = {}): UpdateRule {
  checkOptions('optimizers.adam', options, names)
  return make('adam', options, null)
}

/**
 * Adam with decoupled decay (Loshchilov & Hutter 2019, as PyTorch): first W ← W·(1 − α·weightDecay), then Adam's step.
 */
export function adamw(options: AdamwOptions = {}): UpdateRule {
  checkOptions('optimizers.adamw', options, [...names, 'weightDecay'])
  return make('adamw', options, nonNegativeNumber('optimizers.adamw: weightDecay', options.weightDecay ?? 0.01))
}

function make(kind: 'adam' | 'adamw', options: AdamOptions, weightDecay: number | null): UpdateRule {
  const where = `optimizers.${kind}`
  const learningRate = toSchedule(`${where}: learningRate`, options.learningRate ?? 1e-3)
  const beta1 = numberInRange(`${where}: beta1`, options.beta1 ?? 0.9, 0, 1, '[)')
  const beta2 = numberInRange(`${where}: beta2`, options.beta2 ?? 0.999, 0, 1, '[)')
  const epsilons = checkEpsilons(where, options)
  return {
    kind,
    config: optimizerConfig(learningRate, {
      beta1,
      beta2,
      ...epsilons,
      ...(weightDecay === null ? {} : { weightDecay }),
    }),
    learningRate,
    slots: ['v', 's'],
    decays: Boolean(weightDecay),
    hypers: ['correction1', 'correction2'],
    // Reciprocals, so that the kernel multiplies; in float64, because 1 − β₂ᵗ loses digits in float32.
    hyperValues: (t) => [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)],
    update(weight, gradient, [v, s], { learningRate: rate, correction1, correction2 }) {
      const nextV = movingAverage(v, beta1, gradient)
      const nextS = movingAverage(s, beta2, ops.mul(gradient, gradient))
      const change = ops.div(ops.mul(correction1, nextV), rootOf(ops.mul(correction2, nextS), epsilons))
      const kept = weightDecay ? ops.mul(weight, ops.sub(1, ops.mul(rate, weightDecay))) : weight
      return { weight: ops.sub(kept, ops.mul(rate, change)), slots: [nextV, nextS] }
    },
  }
}
