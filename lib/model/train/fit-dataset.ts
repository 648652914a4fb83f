/** Training on streams of batches, for data larger than memory. */
import { checkOptions, functionOption, positiveInteger } from '../../base/checks'
import { settledWithin } from '../../base/clock'
import { describeValue, OptionError, StateError } from '../../base/errors'
import { inTurns } from '../../base/slices'
import type { Home } from '../../data/transfer'
import {
  Examples,
  inputsOf,
  weightedOutputs,
  type ClassWeights,
  type NativeData,
  type SampleWeights,
  type TargetData,
} from '../data/examples'
import type { InputData } from '../data/inputs'
import type { Engine } from '../engine'
import { runSteps } from '../programs/run-steps'
import type { Job } from '../queue/job'
import { augmentedBatch, type Augmented } from './augmented'
import type { Callback } from './callback'
import { augmentOf, callbacksOf, checkCommon, commonNames, type CommonFitOptions } from './fit-options'
import { History } from './history'
import { openValidation } from './open-fit'
import { emptySums, Recorder, withHistory } from './recorder'

/** One batch: rows of x and y, and a weight per row where wanted. */
export interface Batch {
  x: InputData
  y: TargetData
  sampleWeight?: SampleWeights | undefined
}

/** Called once per epoch. */
export type BatchSource = () => AsyncIterable<Batch> | Iterable<Batch>

export interface FitDatasetOptions<Model = unknown> extends CommonFitOptions<Model> {
  /** Ends an epoch after so many batches. Default: when the stream ends. */
  stepsPerEpoch?: number | undefined
}

/** Batches made ready while one is trained on. */
const prefetched = 2

/** So long a fit that has failed waits for its stream to clean up: one that stalls must not hold back the error. */
const cleanUpMs = 100

export async function fitDataset(
  engine: Engine,
  model: unknown,
  source: BatchSource,
  options: FitDatasetOptions,
): Promise<History> {
  const where = 'fitDataset'
  checkOptions(where, options, [...commonNames, 'stepsPerEpoch'])
  functionOption(`${where}: source (a function that returns an async iterable of { x, y })`, source)
  const { epochs, initialEpoch, tolerance } = checkCommon(where, options)
  const batches =
    options.stepsPerEpoch === undefined ? undefined : positiveInteger(`${where}: stepsPerEpoch`, options.stepsPerEpoch)
  const callbacks: readonly Callback[] = callbacksOf(where, options)
  const augment = augmentOf(where, options.augment, engine.network)
  engine.requireCompiled(where)
  if (engine.unadapted.size)
    throw new StateError(
      `${where}: a data stream cannot teach the normalize layer its mean and variance. Call model.adapt(x) first, or ` +
        `give them to layers.normalize.`,
    )
  try {
    const validation = openValidation(engine, where, options.validationData)
    try {
      const job = await engine.queue.own(where, options.signal)
      try {
        const outline = {
          where,
          epochs,
          batches,
          tolerance,
          validation: (await validation?.prepared(engine, job)) ?? null,
        }
        const recorder = new Recorder(engine, model, job, callbacks, outline)
        const stream = { source, options, augment, first: initialEpoch + 1 }
        return await runEpochs(engine, recorder, stream)
      } finally {
        engine.queue.disown(job)
      }
    } finally {
      validation?.release()
    }
  } catch (error) {
    throw withHistory(error, new History())
  }
}

interface Stream {
  source: BatchSource
  options: FitDatasetOptions
  augment: Augmented | null
  /** Number of the first epoch. */
  first: number
}

async function runEpochs(engine: Engine, recorder: Recorder, stream: Stream): Promise<History> {
  try {
    await recorder.notify((c) => c.onTrainBegin?.(recorder.run))
    for (let epoch = stream.first, more = true; more; epoch++) more = await runEpoch(engine, recorder, epoch, stream)
    await recorder.notify((c) => c.onTrainEnd?.(recorder.run))
    return recorder.history
  } catch (error) {
    throw recorder.withHistory(error)
  } finally {
    recorder.outline.validation?.dispose()
    recorder.answers?.dispose()
  }
}

/** Converts and checks one batch. */
async function prepare(
  engine: Engine,
  where: string,
  batch: Batch,
  classWeight: ClassWeights | undefined,
  home: Home = engine,
): Promise<NativeData> {
  if (typeof batch !== 'object' || batch === null || !('x' in batch) || !('y' in batch))
    throw new OptionError(`${where}: expected a batch { x, y }, got ${describeValue(batch)}.`)
  // Weights under another name would count for nothing.
  checkOptions(`${where}: { x, y, sampleWeight? }`, batch, ['x', 'y', 'sampleWeight'])
  const { x, y, sampleWeight } = batch
  const examples = Examples.open(where, { x, y, sampleWeight, classWeight }, engine.network, home)
  try {
    return await inTurns(examples.check(engine.requireCompiled(where).outputs).toNative(home))
  } finally {
    examples.release()
  }
}

