import { checkOptions, positiveNumber } from '../base/checks'
import { perOption, type Per, type Schedule } from './schedule'

/**
 * initial · k / √epoch, or with `per: 'step'` initial · k / √t, t the number of the mini-batch. `initial` (default 1)
 * and `k` are above 0.
 */
export function inverseSqrt(options: { initial?: number | undefined; k: number; per?: Per | undefined }): Schedule {
  const where = 'schedules.inverseSqrt'
  checkOptions(where, options, ['initial', 'k', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial ?? 1)
  const k = positiveNumber(`${where}: k`, options?.k)
  const per = perOption(where, options.per)
  return {
    config: { kind: 'inverseSqrt', initial, k, per },
    value: (time) => (k / Math.sqrt(time[per])) * initial,
  }
}
