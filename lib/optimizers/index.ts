/** The table of optimisers, and how options and files name them. */
import { oneOf } from '../base/checks'
import { addBuiltIn, customFactory, type Custom, type Factory } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { JsonObject } from '../base/json'
import { scheduleFromConfig } from '../schedules'
import { adam, adamw } from './adam'
import { gradientDescent } from './gradient-descent'
import { momentum } from './momentum'
import { usable, type Optimizer } from './optimizer'
import { rmsprop } from './rmsprop'

export type { AdamOptions, AdamwOptions } from './adam'
export { defineOptimizer, type DefinedOptimizer, type OptimizerDefinition, type UpdateStep } from './define-optimizer'
export type { GradientDescentOptions } from './gradient-descent'
export type { MomentumOptions } from './momentum'
export type { Optimizer, Updatable, UpdateRule } from './optimizer'
export type { RmspropOptions } from './rmsprop'

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
addBuiltIn('optimizer', optimizerNames)

/** An optimiser, or the name of one (with its defaults). */
export function toOptimizer(where: string, value: Optimizer | OptimizerName): Optimizer {
  if (typeof value === 'string') return optimizers[oneOf(where, value, optimizerNames)]()
  if (typeof value === 'object' && value !== null && typeof value.update === 'function') return value
  throw new OptionError(`${where}: expected optimizers.… (for example optimizers.adam()), got ${describeValue(value)}.`)
}

/**
 * Rebuilds an optimiser from its kind and config. Own kinds come from `custom`; FormatError where one is missing.
 */
export function optimizerFromConfig(kind: string, config: JsonObject, custom?: Custom): Optimizer {
  const options = { ...config, learningRate: scheduleFromConfig(config.learningRate, custom) }
  if (!Object.hasOwn(optimizers, kind))
    return (customFactory('optimizer', kind, custom) as Factory<Optimizer>).fromConfig(options as never)
  return (optimizers[kind as OptimizerName] as (options: unknown) => Optimizer)(options)
}
