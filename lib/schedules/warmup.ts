import { checkOptions, finiteNumber, positiveInteger } from '../base/checks'
import type { Json, JsonObject } from '../base/json'
import { toSchedule } from './learning-rate'
import type { LearningRate, Schedule } from './schedule'

/**
 * Climbs in a straight line to what `rate` says: times step/steps for the first `steps` mini-batches, then unchanged
 * (Goyal et al. 2017).
 */
export function warmup(rate: LearningRate, options: { steps: number }): Schedule {
  const where = 'schedules.warmup'
  checkOptions(where, options, ['steps'])
  const inner = toSchedule(where, rate)
  const steps = positiveInteger(`${where}: steps`, options?.steps)
  return {
    config: inner.config === null ? null : { kind: 'warmup', rate: inner.config, steps },
    value: (time) => inner.value(time) * Math.min(1, time.step / steps),
  }
}

/** Rebuilds it from its config; `rebuild` does the same for the schedule inside. */
export function warmupFromConfig(options: JsonObject, rebuild: (config: Json) => Schedule): Schedule {
  return warmup(rebuild(options.rate), { steps: finiteNumber('learningRate: steps', options.steps) })
}
