/** Training on data in memory. JavaScript works once per epoch, not per step. */
import { sizeOf } from '../../base/shape'
import { inTurns } from '../../base/slices'
import { holding, openX, openY } from '../../data/row-source'
import { featureStatistics } from '../../layers/normalization/normalize'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { dataOf, inputsOf, type DataLike, type DataRequest, type Home, type NativeData } from '../data/data'
import {
  checkpointBoundary,
  checkpointData,
  writeCheckpoint,
  type CheckpointData,
  type CheckpointState,
} from '../files/checkpoint'
import { runSteps } from '../infer/run'
import type { Job, Trainer } from '../queue/queue'
import type { Engine } from '../structure/engine'
import { AugmentedRows, type ReadyRows } from './augmented'
import type { Callback } from './callback'
import {
  callbacksOf,
  checkCommon,
  checkFitNames,
  settingsOf,
  type FitOptions,
  type Settings,
  type FitData,
  type ValidationData,
} from './fit-options'
import { History } from './history'
import { inOrder, shuffled } from './shuffle'
import { emptySums, Training, withHistory, type EpochSums } from './training'
import { warnAboutDropoutCurve } from './warn'

/** The whole of model.fit, in the model's queue. */
export async function fit(
  engine: Engine,
  model: unknown,
  x: DataLike,
  y: DataLike,
  options: FitOptions,
): Promise<History> {
  checkFitNames(options)
  engine.requireCompiled('fit')
  checkCommon('fit', options)
  const callbacks = callbacksOf('fit', options)
  const { inputShape, outputShape } = engine.network
  const rows = openX('fit', x, inputShape, engine.dtype).shape[0]
  openY('fit', y, engine.requireCompiled('fit').loss.targetShape(outputShape), rows, engine.dtype)
  const settings = settingsOf(options, rows, inputShape)
  const { sampleWeight, classWeight, validationData } = options
  const data = { x, y, sampleWeight, classWeight, validationData }
  try {
    return await holding<readonly DataLike[], History>(validationData ?? [], (...held) =>
      engine.queue.train('fit', options.signal, (trainer) => {
        const given = { ...data, validationData: validationData && (held as unknown as ValidationData) }
        return runFit(engine, model, trainer, { where: 'fit', data: given, settings, callbacks, resumed: null })
      }),
    )
  } catch (error) {
    throw withHistory(error, new History())
  }
}

export interface FitRequest {
  /** 'fit' or 'resume'. */
  where: string
  data: FitData
  settings: Settings
  callbacks: readonly Callback[]
  /** Where an earlier run stopped. */
  resumed: CheckpointState | null
  /** Looks at the data before anything else happens. */
  verify?: (train: NativeData) => Promise<void>
}

export async function runFit(engine: Engine, model: unknown, trainer: Trainer, request: FitRequest): Promise<History> {
  const { where, data, settings, callbacks, resumed } = request
  const { loss } = engine.requireCompiled(where)
  const { inputShape, outputShape } = engine.network
  const { x, y, sampleWeight, classWeight, validationData } = data
  const { steps } = engine.progress
  const adapting = engine.needsAdapt
  const owned: NativeData[] = []
  const read = async (
    place: string,
    rest: Pick<DataRequest, 'x' | 'y' | 'sampleWeight' | 'classWeight'>,
    home: Home = engine,
  ) => {
    const found = await dataOf(home, trainer.job, { where: place, inputShape, outputShape, loss, ...rest })
    owned.push(found)
    return found
  }
  // Images are changed by the CPU; what it made goes to the device part by part.
  const home = settings.augment ? { dtype: engine.dtype, device: 'cpu' } : engine
  try {
    const train = await read(where, { x, y, sampleWeight, classWeight }, home)
    await request.verify?.(train)
    const [vx, vy, vw] = validationData ?? []
    const validation =
      vx === undefined || vy === undefined
        ? null
        : await read(`${where}: validationData`, { x: vx, y: vy, sampleWeight: vw })
    const kept = settings.checkpoint ? await checkpointData(engine.dtype, train, validation) : null
    if (adapting) await adaptTo(engine, trainer.job, train)
    if (engine.network.hasDropout && callbacks.some((c) => c.name === 'progressBar')) warnAboutDropoutCurve()
    // From here on the rows live in native memory alone.
    for (const part of owned) part.targets = part.exampleWeights = null
    return await new FitRun(engine, model, trainer, { settings, callbacks, resumed, train, validation, kept }).all()
  } catch (error) {
    // A run that failed before its first step leaves everything as it was.
    if (adapting && engine.progress.steps === steps) engine.needsAdapt = true
    throw error
  } finally {
    for (const part of owned) part.dispose()
  }
}

