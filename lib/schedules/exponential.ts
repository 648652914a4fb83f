import { checkOptions, numberInRange, positiveNumber } from '../base/checks'
import { perOption, type Per, type Schedule } from './schedule'

/** initial · beta^epoch, 0 < beta ≤ 1. `per: 'step'` counts mini-batches instead. `initial` > 0. */
export function exponential(options: { initial: number; beta: number; per?: Per | undefined }): Schedule {
  const where = 'schedules.exponential'
  checkOptions(where, options, ['initial', 'beta', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial)
  const beta = numberInRange(`${where}: beta`, options.beta, 0, 1, '(]')
  const per = perOption(where, options.per)
  return {
    config: { kind: 'exponential', initial, beta, per },
    value: (time) => initial * beta ** time[per],
  }
}