async function runEpoch(engine: Engine, recorder: Recorder, epoch: number, given: Stream): Promise<boolean> {
  const { job } = recorder
  const sums = emptySums()
  await recorder.beginEpoch(epoch, sums)
  await recorder.notify((c) => c.onEpochBegin?.(epoch, recorder.run))
  const stream = new Prefetcher(engine, job, given, epoch)
  try {
    // A source may end or throw because of the same signal.
    const next = async () => {
      try {
        const data = await (stream.isReady ? stream.next() : engine.queue.meanwhile(job, () => stream.next()))
        if (!data) job.throwIfAborted()
        return data
      } catch (error) {
        job.throwIfAborted()
        throw error
      }
    }
    for (let data = await next(); data; data = await next()) {
      try {
        job.throwIfAborted()
        await step(engine, recorder, data)
      } finally {
        data.dispose()
      }
    }
  } catch (error) {
    await engine.queue.meanwhile(job, () => stream.abandon())
    throw error
  } finally {
    if (sums.batches) engine.progress.epochs++
  }
  await engine.queue.meanwhile(job, () => stream.close())
  if (!sums.batches) throw new OptionError(`fitDataset: the stream of epoch ${epoch} gave no batch.`)
  return recorder.endEpoch()
}

async function step(engine: Engine, recorder: Recorder, data: NativeData): Promise<void> {
  const hyper = engine.hypers(recorder.epoch, 1)
  recorder.useRate(hyper[0])
  const { answers } = recorder
  if (answers) await inTurns(answers.reserve(data.rows))
  await runSteps(recorder.job, {
    plans: engine.plans,
    plan: engine.trainPlan({ batch: data.rows, weighted: weightedOutputs(data) }),
    inputs: inputsOf(data),
    rows: null,
    batch: data.rows,
    steps: 1,
    request: () => ({ hyper, ...engine.stepKey(), ...answers?.request() }),
    onResult: (result, plan) => recorder.record(result, plan, data.rows),
  })
}

interface Read {
  data: Promise<NativeData | null>
  isDone: boolean
}

/** Reads ahead of the training: up to two batches wait converted and checked. */
class Prefetcher {
  readonly #iterator: AsyncIterator<Batch> | Iterator<Batch>
  #ready: Read[] = []
  #last: Promise<unknown> = Promise.resolve()
  #asked = 0
  #ended = false
  /** A batch could not be used, or the fit has failed: nothing more is read. */
  #failed = false
  /** Rows read in this epoch. */
  #rows = 0
  readonly #pass: number

  constructor(
    readonly engine: Engine,
    readonly job: Job,
    readonly given: Stream,
    readonly epoch: number,
  ) {
    this.#pass = engine.progress.epochs
    const stream: unknown = given.source()
    const iterable = stream as Partial<AsyncIterable<Batch> & Iterable<Batch>> | undefined
    const iterator = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.()
    if (typeof iterator?.next !== 'function')
      throw new OptionError(
        `fitDataset: source() must return an (async) iterable of { x, y }, got ${describeValue(stream)}. An async ` +
          `function* does.`,
      )
    this.#iterator = iterator
    for (let i = 0; i < prefetched; i++) this.#ask()
  }

  /** Queues one more read behind the ones under way. */
  #ask(): void {
    if (this.#asked >= (this.given.options.stepsPerEpoch ?? Infinity)) return
    const number = ++this.#asked
    const data = this.#last.then(async () => {
      if (this.#ended || this.#failed) return null
      const { done, value } = await this.#next()
      if (done || this.#failed) return null
      return this.#prepare(`fitDataset: epoch ${this.epoch}, batch ${number}`, value)
    })
    // A failed read is reported when its turn comes; no one listens to it before.
    const read = { data, isDone: false }
    this.#last = data.catch(() => (this.#failed = true)).then(() => (read.isDone = true))
    this.#ready.push(read)
  }

  async #next(): Promise<IteratorResult<Batch>> {
    try {
      const step = await this.#iterator.next()
      if (typeof step !== 'object' || step === null)
        throw new OptionError(
          `fitDataset: next() of the stream must give { value, done }, got ${describeValue(step)}. An async ` +
            'function* does.',
        )
      if (step.done) this.#ended = true
      return step
    } catch (error) {
      this.#ended = true
      throw error
    }
  }

  async #prepare(where: string, batch: Batch): Promise<NativeData> {
    const { engine, job, given } = this
    const { augment, options } = given
    const { classWeight } = options
    if (!augment) return prepare(engine, where, batch, classWeight)
    // Images are changed by the CPU, then go to the device.
    const data = await prepare(engine, where, batch, classWeight, { dtype: engine.dtype, device: 'cpu' })
    const firstRow = this.#rows
    this.#rows += data.rows
    return augmentedBatch(augment, job, engine, data, this.#pass, firstRow)
  }

  /** The next batch is there, or there is none. */
  get isReady(): boolean {
    return !this.#ready.length || this.#ready[0].isDone
  }

  /** The next batch, null at the end. Throws AbortError as soon as the job is aborted, whatever the stream does. */
  async next(): Promise<NativeData | null> {
    if (!this.#ready.length) return null
    const data = await this.job.unlessEnded(this.#ready[0].data)
    this.#ready.shift()
    if (data) this.#ask()
    return data
  }

  /** Lets the stream clean up after its last batch. */
  async close(): Promise<void> {
    await this.job.unlessEnded(this.#return())
  }

  /** Frees what nobody took, also what comes late, and lets the stream clean up: it has a moment for that. */
  async abandon(): Promise<void> {
    this.#failed = true
    for (const read of this.#ready.splice(0)) read.data.then((data) => data?.dispose()).catch(() => undefined)
    await settledWithin(this.#last, cleanUpMs / 2)
    await settledWithin(this.#return(), cleanUpMs / 2)
  }

  /** A stream that is done, or that threw, has cleaned up already. */
  async #return(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#iterator.return?.()
  }
}
