import { checkOptions, numberInRange, positiveNumber } from '../base/checks'
import { perOption, type Per, type Schedule } from './schedule'

/** initial / (1 + decayRate·epoch). `per: 'step'` counts mini-batches instead. `initial` > 0, `decayRate` ≥ 0. */
export function inverseTime(options: { initial: number; decayRate: number; per?: Per | undefined }): Schedule {
  const where = 'schedules.inverseTime'
  checkOptions(where, options, ['initial', 'decayRate', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial)
  const decayRate = numberInRange(`${where}: decayRate`, options.decayRate, 0, Number.MAX_VALUE)
  const per = perOption(where, options.per)
  return {
    config: { kind: 'inverseTime', initial, decayRate, per },
    value: (time) => initial / (1 + decayRate * time[per]),
  }
}
