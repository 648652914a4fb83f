import { positiveNumber } from '../base/checks'
import { isOwnFunction, ownFunction, type Named } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { LearningRate, Schedule, ScheduleFunction } from './schedule'

/** A number (above 0), a schedule, a function or { name, fn } as a Schedule. `where` names the option in errors. */
export function toSchedule(where: string, rate: LearningRate): Schedule {
  if (typeof rate === 'number') {
    const value = positiveNumber(where, rate)
    return { config: value, value: () => value }
  }
  if (isOwnFunction<ScheduleFunction>(rate)) return ownSchedule(where, rate)
  if (typeof rate === 'object' && rate !== null && typeof rate.value === 'function') return rate
  throw new OptionError(
    `${where}: expected a number above 0, schedules.…, a function of { epoch, step } or { name, fn }, got ` +
      `${describeValue(rate)}.`,
  )
}

function ownSchedule(where: string, spec: ScheduleFunction | Named<ScheduleFunction>): Schedule {
  const { fn, config } = ownFunction(where, spec)
  return {
    config,
    value({ epoch, step }) {
      const value: unknown = fn({ epoch, step })
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
      throw new OptionError(
        `${where}: the function must return a finite number of at least 0; ` +
          `at epoch ${epoch}, step ${step} it returned ${describeValue(value)}.`,
      )
    },
  }
}
