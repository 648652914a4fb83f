import { checkOptions, finiteNumber } from '../base/checks'
import { OptionError } from '../base/errors'
import type { Initializer } from './initializer'
import { random } from './random'

/** Uniform in [min, max), min < max. */
export function uniform(options: { min: number; max: number }): Initializer {
  const where = 'initializers.uniform'
  checkOptions(where, options, ['min', 'max'])
  const min = finiteNumber(`${where}: min`, options?.min)
  const max = finiteNumber(`${where}: max`, options.max)
  if (min >= max) throw new OptionError(`${where}: expected min below max, got min ${min} and max ${max}.`)
  return random({ name: 'uniform', min, max }, 'uniform', () => ({ offset: min, scale: max - min }))
}
