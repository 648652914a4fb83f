/** Training on data in memory. JavaScript works once per epoch, not per step. */
import type { Callback } from '../callbacks/callback'
import type { NativeBuffer } from '../native'
import { featureStatistics } from '../layers/normalize'
import {
  checkpointBoundary,
  checkpointData,
  writeCheckpoint,
  type CheckpointData,
  type CheckpointState,
} from './checkpoint'
import {
  checkData,
  requireFinite,
  toNativeData,
  type CheckedData,
  type DataLike,
  type Flat,
  type NativeData,
} from './data'
import type { Engine } from './engine'
import type { FitOptions, Settings } from './fit-options'
import { callbacksOf, checkCommon, checkFitNames, settingsOf } from './fit-options'
import type { History } from './history'
import type { Model } from './model'
import type { Trainer } from './queue'
import { runSteps } from './run'
import { inOrder, shuffled } from './shuffle'
import { emptySums, Training, type EpochSums } from './training'
import { warnAboutDropoutCurve } from './warn'

/** Data of a fit after all checks. */
export interface FitData {
  train: CheckedData
  validation: CheckedData | null
}

export function checkFitData(engine: Engine, x: DataLike, y: DataLike, options: FitOptions): FitData {
  const { loss } = engine.requireCompiled('fit')
  const { inputShape, outputShape } = engine.network
  const common = { inputShape, outputShape, dtype: engine.dtype, loss }
  const { sampleWeight, classWeight, validationData } = options
  const train = checkData({ ...common, where: 'fit', x, y, sampleWeight, classWeight })
  if (!validationData) return { train, validation: null }
  const [vx, vy, vw] = validationData
  return { train, validation: checkData({ ...common, where: 'fit: validationData', x: vx, y: vy, sampleWeight: vw }) }
}

/** The whole of model.fit, in the model's queue. */
export async function fit(
  engine: Engine,
  model: Model,
  x: DataLike,
  y: DataLike,
  options: FitOptions,
): Promise<History> {
  checkFitNames(options)
  engine.requireCompiled('fit')
  checkCommon('fit', options)
  const callbacks = callbacksOf('fit', options)
  const data = checkFitData(engine, x, y, options)
  const settings = settingsOf(options, data.train.x.shape[0])
  return engine.queue.train('fit', options.signal, (trainer) =>
    runFit(engine, model, trainer, { data, settings, callbacks, resumed: null }),
  )
}

export interface FitRequest {
  data: FitData
  settings: Settings
  callbacks: readonly Callback[]
  /** Where an earlier run stopped. */
  resumed: CheckpointState | null
}

export async function runFit(engine: Engine, model: Model, trainer: Trainer, request: FitRequest): Promise<History> {
  const { data, settings, callbacks, resumed } = request
  await requireFinite('fit', 'x', data.train.x)
  if (data.validation) await requireFinite('fit: validationData', 'x', data.validation.x)
  const kept = settings.checkpoint ? await checkpointData(data) : null
  trainer.job.throwIfAborted()
  const { steps } = engine.progress
  const adapting = engine.needsAdapt
  adaptToData(engine, data.train)
  if (engine.network.hasDropout && callbacks.some((c) => c.name === 'progressBar')) warnAboutDropoutCurve()
  let train: NativeData | null = null
  let validation: NativeData | null = null
  try {
    train = toNativeData('fit', engine, data.train)
    validation = data.validation && toNativeData('fit: validationData', engine, data.validation)
    // From here on the rows live in native memory alone.
    data.train.x = releasedRows(data.train.x)
    if (data.validation && !kept) data.validation.x = releasedRows(data.validation.x)
    return await new FitRun(engine, model, trainer, { settings, callbacks, resumed, train, validation, kept }).all()
  } catch (error) {
    // A run that failed before its first step leaves everything as it was.
    if (adapting && engine.progress.steps === steps) engine.needsAdapt = true
    throw error
  } finally {
    train?.dispose()
    validation?.dispose()
  }
}

function adaptToData(engine: Engine, { x }: CheckedData): void {
  if (engine.needsAdapt) engine.setStatistics({ ...featureStatistics(x.data, x.shape[0]) })
}

/** The shape without the numbers. */
function releasedRows({ data, shape }: Flat): Flat {
  return { data: data instanceof Float32Array ? new Float32Array(0) : new Float64Array(0), shape }
}

interface NativeFit {
  settings: Settings
  callbacks: readonly Callback[]
  resumed: CheckpointState | null
  train: NativeData
  validation: NativeData | null
  /** What every checkpoint repeats; null without checkpoints. */
  kept: CheckpointData | null
}

class FitRun {
  readonly #training: Training
  readonly #rows: number
  readonly #steps: number
  readonly #full: number
  readonly #inputs: Record<string, NativeBuffer>

