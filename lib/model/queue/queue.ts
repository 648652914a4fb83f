/**
 * The job queue of a model: one job at a time, in order. A training job lends its turn to waiting jobs at step
 * boundaries and while its callbacks run, so that nothing ever sees half a step.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { AbortError, DisposedError, StateError } from '../../base/errors'
import type { NativeJob, NativePlan, RunRequest, RunResult } from '../../native/contract'
import { native } from '../../native/native'
import { fromCore, guarded } from '../../native/runtime'

/** 'read' leaves the model as it is, 'write' changes weights in one step, 'train' owns the model for many steps. */
export type JobKind = 'read' | 'write' | 'train'

/**
 * Between two interruptions training gets this many times as long as the last one took, but no more than so many ms (and so
 * many where it could not take a step): short predictions hardly wait, and a stream of them cannot starve it.
 */
const slice = { times: 4, maximumMs: 15 }

/** One running or waiting job: carries the abort signal down to the native run. */
export class Job {
  aborted = false
  reason: unknown
  /** Set for jobs that lend their turn. */
  onInterrupted: (() => Promise<void>) | null = null
  #current: NativeJob | null = null
  /** Work beside the run: ends with an abort, not with an interruption. */
  readonly #beside = new Set<NativeJob>()
  #sliceStart = 0
  #minimumSliceMs = 0
  /** The last run ended before its first step. */
  #stepless = false
  #timer: NodeJS.Timeout | null = null
  /** Other jobs have waited since the turn was last lent. */
  #asked = false
  #detach: (() => void) | null = null
  #onAbort: ((error: AbortError) => void) | null = null

  constructor(
    readonly what: string,
    readonly kind: JobKind,
    signal?: AbortSignal,
  ) {
    if (!signal) return
    if (signal.aborted) {
      this.aborted = true
      this.reason = signal.reason
      return
    }
    const listener = () => this.abort(signal.reason)
    signal.addEventListener('abort', listener, { once: true })
    this.#detach = () => signal.removeEventListener('abort', listener)
  }

  /** Asks the job to end at the next step boundary. Idempotent. */
  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#current?.cancel()
    for (const job of this.#beside) job.cancel()
    this.#onAbort?.(this.error())
  }

  /** Called once with the error when the job is aborted before it has started. */
  whileWaiting(onAbort: ((error: AbortError) => void) | null): void {
    this.#onAbort = onAbort
  }

  error(): AbortError {
    return new AbortError(`${this.what}: aborted.`, { cause: this.reason })
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.error()
  }

