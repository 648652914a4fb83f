/** Training on data in memory. JavaScript works once per epoch, not per step. */
import { absolutePath } from '../../base/disk'
import { inTurns } from '../../base/slices'
import { countedRows } from '../../data/random'
import type { Home } from '../../data/transfer'
import type { NativeBuffer } from '../../native/contract'
import { inputsOf, weightedOutputs, type Examples, type NativeData } from '../data/examples'
import type { Engine } from '../engine'
import { runSteps } from '../programs/run-steps'
import type { Job } from '../queue/job'
import type { PlacedLayer } from '../structure/network'
import { adaptTo } from './adapt'
import { AugmentedRows, type ReadyRows } from './augmented'
import type { Callback } from './callback'
import {
  checkpointBoundary,
  checkpointData,
  writeCheckpoint,
  type CheckpointData,
  type CheckpointState,
} from './checkpoint'
import type { Settings } from './fit-options'
import { History } from './history'
import { emptySums, Recorder, withHistory } from './recorder'
import { shuffled } from './shuffle'
import { warnAboutDropoutCurve } from './warn'

/** What a fit is asked to do; its data are open and fit the network. */
export interface FitRequest {
  /** 'fit' or 'resume'. */
  where: string
  examples: Examples
  validation: Examples | null
  settings: Settings
  callbacks: readonly Callback[]
  signal: AbortSignal | undefined
  /** Where an earlier run stopped. */
  resumed: CheckpointState | null
  /** Looks at the data before anything else happens. */
  verify?: (train: NativeData, job: Job) => Promise<void>
}

/** Steps of one native run at most: their learning rates are computed ahead, on the event loop. */
const stepsAtOnce = 1 << 15

export class Fit {
  // Set as far as the run has come.
  #job: Job | null = null
  #train: NativeData | null = null
  #validation: NativeData | null = null
  #recorder: Recorder | null = null
  #augmented: AugmentedRows | null = null
  #inputs: Record<string, NativeBuffer> = {}
  /** What this run taught layers, and steps ever taken then. */
  #adapted: { places: ReadonlySet<PlacedLayer>; at: number } | null = null
  /** What every checkpoint repeats; null without checkpoints. */
  #kept: CheckpointData | null = null
  /** Where checkpoints go, even when the process moves to another folder. */
  readonly #file: string | null
  readonly #rows: number
  /** Full batches of an epoch, and all of them. */
  readonly #full: number
  readonly #steps: number

  constructor(
    readonly engine: Engine,
    readonly model: unknown,
    readonly request: FitRequest,
  ) {
    const { batchSize, dropLast, checkpoint } = request.settings
    this.#file = checkpoint && absolutePath('write', checkpoint.path)
    this.#rows = request.examples.rows
    this.#full = Math.floor(this.#rows / batchSize)
    this.#steps = this.#full + (this.#rows % batchSize && !dropLast ? 1 : 0)
  }

