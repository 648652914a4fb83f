/** The options of fit, checked before anything changes. */
import {
  booleanOption,
  checkOptions,
  checkSignal,
  functionOption,
  nonEmptyString,
  nonNegativeInteger,
  positiveInteger,
  positiveNumber,
} from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import { didYouMean } from '../../base/suggest'
import { Augmenter } from '../../data/augment'
import type { ClassWeights, SampleWeights, TargetData } from '../data/examples'
import type { InputData } from '../data/inputs'
import { recordOf } from '../structure/record'
import type { Network, NetworkInput } from '../structure/network'
import type { Augmented } from './augmented'
import type { BatchLogs, Callback, Hook, TrainingRun } from './callback'
import type { EpochLogs } from './history'
import { progressBar } from './progress-bar'

/**
 * When and where an interrupted run can be taken up again (see `resume`). A checkpoint holds the model, the history,
 * the sample weights and the validation data, so that `resume` needs x and y alone: a large validation set makes every
 * checkpoint as large.
 */
export interface CheckpointOptions {
  /** Written whole or not at all; a newer checkpoint replaces the older one. */
  path: string
  /** Every so many epochs or training steps of this run. The start and the end of the run are always written. */
  every: { epochs: number } | { steps: number }
}

/** [x, y] or [x, y, sampleWeight]. */
export type ValidationData = readonly [InputData, TargetData] | readonly [InputData, TargetData, SampleWeights]

/** Where validation data are given for certain, so are the values that start with `val_`. */
export interface WithValidation {
  validationData: ValidationData
}

export interface CommonFitOptions<Model = unknown> {
  /** Number of the last epoch; counting goes on from `initialEpoch`. Default 1. */
  epochs?: number | undefined
  /** Epochs that count as done: numbering and schedules start after it. Default 0. */
  initialEpoch?: number | undefined
  validationData?: ValidationData | undefined
  /** By class number; multiplies the sample weights. */
  classWeight?: ClassWeights | undefined
  callbacks?: readonly Callback<Model>[] | undefined
  /** Observes every batch, late and in groups. */
  onBatch?: Hook<[batch: BatchLogs, run: TrainingRun<Model>]>
  /** Awaited after every epoch at a step boundary, where the model's methods run at once. */
  onEpoch?: Hook<[logs: EpochLogs, run: TrainingRun<Model>]>
  signal?: AbortSignal | undefined
  /** 0: silent (default). 1: a progress bar on stderr. */
  verbose?: 0 | 1 | undefined
  /** Ends with history.stopped 'converged' when the epoch's cost J changes by less than `tolerance`. */
  stopWhen?: { tolerance: number } | undefined
  /**
   * `data.augment({ … })`, or `{ photo: data.augment({ … }) }` for the images of a named input: every epoch trains on
   * newly changed images, made natively ahead of the steps. Row i of epoch n is changed the same for the same seed,
   * whatever the batch size and the number of threads. Labels, weights and validation data stay what they are.
   */
  augment?: Augmenter | { readonly [input: string]: Augmenter } | undefined
}

export interface FitOptions<Model = unknown> extends CommonFitOptions<Model> {
  /** Rows of a mini-batch; 'all' is batch gradient descent. Default 32, or all rows if there are fewer. */
  batchSize?: number | 'all' | undefined
  /** A new seeded order of the rows in every epoch. Default true. */
  shuffle?: boolean | undefined
  /** Leaves the last, smaller batch out. Default false. */
  dropLast?: boolean | undefined
  /** One weight per row. Weighted losses divide by m, the number of rows. */
  sampleWeight?: SampleWeights | undefined
  checkpoint?: CheckpointOptions | undefined
}

/** Data of a fit as it was given. */
export interface FitData {
  x: InputData
  y: TargetData
  sampleWeight?: SampleWeights
  classWeight?: ClassWeights
  validationData?: ValidationData | null
}