  constructor(
    readonly engine: Engine,
    model: Model,
    readonly trainer: Trainer,
    readonly request: NativeFit,
  ) {
    const { settings, train, validation, callbacks, resumed } = request
    const { batchSize, dropLast, epochs, tolerance } = settings
    this.#rows = train.rows
    this.#full = Math.floor(train.rows / batchSize)
    this.#steps = this.#full + (train.rows % batchSize && !dropLast ? 1 : 0)
    this.#inputs = { x: train.x, y: train.y!, ...(train.weights ? { weights: train.weights } : {}) }
    const examples = dropLast ? this.#full * batchSize : train.rows
    const plan = { where: 'fit', epochs, examples, batches: this.#steps, tolerance, validation }
    this.#training = new Training(engine, model, trainer, callbacks, plan, resumed?.history)
  }

  async all(): Promise<History> {
    const training = this.#training
    const { settings, resumed } = this.request
    training.history.dropout = this.engine.network.hasDropout
    try {
      if (resumed?.finished) return training.history
      await training.notify((c) => c.onTrainBegin?.(training.run))
      let epoch = settings.initialEpoch + 1
      let sums = emptySums()
      if (resumed) ({ epoch, sums } = resumed)
      else await this.#checkpoint(epoch, false)
      for (let more = true; more; epoch++) {
        more = await this.#epoch(epoch, sums)
        sums = emptySums()
        if (more && checkpointBoundary(settings, 'epochs', epoch - settings.initialEpoch))
          await this.#checkpoint(epoch + 1, false)
      }
      await training.notify((c) => c.onTrainEnd?.(training.run))
      await this.#checkpoint(epoch, true)
      return training.history
    } catch (error) {
      throw training.withHistory(error)
    }
  }

  async #epoch(epoch: number, sums: EpochSums): Promise<boolean> {
    const { engine, request } = this
    const { settings } = request
    const training = this.#training
    const key = engine.progress.epochs
    training.beginEpoch(epoch, sums)
    try {
      if (!sums.batches) {
        sums.learningRate = engine.learningRateAt(epoch, engine.progress.steps + 1)
        await training.notify((c) => c.onEpochBegin?.(epoch, training.run))
      }
      const order = settings.shuffle ? shuffled(this.#rows, engine.seed, key) : inOrder(this.#rows)
      while (sums.batches < this.#steps) {
        await this.#segment(order)
        if (sums.batches < this.#steps && checkpointBoundary(settings, 'steps', this.#stepsOfRun()))
          await this.#checkpoint(epoch, false)
      }
    } finally {
      if (sums.batches) engine.progress.epochs = key + 1
    }
    const more = await training.endEpoch()
    if (more && checkpointBoundary(settings, 'steps', this.#stepsOfRun())) await this.#checkpoint(epoch + 1, false)
    return more
  }

  /** Steps taken since the beginning of the run, earlier parts of a resumed one included. */
  #stepsOfRun(): number {
    return this.#training.history.batches.length
  }

  /** One native run: all full batches, the smaller last one, or up to the next checkpoint. */
  async #segment(order: Uint32Array): Promise<void> {
    const { engine, trainer, request } = this
    const { batchSize, checkpoint } = request.settings
    const training = this.#training
    const { sums, epoch } = training
    const last = sums.batches >= this.#full
    const batch = last ? this.#rows - this.#full * batchSize : batchSize
    let steps = last ? 1 : this.#full - sums.batches
    if (checkpoint && 'steps' in checkpoint.every) {
      const every = checkpoint.every.steps
      steps = Math.min(steps, every - (this.#stepsOfRun() % every))
    }
    const hyper = engine.hypers(epoch, steps)
    const width = hyper.length / steps
    const firstStep = engine.progress.steps + 1
    const from = sums.batches * batchSize
    await runSteps(trainer.job, {
      plan: () => engine.trainPlan({ batch, weighted: request.train.weights !== null }),
      inputs: this.#inputs,
      rows: order.subarray(from, from + steps * batch),
      batch,
      steps,
      request: (done) => ({ hyper: hyper.subarray(done * width), seed: engine.seed, firstStep: firstStep + done }),
      onProgress: training.listener(batch),
      onResult: (result, plan) => training.record(result, plan, batch),
    })
  }

  async #checkpoint(epoch: number, finished: boolean): Promise<void> {
    const { settings, callbacks, kept } = this.request
    if (!kept) return
    const training = this.#training
    const sums = finished || training.epoch !== epoch ? emptySums() : training.sums
    const state: CheckpointState = { epoch, sums, finished, history: training.history }
    await this.engine.queue.callback(this.trainer, () =>
      writeCheckpoint(this.engine, { settings, callbacks, kept, state }),
    )
    this.trainer.job.throwIfAborted()
  }
}