  /** The whole of a fit, in the model's queue. */
  async run(): Promise<History> {
    const { engine, request } = this
    try {
      this.#job = await engine.queue.own(request.where, request.signal)
      await this.#prepare()
      if (!request.resumed?.finished) {
        let epoch = await this.#begin()
        while (await this.#epoch(epoch)) epoch++
        await this.#end(epoch + 1)
      }
      return this.#recorder!.history
    } catch (error) {
      throw this.#failure(error)
    } finally {
      await this.#close()
    }
  }

  /** Data into native memory, statistics learnt; callbacks are told nothing yet. */
  async #prepare(): Promise<void> {
    const { engine, request } = this
    const { settings, examples, callbacks, resumed } = request
    const job = this.#job!
    // Images are changed by the CPU; what it made goes to the device part by part.
    const home: Home = settings.augment ? { dtype: engine.dtype, device: 'cpu' } : engine
    const train = (this.#train = await examples.prepared(home, job))
    await request.verify?.(train, job)
    const validation = (this.#validation = (await request.validation?.prepared(engine, job)) ?? null)
    if (settings.checkpoint) this.#kept = await checkpointData(engine, train, validation)
    if (engine.unadapted.size) {
      const places = new Set(engine.unadapted)
      this.#adapted = { places, at: engine.progress.steps }
      await adaptTo(engine, job, train.x, places)
    }
    if (engine.network.isStochastic && callbacks.some((c) => c.name === 'progressBar')) warnAboutDropoutCurve()
    // From here on the rows live in native memory alone.
    for (const part of [train, validation])
      for (const output of part?.y ?? []) output.targets = output.exampleWeights = null
    this.#inputs = inputsOf(train)
    this.#augmented = settings.augment && new AugmentedRows(settings.augment, job, train, engine)
    const { epochs, tolerance, dropLast, batchSize } = settings
    const rows = dropLast ? this.#full * batchSize : this.#rows
    const begun = resumed?.sums.batches
      ? { epoch: resumed.epoch, batch: resumed.sums.batches, examples: resumed.sums.examples }
      : undefined
    const outline = { where: request.where, epochs, examples: rows, batches: this.#steps, tolerance, validation, begun }
    this.#recorder = new Recorder(engine, this.model, job, callbacks, outline, resumed?.history)
    this.#recorder.stopRequested = resumed?.stopRequested ?? false
  }

  /** Tells the callbacks, and gives the number of the first epoch. */
  async #begin(): Promise<number> {
    const { settings, resumed } = this.request
    const recorder = this.#recorder!
    await recorder.notify((c) => c.onTrainBegin?.(recorder.run))
    if (resumed) return resumed.epoch
    await this.#checkpoint(settings.initialEpoch + 1, false)
    return settings.initialEpoch + 1
  }

  /** One epoch; false when it was the last. */
  async #epoch(epoch: number): Promise<boolean> {
    const { engine, request } = this
    const { settings, resumed } = request
    const recorder = this.#recorder!
    const key = engine.progress.epochs
    // A resumed run goes on within its first epoch.
    const sums = resumed?.epoch === epoch ? resumed.sums : emptySums()
    await recorder.beginEpoch(epoch, sums)
    try {
      if (!sums.batches) await recorder.notify((c) => c.onEpochBegin?.(epoch, recorder.run))
      const rows = this.#rows
      const order = await inTurns(settings.shuffle ? shuffled(rows, engine.seed, key) : countedRows(rows))
      while (sums.batches < this.#steps) {
        await this.#segment(order, key)
        if (sums.batches < this.#steps && checkpointBoundary(settings, 'steps', this.#stepsOfRun))
          await this.#checkpoint(epoch, false)
      }
    } finally {
      if (sums.batches) engine.progress.epochs = key + 1
    }
    const more = await recorder.endEpoch()
    const due =
      checkpointBoundary(settings, 'steps', this.#stepsOfRun) ||
      checkpointBoundary(settings, 'epochs', epoch - settings.initialEpoch)
    if (more && due) await this.#checkpoint(epoch + 1, false)
    return more
  }

  /** One native run: all full batches, the smaller last one, or up to the next checkpoint. */
  async #segment(order: Uint32Array, pass: number): Promise<void> {
    const { engine } = this
    const recorder = this.#recorder!
    const { sums, epoch } = recorder
    const { batch, steps, rows } = this.#part(order, sums.batches)
    const hyper = engine.hypers(epoch, steps)
    recorder.useRate(hyper[0])
    const width = hyper.length / steps
    const firstStep = engine.progress.steps + 1
    const ready = await this.#ready(order, pass, rows, sums.batches + steps)
    const { answers } = recorder
    try {
      if (answers) await inTurns(answers.reserve(recorder.run.examples! - sums.examples))
      await runSteps(this.#job!, {
        plans: engine.plans,
        plan: engine.trainPlan({ batch, weighted: weightedOutputs(this.#train!) }),
        inputs: ready.inputs,
        rows: ready.rows,
        batch,
        steps,
        request: (done, count) => ({
          hyper: hyper.subarray(done * width, (done + count) * width),
          seed: engine.seed,
          firstStep: firstStep + done,
          ...answers?.request(),
        }),
        onProgress: recorder.listener(batch),
        onResult: (result, plan) => recorder.record(result, plan, batch),
      })
    } finally {
      ready.release()
    }
  }

  /** Steps taken since the beginning of the run, earlier parts of a resumed one included. */
  get #stepsOfRun(): number {
    return this.#recorder!.history.steps
  }

  /** The rows of one native run that begins with step `begin` of the epoch. */
  #part(order: Uint32Array, begin: number): { batch: number; steps: number; rows: Uint32Array } {
    const { batchSize, checkpoint } = this.request.settings
    const last = begin >= this.#full
    const batch = last ? this.#rows - this.#full * batchSize : batchSize
    let steps = last ? 1 : Math.min(this.#full - begin, this.#augmented?.stepsAtOnce(batch) ?? stepsAtOnce)
    if (checkpoint && 'steps' in checkpoint.every) {
      const every = checkpoint.every.steps
      steps = Math.min(steps, every - ((this.#stepsOfRun + begin - this.#recorder!.sums.batches) % every))
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

  /** `next`: the epoch that would come. */
  async #end(next: number): Promise<void> {
    const recorder = this.#recorder!
    await recorder.notify((c) => c.onTrainEnd?.(recorder.run))
    await this.#checkpoint(next, true)
  }

  async #checkpoint(epoch: number, finished: boolean): Promise<void> {
    const { settings, callbacks } = this.request
    const kept = this.#kept
    const file = this.#file
    if (!kept || file === null) return
    const { history, epoch: current, sums: running, answers, stopRequested } = this.#recorder!
    const sums =
      finished || current !== epoch
        ? emptySums()
        : { ...running, answers: answers ? await inTurns(answers.read()) : [] }
    const state: CheckpointState = { epoch, sums, finished, stopRequested, history }
    const { engine } = this
    const job = this.#job!
    // A checkpoint that was begun is written, unless there is no model left to read.
    const pause = () => {
      if (engine.queue.disposed) job.throwIfAborted()
    }
    await engine.queue.callback(job, () => writeCheckpoint(engine, { file, settings, callbacks, kept, state }, pause))
    job.throwIfAborted()
  }

  /** An error as users see it. A run that failed before its first step leaves everything as it was. */
  #failure(error: unknown): unknown {
    const { engine, request } = this
    if (this.#adapted?.at === engine.progress.steps)
      for (const place of this.#adapted.places) engine.unadapted.add(place)
    return this.#recorder?.withHistory(error) ?? withHistory(error, request.resumed?.history ?? new History())
  }

  async #close(): Promise<void> {
    await this.#augmented?.close()
    this.#train?.dispose()
    this.#validation?.dispose()
    this.#recorder?.answers?.dispose()
    this.request.examples.release()
    this.request.validation?.release()
    if (this.#job) this.engine.queue.disown(this.#job)
  }
}
