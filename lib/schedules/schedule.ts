/**
 * The contract of schedules: learning rates that change while training. Epochs, as a fit numbers them, and steps, the
 * mini-batches since the schedule was put in by `compile` or `setLearningRate`, count from 1.
 */
import { oneOf } from '../base/checks'
import type { Named } from '../base/custom'
import type { Json } from '../base/json'

/** Where training stands when a rate is asked for. */
export interface ScheduleTime {
  /** As the fit numbers them, from 1. */
  epoch: number
  /** Mini-batches since `compile` or `setLearningRate`, whichever was later, from 1. Files keep the count. */
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
/** What options called `learningRate` take: a function by itself, or with a name for files. */
export type LearningRate = number | Schedule | ScheduleFunction | Named<ScheduleFunction>

/** What a schedule counts. */
export type Per = 'epoch' | 'step'

/** The option `per`: 'epoch' unless given. */
export const perOption = (where: string, per: Per | undefined): Per =>
  oneOf(`${where}: per`, per ?? 'epoch', ['epoch', 'step'])
