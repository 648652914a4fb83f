/** The table of schedules, and how files name them. */
import { oneOf } from '../base/checks'
import { customFunction, isFunctionConfig, type Custom } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { Json, JsonObject } from '../base/json'
import { exponential } from './exponential'
import { inverseSqrt } from './inverse-sqrt'
import { inverseTime } from './inverse-time'
import { toSchedule } from './learning-rate'
import type { Schedule } from './schedule'
import { staircase } from './staircase'
import { warmup, warmupFromConfig } from './warmup'

export { toSchedule } from './learning-rate'
export type { LearningRate, Schedule, ScheduleFunction, ScheduleTime } from './schedule'

/** Learning rates that change while training. */
export const schedules = { inverseTime, exponential, inverseSqrt, staircase, warmup }

type ScheduleName = keyof typeof schedules
const scheduleNames = Object.keys(schedules) as ScheduleName[]

/** How a schedule comes back from its config where its options are not the config itself. */
type FromConfig = (options: JsonObject, rebuild: (config: Json) => Schedule) => Schedule
const fromConfig: Partial<Record<ScheduleName, FromConfig>> = { warmup: warmupFromConfig }

/** Rebuilds what `Schedule.config` describes. */
export function scheduleFromConfig(config: Json, custom?: Custom): Schedule {
  const where = 'learningRate'
  if (typeof config === 'number') return toSchedule(where, config)
  if (isFunctionConfig(config))
    return toSchedule(where, { name: config.custom, fn: customFunction(where, config.custom, custom) })
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new OptionError(`${where}: expected a number or a schedule, got ${describeValue(config)}.`)
  const { kind, ...options } = config
  const name = oneOf(`${where}: schedule`, kind, scheduleNames)
  const special = fromConfig[name]
  if (special) return special(options, (inner) => scheduleFromConfig(inner, custom))
  return (schedules[name] as (options: JsonObject) => Schedule)(options)
}