/** What fit and fitDataset are told alike, with its defaults. */
export interface CommonSettings {
  epochs: number
  initialEpoch: number
  tolerance: number | null
}

/** Fit options with their defaults; data aside. */
export interface Settings extends CommonSettings {
  batchSize: number
  shuffle: boolean
  dropLast: boolean
  checkpoint: CheckpointOptions | null
  augment: Augmented | null
}

/** Names of the options that fit and fitDataset share. */
export const commonNames = [
  'epochs',
  'initialEpoch',
  'validationData',
  'classWeight',
  'callbacks',
  'onBatch',
  'onEpoch',
  'signal',
  'verbose',
  'stopWhen',
  'augment',
]

export function checkFitNames(options: FitOptions): void {
  checkOptions('fit', options, [...commonNames, 'batchSize', 'shuffle', 'dropLast', 'sampleWeight', 'checkpoint'])
}

export function checkCommon(where: string, options: CommonFitOptions): CommonSettings {
  const initialEpoch = nonNegativeInteger(`${where}: initialEpoch`, options.initialEpoch ?? 0)
  const epochs = positiveInteger(`${where}: epochs`, options.epochs ?? initialEpoch + 1)
  if (epochs <= initialEpoch)
    throw new OptionError(
      `${where}: epochs (the number of the last epoch) must be above initialEpoch, got epochs ${epochs} and ` +
        `initialEpoch ${initialEpoch}.`,
    )
  if (options.stopWhen !== undefined) checkOptions(`${where}: stopWhen`, options.stopWhen, ['tolerance'])
  const tolerance = options.stopWhen ? positiveNumber(`${where}: stopWhen.tolerance`, options.stopWhen.tolerance) : null
  if (options.onBatch !== undefined) functionOption(`${where}: onBatch`, options.onBatch)
  if (options.onEpoch !== undefined) functionOption(`${where}: onEpoch`, options.onEpoch)
  checkValidation(where, options.validationData)
  checkSignal(where, options.signal)
  return { epochs, initialEpoch, tolerance }
}

function checkValidation(where: string, data: unknown): void {
  if (data === undefined) return
  if (!Array.isArray(data) || data.length < 2 || data.length > 3)
    throw new OptionError(
      `${where}: validationData: expected [x, y] or [x, y, sampleWeight], got ${describeValue(data)}.`,
    )
  if (data.length === 3 && data[2] === undefined)
    throw new OptionError(
      `${where}: validationData: expected a weight for each row in [x, y, sampleWeight], got undefined. Leave it out ` +
        'where rows have none: [x, y].',
    )
}

/** Of which input the images are changed, and how; null without an augmenter. */
export function augmentOf(where: string, given: unknown, network: Network): Augmented | null {
  if (given === undefined) return null
  const { input, augment } = augmentedInput(where, given, network)
  if (!(augment instanceof Augmenter))
    throw new OptionError(`${where}: augment: expected data.augment({ … }), got ${describeValue(augment)}.`)
  augment.how(`${where}: augment`, input.shape)
  return { input: input.name, how: augment.options }
}

function augmentedInput(
  where: string,
  given: unknown,
  { inputs, namedInputs }: Network,
): { input: NetworkInput; augment: unknown } {
  if (!namedInputs) return { input: inputs[0], augment: given }
  const names = inputs.map(({ name }) => name)
  if (given instanceof Augmenter)
    throw new OptionError(
      `${where}: augment: expected the images of an input by name, { ${names[0]}: data.augment({ … }) }, got a bare ` +
        'data.augment({ … }).',
    )
  const entries = Object.entries(recordOf(`${where}: augment`, 'input', given, names, true))
  if (entries.length !== 1)
    throw new OptionError(`${where}: augment: expected the images of one input, got those of ${entries.length}.`)
  const [[name, augment]] = entries
  return { input: inputs[names.indexOf(name)], augment }
}

