import { checkOptions, numberInRange, positiveInteger, positiveNumber } from '../base/checks'
import { perOption, type Per, type Schedule } from './schedule'

/**
 * `initial` for the first `every` epochs, then times `factor`, after `every` more times `factor` again, and so on.
 * `per: 'step'` counts mini-batches instead. `initial` > 0, 0 < factor ≤ 1.
 */
export function staircase(options: {
  initial: number
  factor: number
  every: number
  per?: Per | undefined
}): Schedule {
  const where = 'schedules.staircase'
  checkOptions(where, options, ['initial', 'factor', 'every', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial)
  const factor = numberInRange(`${where}: factor`, options.factor, 0, 1, '(]')
  const every = positiveInteger(`${where}: every`, options.every)
  const per = perOption(where, options.per)
  return {
    config: { kind: 'staircase', initial, factor, every, per },
    value: (time) => initial * factor ** Math.floor((time[per] - 1) / every),
  }
}
