import { checkOptions, finiteNumber, nonNegativeNumber } from '../base/checks'
import type { Initializer } from './initializer'
import { random } from './random'

/** N(mean, variance); `mean` defaults to 0. `variance` is σ², at least 0. */
export function normal(options: { variance: number; mean?: number | undefined }): Initializer {
  const where = 'initializers.normal'
  checkOptions(where, options, ['variance', 'mean'])
  const variance = nonNegativeNumber(`${where}: variance`, options?.variance)
  const mean = finiteNumber(`${where}: mean`, options.mean ?? 0)
  return random({ name: 'normal', variance, mean }, 'normal', () => ({ offset: mean, scale: Math.sqrt(variance) }))
}
