/** Training on streams of batches, for data larger than memory. */
import { checkOptions, functionOption, positiveInteger } from '../../base/checks'
import { describeValue, OptionError, StateError } from '../../base/errors'
import { inTurns } from '../../base/slices'
import type { AugmentSettings } from '../../data/augment'
import { inputsOf, nativeData, type DataLike, type Home, type NativeData, type SampleWeight } from '../data/data'
import { runSteps } from '../infer/run'
import type { Job, Trainer } from '../queue/queue'
import type { Engine } from '../structure/engine'
import { augmentedBatch } from './augmented'
import type { Callback } from './callback'
import { augmentOf, callbacksOf, checkCommon, type CommonFitOptions } from './fit-options'
import { History } from './history'
import { emptySums, Training, withHistory } from './training'

/** One batch: rows of x and y, and a weight per row where wanted. */
export interface Batch {
  x: DataLike
  y: DataLike
  sampleWeight?: SampleWeight
}

/** Called once per epoch. */
export type BatchSource = () => AsyncIterable<Batch> | Iterable<Batch>

export interface FitDatasetOptions<Model = unknown> extends CommonFitOptions<Model> {
  /** Ends an epoch after so many batches. Default: when the stream ends. */
  stepsPerEpoch?: number
}

/** Batches made ready while one is trained on. */
const prefetched = 2

const optionNames = [
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
  'stepsPerEpoch',
  'augment',
]

export async function fitDataset(
  engine: Engine,
  model: unknown,
  source: BatchSource,
  options: FitDatasetOptions,
): Promise<History> {
  const where = 'fitDataset'
  checkOptions(where, options, optionNames)
  functionOption(`${where}: source (a function that returns an async iterable of { x, y })`, source)
  const { epochs, initialEpoch, tolerance } = checkCommon(where, options)
  const batches =
    options.stepsPerEpoch === undefined ? undefined : positiveInteger(`${where}: stepsPerEpoch`, options.stepsPerEpoch)
  const callbacks: readonly Callback[] = callbacksOf(where, options)
  const augment = augmentOf(where, options.augment, engine.network.inputShape)
  engine.requireCompiled(where)
  if (engine.needsAdapt)
    throw new StateError(
      `${where}: a data stream cannot teach the normalize layer its mean and variance. Call model.adapt(x) first, or give them to layers.normalize.`,
    )
  const work = engine.queue.train(where, options.signal, async (trainer) => {
    const validation = await validationData(engine, where, options)
    const plan = { where, epochs, batches, tolerance, validation }
    const training = new Training(engine, model, trainer, callbacks, plan)
    try {
      await training.notify((c) => c.onTrainBegin?.(training.run))
      for (let epoch = initialEpoch + 1, more = true; more; epoch++)
        more = await runEpoch(engine, trainer, training, epoch, source, options, augment)
      await training.notify((c) => c.onTrainEnd?.(training.run))
      return training.history
    } catch (error) {
      throw training.withHistory(error)
    } finally {
      validation?.dispose()
    }
  })
  return work.catch((error: unknown) => {
    throw withHistory(error, new History())
  })
}

async function validationData(
  engine: Engine,
  where: string,
  { validationData }: FitDatasetOptions,
): Promise<NativeData | null> {
  if (!validationData) return null
  const [x, y, sampleWeight] = validationData
  return prepare(engine, `${where}: validationData`, { x, y, sampleWeight }, undefined)
}

/** Converts and checks one batch. */
async function prepare(
  engine: Engine,
  where: string,
  batch: Batch,
  classWeight: FitDatasetOptions['classWeight'],
  home: Home = engine,
): Promise<NativeData> {
  if (typeof batch !== 'object' || batch === null || !('x' in batch) || !('y' in batch))
    throw new OptionError(`${where}: expected a batch { x, y }, got ${describeValue(batch)}.`)
  const { loss } = engine.requireCompiled(where)
  const { inputShape, outputShape } = engine.network
  const { x, y, sampleWeight } = batch
  const request = { where, inputShape, outputShape, loss, x, y, sampleWeight, classWeight }
  return inTurns(nativeData(home, request))
}

