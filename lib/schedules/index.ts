/** Learning rates that change while training. Epochs and steps (mini-batches since the model was made) count from 1. */
import { checkOptions, finiteNumber, numberInRange, oneOf, positiveInteger, positiveNumber } from '../base/checks'
import { customFunction, functionConfig, isFunctionConfig, type Custom } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { Json } from '../base/json'

/** Where training stands when a rate is asked for. */
export interface ScheduleTime {
  /** From 1. */
  epoch: number
  /** Mini-batches since the model was made, from 1. */
  step: number
}

/** A learning rate as a function of time. Made by `schedules.*`. */
export interface Schedule {
  /** For files; null where it cannot be saved (an unnamed function). */
  readonly config: Json
  /** The rate, in float64. Throws OptionError if a user's function gives a negative or non-finite number. */
  value(time: ScheduleTime): number
}

/** A function of time; evaluated ahead, before the steps it is for. */
export type ScheduleFunction = (time: ScheduleTime) => number
/** What options called `learningRate` take. */
export type LearningRate = number | Schedule | ScheduleFunction

type Per = 'epoch' | 'step'
const clock = (where: string, per: unknown): Per => oneOf(`${where}: per`, per, ['epoch', 'step'])

function schedule(config: Json, value: (time: ScheduleTime) => number): Schedule {
  return { config, value }
}

/** initial / (1 + decayRate·epoch). `per: 'step'` counts mini-batches instead. `decayRate` ≥ 0. */
export function inverseTime(options: { initial: number; decayRate: number; per?: Per }): Schedule {
  const where = 'schedules.inverseTime'
  checkOptions(where, options, ['initial', 'decayRate', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial)
  const decayRate = numberInRange(`${where}: decayRate`, options.decayRate, 0, Number.MAX_VALUE)
  const per = clock(where, options.per ?? 'epoch')
  return schedule({ kind: 'inverseTime', initial, decayRate, per }, (time) => initial / (1 + decayRate * time[per]))
}

/** initial · beta^epoch, 0 < beta ≤ 1. `per: 'step'` counts mini-batches instead. */
export function exponential(options: { initial: number; beta: number; per?: Per }): Schedule {
  const where = 'schedules.exponential'
  checkOptions(where, options, ['initial', 'beta', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial)
  const beta = numberInRange(`${where}: beta`, options.beta, 0, 1, '(]')
  const per = clock(where, options.per ?? 'epoch')
  return schedule({ kind: 'exponential', initial, beta, per }, (time) => initial * beta ** time[per])
}

/**
 * initial · k / √epoch, or with `per: 'step'` initial · k / √t, t the number of the mini-batch. `initial` defaults to
 * 1.
 */
export function inverseSqrt(options: { initial?: number; k: number; per?: Per }): Schedule {
  const where = 'schedules.inverseSqrt'
  checkOptions(where, options, ['initial', 'k', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial ?? 1)
  const k = positiveNumber(`${where}: k`, options?.k)
  const per = clock(where, options.per ?? 'epoch')
  return schedule({ kind: 'inverseSqrt', initial, k, per }, (time) => (k / Math.sqrt(time[per])) * initial)
}

/**
 * `initial` for the first `every` epochs, then times `factor`, after `every` more times `factor` again, and so on. 0 <
 * factor ≤ 1.
 */
export function staircase(options: { initial: number; factor: number; every: number; per?: Per }): Schedule {
  const where = 'schedules.staircase'
  checkOptions(where, options, ['initial', 'factor', 'every', 'per'])
  const initial = positiveNumber(`${where}: initial`, options?.initial)
  const factor = numberInRange(`${where}: factor`, options.factor, 0, 1, '(]')
  const every = positiveInteger(`${where}: every`, options.every)
  const per = clock(where, options.per ?? 'epoch')
  return schedule(
    { kind: 'staircase', initial, factor, every, per },
    (time) => initial * factor ** Math.floor((time[per] - 1) / every),
  )
}

/**
 * Climbs in a straight line to what `rate` says: times step/steps for the first `steps` mini-batches, then unchanged.
 */
export function warmup(rate: LearningRate, options: { steps: number }): Schedule {
  const where = 'schedules.warmup'
  checkOptions(where, options, ['steps'])
  const inner = toSchedule(where, rate)
  const steps = positiveInteger(`${where}: steps`, options?.steps)
  const config: Json = inner.config === null ? null : { kind: 'warmup', rate: inner.config, steps }
  return schedule(config, (time) => inner.value(time) * Math.min(1, time.step / steps))
}

/** A number (above 0), a schedule or a function as a Schedule. `where` names the option in errors. */
export function toSchedule(where: string, rate: LearningRate): Schedule {
  if (typeof rate === 'number') {
    const value = positiveNumber(where, rate)
    return schedule(value, () => value)
  }
  if (typeof rate === 'function') {
    return schedule(functionConfig(rate), (time) => {
      const value: unknown = rate({ epoch: time.epoch, step: time.step })
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
      const when = `epoch ${time.epoch}, step ${time.step}`
      throw new OptionError(
        `${where}: the function must return a finite number of at least 0; ` +
          `at ${when} it returned ${describeValue(value)}.`,
      )
    })
  }
  if (typeof rate === 'object' && rate !== null && typeof (rate as Schedule).value === 'function') return rate
  throw new OptionError(
    `${where}: expected a number above 0, schedules.… or a function of { epoch, step }, got ${describeValue(rate)}.`,
  )
}

/** Rebuilds what `Schedule.config` describes. */
export function scheduleFromConfig(config: Json, custom?: Custom): Schedule {
  const where = 'learningRate'
  if (typeof config === 'number') return toSchedule(where, config)
  if (isFunctionConfig(config)) return toSchedule(where, customFunction<ScheduleFunction>(where, config.custom, custom))
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new OptionError(`${where}: expected a number or a schedule, got ${describeValue(config)}.`)
  const { kind, ...options } = config
  const name = oneOf(`${where}: schedule`, kind, ['inverseTime', 'exponential', 'inverseSqrt', 'staircase', 'warmup'])
  if (name === 'warmup') {
    return warmup(scheduleFromConfig(options.rate, custom), { steps: finiteNumber(`${where}: steps`, options.steps) })
  }
  const make = { inverseTime, exponential, inverseSqrt, staircase }[name] as (options: unknown) => Schedule
  return make(options)
}

/** Learning rates that change while training. */
export const schedules = { inverseTime, exponential, inverseSqrt, staircase, warmup }