/** `common`: as checkCommon gave it. */
export function settingsOf(options: FitOptions, common: CommonSettings, rows: number, network: Network): Settings {
  const asked = options.batchSize ?? Math.min(32, rows)
  const batchSize = asked === 'all' ? rows : positiveInteger("fit: batchSize ('all' or a number)", asked)
  if (batchSize > rows)
    throw new OptionError(
      `fit: batchSize ${batchSize} is larger than the data, ${rows} rows. Use a smaller one, or 'all'.`,
    )
  return {
    ...common,
    batchSize,
    shuffle: booleanOption('fit: shuffle', options.shuffle ?? true),
    dropLast: booleanOption('fit: dropLast', options.dropLast ?? false),
    checkpoint: options.checkpoint === undefined ? null : checkCheckpoint(options.checkpoint),
    augment: augmentOf('fit', options.augment, network),
  }
}

function checkCheckpoint(value: CheckpointOptions): CheckpointOptions {
  const where = 'fit: checkpoint'
  checkOptions(where, value, ['path', 'every'])
  const path = nonEmptyString(`${where}.path`, value.path)
  checkOptions(`${where}.every`, value.every, ['epochs', 'steps'])
  const { epochs, steps } = (value.every ?? {}) as { epochs?: unknown; steps?: unknown }
  if ((epochs === undefined) === (steps === undefined))
    throw new OptionError(
      `${where}.every: expected exactly one of { epochs } and { steps }, got ` +
        `${epochs === undefined ? 'neither' : 'both'}.`,
    )
  const every =
    epochs !== undefined
      ? { epochs: positiveInteger(`${where}.every.epochs`, epochs) }
      : { steps: positiveInteger(`${where}.every.steps`, steps) }
  return { path, every }
}

const hooks = ['onTrainBegin', 'onEpochBegin', 'onProgress', 'onBatch', 'onEpoch', 'onTrainEnd'] as const
const methods = [...hooks, 'forRun', 'save', 'restore'] as const

/** OptionError for a method that is none, or that nobody would call. */
function checkCallback(where: string, callback: Callback): Callback {
  if (typeof callback !== 'object' || callback === null)
    throw new OptionError(`${where}: expected callbacks.… or an object with onEpoch, got ${describeValue(callback)}.`)
  for (const name of methods) if (callback[name] !== undefined) functionOption(`${where}.${name}`, callback[name])
  for (const name of methodNames(callback))
    if (/^on[A-Z]/.test(name) && !(hooks as readonly string[]).includes(name))
      throw new OptionError(
        `${where}: '${name}' is no method that fit calls.${didYouMean(name, hooks)} It calls ${hooks.join(', ')}.`,
      )
  return callback
}

/** Names of the functions of an object, its classes' included. */
function methodNames(object: object): string[] {
  const names: string[] = []
  for (let at = object; at !== null; at = Object.getPrototypeOf(at) as object)
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function') names.push(name)
  return names
}

/** The callbacks of a run: the user's, the progress bar of `verbose`, and onEpoch and onBatch as one. */
export function callbacksOf(where: string, options: CommonFitOptions): Callback[] {
  const given = options.callbacks ?? []
  if (!Array.isArray(given)) throw new OptionError(`${where}: callbacks: expected a list, got ${describeValue(given)}.`)
  // Holes of a list are undefined.
  const checked = Array.from(given, (callback: Callback, i) => checkCallback(`${where}: callbacks[${i}]`, callback))
  const verbose = options.verbose ?? 0
  if (verbose !== 0 && verbose !== 1)
    throw new OptionError(`${where}: verbose: expected 0 or 1, got ${describeValue(verbose)}.`)
  const list = checked.map((callback, i) => {
    const own = callback.forRun?.()
    return own === undefined ? callback : checkCallback(`${where}: callbacks[${i}]: forRun()`, own)
  })
  if (verbose) list.push(progressBar())
  if (options.onEpoch || options.onBatch)
    list.push({ name: 'fit options', onEpoch: options.onEpoch, onBatch: options.onBatch })
  return list
}
