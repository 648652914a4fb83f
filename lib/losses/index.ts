/** The table of losses, and how options and files name them. */
import { oneOf } from '../base/checks'
import { customFunction, isFunctionConfig, isOwnFunction, type Custom, type Named } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { Json } from '../base/json'
import { binaryCrossentropy } from './binary-crossentropy'
import { categoricalCrossentropy } from './categorical-crossentropy'
import type { Loss, LossFunction } from './loss'
import { meanSquaredError } from './mean-squared-error'
import { ownLoss } from './own'
import { sparseCategoricalCrossentropy } from './sparse-categorical-crossentropy'

export type { Loss, LossFunction, LossInput } from './loss'

/** Losses with options; without them a name is enough. Each is averaged over the batch. */
export const losses = { binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy, meanSquaredError }

export type LossName = keyof typeof losses
/** A name, `losses.…`, or a function (yTrue, yPred) => scalar, by itself or with a name for files. */
export type LossSpec = LossName | Loss | LossFunction | Named<LossFunction>

const lossNames = Object.keys(losses) as LossName[]

/** Resolves a loss option: a name, `losses.…`, a function or { name, fn }. `where` names the option in errors. */
export function toLoss(where: string, spec: LossSpec): Loss {
  if (isOwnFunction<LossFunction>(spec)) return ownLoss(where, spec)
  if (typeof spec === 'string') return losses[oneOf(where, spec, lossNames)]()
  if (typeof spec === 'object' && spec !== null && typeof spec.checkTargetValues === 'function') return spec
  const known = lossNames.map((name) => `'${name}'`).join(', ')
  throw new OptionError(
    `${where}: expected ${known}, losses.…, a function (yTrue, yPred) => scalar or { name, fn }, got ` +
      `${describeValue(spec)}.`,
  )
}

/** Rebuilds what `Loss.config` describes. */
export function lossFromConfig(config: Json, custom?: Custom): Loss {
  if (isFunctionConfig(config))
    return ownLoss('loss', { name: config.custom, fn: customFunction('loss', config.custom, custom) })
  if (typeof config === 'string') return toLoss('loss', oneOf('loss', config, lossNames))
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new OptionError(`loss: expected a name or an object, got ${describeValue(config)}.`)
  const { name, ...options } = config
  return (losses[oneOf('loss', name, lossNames)] as (options: object) => Loss)(options)
}