  /** Asks the job to lend its turn: ends the native run in flight at its next step boundary without aborting the job. */
  interrupt(): void {
    this.#asked = true
    const running = this.#current
    if (!running || this.#timer) return
    const wait = this.#sliceStart + this.#minimumSliceMs - performance.now()
    if (wait <= 0) return running.cancel()
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#current === running) running.cancel()
    }, wait)
  }

  /** Other jobs had this job's turn for `ms`; null: none waited for it. */
  lent(ms: number | null): void {
    this.#asked = false
    if (ms === null) return
    this.#minimumSliceMs = this.#stepless ? slice.maximumMs : Math.min(slice.times * ms, slice.maximumMs)
  }

  /** Lends the turn if that was asked for; at step boundaries. */
  async yieldIfAsked(): Promise<void> {
    this.throwIfAborted()
    if (!this.#asked || !this.onInterrupted) return
    await this.onInterrupted()
    this.throwIfAborted()
  }

  /** Runs a plan on a native thread. Resolves with 'cancelled' after an interruption; throws AbortError on abort. */
  async run(
    plan: NativePlan,
    request: RunRequest,
    onProgress: ((stepsDone: number, costs: Float64Array) => void) | null = null,
  ): Promise<RunResult> {
    this.throwIfAborted()
    const job = guarded(this.what, () => native.planRun(plan, request, onProgress))
    this.#current = job
    this.#sliceStart = performance.now()
    if (this.#asked) this.interrupt()
    try {
      const result = await job.promise
      this.#stepless = result.stepsDone === 0
      return result
    } catch (error) {
      throw fromCore(this.what, error)
    } finally {
      this.#current = null
      if (this.#timer) clearTimeout(this.#timer)
      this.#timer = null
    }
  }

  /** Native work that goes on while plans run: prepares what the next run needs. Throws AbortError on abort. */
  async beside(work: () => NativeJob): Promise<RunResult> {
    this.throwIfAborted()
    const job = guarded(this.what, work)
    this.#beside.add(job)
    try {
      const result = await job.promise
      if (this.aborted) result.fetches.forEach((buffer) => native.bufferDispose(buffer))
      this.throwIfAborted()
      return result
    } catch (error) {
      throw fromCore(this.what, error)
    } finally {
      this.#beside.delete(job)
    }
  }

  release(): void {
    this.#detach?.()
    this.#detach = null
    this.#onAbort = null
  }
}

interface Entry {
  job: Job
  start: () => Promise<void>
}

/** What a training job holds while it owns the queue. */
export class Trainer {
  /** True at a step boundary: other jobs may run. */
  open = false
  constructor(
    readonly job: Job,
    readonly queue: JobQueue,
  ) {}
}

export class JobQueue {
  #waiting: Entry[] = []
  #running: Job | null = null
  #trainer: Trainer | null = null
  #idle: (() => void)[] = []
  #scope = new AsyncLocalStorage<Trainer>()
  #callbacks = 0
  #disposed = false

  get disposed(): boolean {
    return this.#disposed
  }

  /** The training job that owns the model, or null. */
  get training(): string | null {
    return this.#trainer?.job.what ?? null
  }

  /** True if the caller stands inside a callback of the running training job. */
  #inside(): boolean {
    return this.#trainer !== null && this.#callbacks > 0 && this.#scope.getStore() === this.#trainer
  }

  assertUsable(what: string): void {
    if (this.#disposed) throw new DisposedError(`${what}: the model has been disposed.`)
  }

  /** For synchronous methods. `changes`: the method replaces weights; otherwise it only looks at them. */
  assertQuiet(what: string, changes: boolean): void {
    this.assertUsable(what)
    if (this.#trainer && !(this.#inside() || (!changes && this.#trainer.open)))
      throw new StateError(
        `${what}: ${this.#trainer.job.what} is running on this model. Wait for it, or call ${what} inside onEpoch.`,
      )
    if (this.#running && this.#running.kind !== 'read')
      throw new StateError(`${what}: ${this.#running.what} is running on this model. Await it first.`)
  }

  /** Runs `work` when its turn has come. Rejects with StateError, DisposedError or AbortError without running it. */
  async enqueue<T>(
    what: string,
    kind: JobKind,
    signal: AbortSignal | undefined,
    work: (job: Job) => Promise<T>,
  ): Promise<T> {
    this.assertUsable(what)
    if (kind !== 'read' && this.#trainer && (kind === 'train' || !this.#inside()))
      throw new StateError(
        `${what}: ${this.#trainer.job.what} is already running on this model. Await it first, or abort it with its signal.`,
      )
    const job = new Job(what, kind, signal)
    job.throwIfAborted()
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = {
        job,
        start: async () => {
          job.whileWaiting(null)
          try {
            job.throwIfAborted()
            resolve(await work(job))
          } catch (error) {
            reject(error)
          } finally {
            job.release()
          }
        },
      }
      job.whileWaiting((error) => {
        this.#waiting = this.#waiting.filter((e) => e !== entry)
        job.release()
        reject(error)
        this.#settle()
      })
      this.#waiting.push(entry)
      if (this.#trainer && !this.#trainer.open) this.#trainer.job.interrupt()
      this.#pump()
    })
  }

  /** Like enqueue for a job that owns the model: a second one is refused from this moment on. */
  async train<T>(what: string, signal: AbortSignal | undefined, work: (trainer: Trainer) => Promise<T>): Promise<T> {
    this.assertUsable(what)
    if (this.#trainer)
      throw new StateError(
        `${what}: ${this.#trainer.job.what} is already running on this model. Await it first, or abort it with its signal.`,
      )
    const job = new Job(what, 'train', signal)
    job.throwIfAborted()
    const trainer = new Trainer(job, this)
    trainer.open = true
    job.onInterrupted = () => this.drain(trainer)
    this.#trainer = trainer
    try {
      await this.drain(trainer)
      job.throwIfAborted()
      return await work(trainer)
    } finally {
      job.release()
      this.#trainer = null
      this.#pump()
    }
  }

  /** Lets the jobs that wait now run, then closes the model again for the trainer. */
  async drain(trainer: Trainer): Promise<void> {
    const start = performance.now()
    trainer.open = true
    this.#pump()
    const isWanted = this.#running !== null
    while (this.#running || this.#waiting.length) await new Promise<void>((done) => this.#idle.push(done))
    trainer.open = false
    trainer.job.lent(isWanted ? performance.now() - start : null)
  }

  /** Awaits a callback of the trainer at a step boundary: the model's methods run at once meanwhile. */
  async callback<T>(trainer: Trainer, fn: () => T | Promise<T>): Promise<T> {
    trainer.open = true
    this.#callbacks++
    this.#pump()
    try {
      return await this.#scope.run(trainer, async () => fn())
    } finally {
      this.#callbacks--
      await this.drain(trainer)
    }
  }

  /** Aborts everything and refuses whatever comes. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    const reason = new DisposedError('The model was disposed.')
    for (const entry of [...this.#waiting]) entry.job.abort(reason)
    this.#running?.abort(reason)
    this.#trainer?.job.abort(reason)
  }

  #pump(): void {
    if (this.#running || (this.#trainer && !this.#trainer.open)) return
    const entry = this.#waiting.shift()
    if (!entry) return this.#settle()
    this.#running = entry.job
    void entry.start().finally(() => {
      this.#running = null
      this.#pump()
    })
  }

  #settle(): void {
    if (this.#running || this.#waiting.length) return
    for (const done of this.#idle.splice(0)) done()
  }
}