async function runEpoch(
  engine: Engine,
  trainer: Trainer,
  training: Training,
  epoch: number,
  source: BatchSource,
  options: FitDatasetOptions,
  augment: AugmentSettings | null,
): Promise<boolean> {
  const sums = emptySums()
  training.beginEpoch(epoch, sums)
  sums.learningRate = engine.learningRateAt(epoch, engine.progress.steps + 1)
  await training.notify((c) => c.onEpochBegin?.(epoch, training.run))
  const stream = new Prefetcher(engine, trainer.job, source, options, epoch, augment)
  try {
    // While the stream is read, the model is free for other jobs.
    const next = () => engine.queue.callback(trainer, () => stream.next())
    for (let data = await next(); data; data = await next()) {
      try {
        trainer.job.throwIfAborted()
        await step(engine, trainer, training, data)
      } finally {
        data.dispose()
      }
    }
  } finally {
    if (sums.batches) engine.progress.epochs++
    await stream.close()
  }
  if (!sums.batches) throw new OptionError(`fitDataset: the stream of epoch ${epoch} gave no batch.`)
  return training.endEpoch()
}

async function step(engine: Engine, trainer: Trainer, training: Training, data: NativeData): Promise<void> {
  const hyper = engine.hypers(training.epoch, 1)
  await runSteps(trainer.job, {
    plan: () => engine.trainPlan({ batch: data.rows, weighted: data.weights !== null }),
    inputs: inputsOf(data),
    rows: null,
    batch: data.rows,
    steps: 1,
    request: () => ({ hyper, seed: engine.seed, firstStep: engine.progress.steps + 1 }),
    onResult: (result, plan) => training.record(result, plan, data.rows),
  })
}

/** Reads ahead of the training: up to two batches wait converted and checked. */
class Prefetcher {
  readonly #iterator: AsyncIterator<Batch> | Iterator<Batch>
  #ready: Promise<NativeData | null>[] = []
  #last: Promise<unknown> = Promise.resolve()
  #asked = 0
  #ended = false
  /** Rows read in this epoch. */
  #rows = 0
  readonly #pass: number

  constructor(
    readonly engine: Engine,
    readonly job: Job,
    source: BatchSource,
    readonly options: FitDatasetOptions,
    readonly epoch: number,
    readonly augment: AugmentSettings | null,
  ) {
    this.#pass = engine.progress.epochs
    const stream: unknown = source()
    const iterable = stream as Partial<AsyncIterable<Batch> & Iterable<Batch>> | undefined
    const iterator = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.()
    if (!iterator)
      throw new OptionError(
        `fitDataset: source() must return an (async) iterable of { x, y }, got ${describeValue(stream)}. An async function* does.`,
      )
    this.#iterator = iterator
    for (let i = 0; i < prefetched; i++) this.#ask()
  }

  /** Queues one more read behind the ones under way. */
  #ask(): void {
    if (this.options.stepsPerEpoch !== undefined && this.#asked >= this.options.stepsPerEpoch) return
    const number = ++this.#asked
    const read = this.#last.then(async () => {
      if (this.#ended) return null
      const { done, value } = await this.#iterator.next()
      if (done) {
        this.#ended = true
        return null
      }
      return this.#prepare(`fitDataset: epoch ${this.epoch}, batch ${number}`, value)
    })
    // A failed read is reported when its turn comes; no one listens to it before.
    read.catch(() => (this.#ended = true))
    this.#last = read.catch(() => undefined)
    this.#ready.push(read)
  }

  async #prepare(where: string, batch: Batch): Promise<NativeData> {
    const { engine, augment, job } = this
    const { classWeight } = this.options
    if (!augment) return prepare(engine, where, batch, classWeight)
    // Images are changed by the CPU, then go to the device.
    const data = await prepare(engine, where, batch, classWeight, { dtype: engine.dtype, device: 'cpu' })
    const firstRow = this.#rows
    this.#rows += data.rows
    return augmentedBatch(augment, job, engine, data, this.#pass, firstRow)
  }

  async next(): Promise<NativeData | null> {
    const first = this.#ready.shift()
    if (!first) return null
    const data = await first
    if (data) this.#ask()
    return data
  }

  /** Frees what nobody took and lets the stream clean up. */
  async close(): Promise<void> {
    const left = await Promise.allSettled(this.#ready.splice(0))
    for (const entry of left) if (entry.status === 'fulfilled') entry.value?.dispose()
    if (!this.#ended) await this.#iterator.return?.()
    this.#ended = true
  }
}
