/** The table of optimisers, and how options and files name them. */
import { oneOf } from '../base/checks'
import type { Custom } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { JsonObject } from '../base/json'
import { scheduleFromConfig } from '../schedules'
import { adam, adamw } from './adam'
import { gradientDescent } from './gradient-descent'
import { momentum } from './momentum'
import type { Optimizer, UpdateRule } from './optimizer'
import { rmsprop } from './rmsprop'

export type { AdamOptions, AdamwOptions } from './adam'
export type { GradientDescentOptions } from './gradient-descent'
export type { MomentumOptions } from './momentum'
export type { Optimizer, Updatable, UpdateRule } from './optimizer'
export type { RmspropOptions } from './rmsprop'

/** A maker of rules as a maker of optimisers. */
function usable<Options>(make: (options?: Options) => UpdateRule): (options?: Options) => Optimizer {
  return (options) => {
    const optimizer: Optimizer = {
      ...make(options),
      apply: (model, gradients) => model.applyGradients(optimizer, gradients),
    }
    return optimizer
  }
}

/** Optimisers. */
export const optimizers = {
  gradientDescent: usable(gradientDescent),
  momentum: usable(momentum),
  rmsprop: usable(rmsprop),
  adam: usable(adam),
  adamw: usable(adamw),
}
export type OptimizerName = keyof typeof optimizers
const optimizerNames = Object.keys(optimizers) as OptimizerName[]

/** An optimiser, or the name of one (with its defaults). */
export function toOptimizer(where: string, value: Optimizer | OptimizerName): Optimizer {
  if (typeof value === 'string') return optimizers[oneOf(where, value, optimizerNames)]()
  if (typeof value === 'object' && value !== null && typeof value.update === 'function') return value
  throw new OptionError(`${where}: expected optimizers.… (for example optimizers.adam()), got ${describeValue(value)}.`)
}

/** Rebuilds an optimiser from its kind and config. */
export function optimizerFromConfig(kind: string, config: JsonObject, custom?: Custom): Optimizer {
  const make = optimizers[oneOf('optimizer', kind, optimizerNames)] as (options: unknown) => Optimizer
  return make({ ...config, learningRate: scheduleFromConfig(config.learningRate, custom) })
}
