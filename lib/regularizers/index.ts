/** The table of penalties on weights, and how options and files name them. */
import { oneOf } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import type { JsonObject } from '../base/json'
import { l1 } from './l1'
import { l1l2 } from './l1l2'
import { l2 } from './l2'
import type { Regularizer } from './regularizer'

export type { L1Options } from './l1'
export type { L1L2Options } from './l1l2'
export type { L2Options } from './l2'
export type { Penalty, Regularizer } from './regularizer'

/** Penalties on weights. */
export const regularizers = { l1, l2, l1l2 }

const names = Object.keys(regularizers) as (keyof typeof regularizers)[]

/** Checks an option that takes a regulariser; undefined stays undefined. */
export function checkRegularizer(where: string, value: unknown): Regularizer | undefined {
  if (
    value === undefined ||
    (typeof value === 'object' && value !== null && typeof (value as Regularizer).penalty === 'function')
  )
    return value as Regularizer | undefined
  throw new OptionError(`${where}: expected regularizers.… (${names.join(', ')}), got ${describeValue(value)}.`)
}

/** Rebuilds what `Regularizer.config` describes. */
export function regularizerFromConfig(config: JsonObject): Regularizer {
  const { kind, ...options } = config
  return (regularizers[oneOf('regularizer', kind, names)] as (options: object) => Regularizer)(options)
}