/** Teaches the normalize layer the mean and variance of x. */
export async function adaptTo(
  engine: Engine,
  job: Job,
  { x, xShape }: Pick<NativeData, 'x' | 'xShape'>,
): Promise<void> {
  const features = sizeOf(xShape.slice(1))
  const read = (from: number, to: number) => native.bufferRead(x, from * features, (to - from) * features)
  const found = await inTurns(featureStatistics(read, xShape[0], features), () => job.throwIfAborted())
  engine.setStatistics({ ...found })
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

/** Steps of one native run at most: their learning rates are computed ahead, on the event loop. */
const stepsAtOnce = 1 << 16

class FitRun {
  readonly #training: Training
  readonly #rows: number
  readonly #steps: number
  readonly #full: number
  readonly #inputs: Record<string, NativeBuffer>
  readonly #augmented: AugmentedRows | null

  constructor(
    readonly engine: Engine,
    model: unknown,
    readonly trainer: Trainer,
    readonly request: NativeFit,
  ) {
    const { settings, train, validation, callbacks, resumed } = request
    const { batchSize, dropLast, epochs, tolerance } = settings
    this.#rows = train.rows
    this.#full = Math.floor(train.rows / batchSize)
    this.#steps = this.#full + (train.rows % batchSize && !dropLast ? 1 : 0)
    this.#inputs = inputsOf(train)
    this.#augmented = settings.augment && new AugmentedRows(settings.augment, trainer.job, train, engine)
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
    } finally {
      await this.#augmented?.close()
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
      const order = settings.shuffle ? await inTurns(shuffled(this.#rows, engine.seed, key)) : inOrder(this.#rows)
      while (sums.batches < this.#steps) {
        await this.#segment(order, key)
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

  /** The rows of one native run: all full batches, the smaller last one, or up to the next checkpoint. */
  #part(order: Uint32Array, begin: number): { batch: number; steps: number; rows: Uint32Array } {
    const { batchSize, checkpoint } = this.request.settings
    const last = begin >= this.#full
    const batch = last ? this.#rows - this.#full * batchSize : batchSize
    let steps = last ? 1 : Math.min(this.#full - begin, this.#augmented?.stepsAtOnce(batch) ?? stepsAtOnce)
    if (checkpoint && 'steps' in checkpoint.every) {
      const every = checkpoint.every.steps
      steps = Math.min(steps, every - ((this.#stepsOfRun() + begin - this.#training.sums.batches) % every))
    }
    const from = begin * batchSize
    return { batch, steps, rows: order.subarray(from, from + steps * batch) }
  }

  /** The part's rows as they are, or changed; then the next part is begun. */
  async #ready(order: Uint32Array, pass: number, rows: Uint32Array, end: number): Promise<ReadyRows> {
    const augmented = this.#augmented
    if (!augmented) return { inputs: this.#inputs, rows, release: () => undefined }
    const ready = await augmented.take(rows, pass)
    if (end < this.#steps) augmented.prepare(this.#part(order, end).rows, pass)
    return ready
  }

  /** One native run. */
  async #segment(order: Uint32Array, pass: number): Promise<void> {
    const { engine, trainer, request } = this
    const training = this.#training
    const { sums, epoch } = training
    const { batch, steps, rows } = this.#part(order, sums.batches)
    const hyper = engine.hypers(epoch, steps)
    const width = hyper.length / steps
    const firstStep = engine.progress.steps + 1
    const ready = await this.#ready(order, pass, rows, sums.batches + steps)
    try {
      await runSteps(trainer.job, {
        plan: () => engine.trainPlan({ batch, weighted: request.train.weights !== null }),
        inputs: ready.inputs,
        rows: ready.rows,
        batch,
        steps,
        request: (done) => ({ hyper: hyper.subarray(done * width), seed: engine.seed, firstStep: firstStep + done }),
        onProgress: training.listener(batch),
        onResult: (result, plan) => training.record(result, plan, batch),
      })
    } finally {
      ready.release()
    }
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
