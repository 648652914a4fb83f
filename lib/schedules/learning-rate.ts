import { positiveNumber } from '../base/checks'
import { functionConfig } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { LearningRate, Schedule, ScheduleFunction } from './schedule'

/** A number (above 0), a schedule or a function as a Schedule. `where` names the option in errors. */
export function toSchedule(where: string, rate: LearningRate): Schedule {
  if (typeof rate === 'number') {
    const value = positiveNumber(where, rate)
    return { config: value, value: () => value }
  }
  if (typeof rate === 'function') return ownSchedule(where, rate)
  if (typeof rate === 'object' && rate !== null && typeof (rate as Schedule).value === 'function') return rate
  throw new OptionError(
    `${where}: expected a number above 0, schedules.… or a function of { epoch, step }, got ${describeValue(rate)}.`,
  )
}

function ownSchedule(where: string, fn: ScheduleFunction): Schedule {
  return {
    config: functionConfig(fn),
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
