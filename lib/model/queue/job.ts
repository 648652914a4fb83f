/** One running or waiting job of a model: carries aborts and interruptions down to its native run. */
import { clearTimeout, now, setTimeout } from '../../base/clock'
import { AbortError, DisposedError } from '../../base/errors'
import type { PreparedRun } from '../../graph/compiled'
import type { NativeJob, RunResult } from '../../native/contract'
import { native } from '../../native/native'
import { fromCore, guarded } from '../../native/runtime'

/** 'read' leaves the model as it is, 'write' changes weights in one step, 'own' has the model for many steps. */
export type JobKind = 'read' | 'write' | 'own'

/**
 * Between two interruptions training gets this many times as long as the last one took, but no more than so many ms
 * (and so many where it could not take a step), or a step: short predictions hardly wait, and a stream of them cannot
 * starve it.
 */
const slice = { times: 4, maximumMs: 15 }

export class Job {
  aborted = false
  reason: unknown
  /** What a callback threw beside the run. */
  #failure: { error: unknown } | null = null
  /** For the owner of the queue. True at a step boundary: other jobs may run. */
  open = false
  /** Set for the owner, which lends its turn. */
  onInterrupted: (() => Promise<void>) | null = null
  #current: NativeJob | null = null
  /** Work beside the run: ends with an abort, not with an interruption. */
  readonly #beside = new Set<NativeJob>()
  #sliceStart = 0
  #minimumSliceMs = 0
  /** Long enough for a step, as far as the runs have shown: one that is cut short is lost. */
  #stepMs = 0
  /** The last run ended before its first step. */
  #stepless = false
  #timer: NodeJS.Timeout | null = null
  /** Other jobs have waited since the turn was last lent. */
  #asked = false
  #detach: (() => void) | null = null
  #onAbort: ((error: AbortError) => void) | null = null
  /** Rejects what the job waits for besides native runs. */
  readonly #waits = new Set<(error: unknown) => void>()

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
    this.#endWaits(this.error())
  }

  /** Ends the job with this error at the next step boundary. After an abort, or another error, it is dropped. */
  fail(error: unknown): void {
    if (this.aborted || this.#failure) return
    this.#failure = { error }
    this.#current?.cancel()
    this.#endWaits(error)
  }

  #endWaits(error: unknown): void {
    for (const end of this.#waits) end(error)
  }

  /** Called once with the error when the job is aborted before it has started. */
  whileWaiting(onAbort: ((error: AbortError) => void) | null): void {
    this.#onAbort = onAbort
  }

  error(): AbortError {
    const how = this.reason instanceof DisposedError ? 'the model was disposed' : 'aborted'
    return new AbortError(`${this.what}: ${how}.`, { cause: this.reason })
  }

  /** Throws AbortError after an abort, and what `fail` was given. */
  throwIfAborted(): void {
    if (this.#failure) throw this.#failure.error
    if (this.aborted) throw this.error()
  }

  /** Settles as `work` does, or rejects as soon as the job is aborted or fails: for what may never settle. */
  async unlessEnded<T>(work: Promise<T>): Promise<T> {
    this.throwIfAborted()
    let end: (error: unknown) => void = () => undefined
    const ended = new Promise<never>((_, reject) => (end = reject))
    this.#waits.add(end)
    try {
      return await Promise.race([work, ended])
    } finally {
      this.#waits.delete(end)
    }
  }

  /** Milliseconds that the job still has before it lends its turn again. */
  #leftMs(): number {
    return this.#sliceStart + this.#minimumSliceMs - now()
  }

  /**
   * Asks the job to lend its turn: ends the native run in flight at its next step boundary without aborting the job,
   * once its slice is over.
   */
  interrupt(): void {
    this.#asked = true
    const running = this.#current
    if (!running || this.#timer) return
    const wait = this.#leftMs()
    if (wait <= 0) return running.cancel()
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#current === running) running.cancel()
    }, wait)
  }

  /** Other jobs had this job's turn for `ms`; null: none waited for it. `more`: others wait by now. */
  lent(ms: number | null, more: boolean): void {
    this.#asked = more
    if (ms === null) return
    this.#sliceStart = now()
    const enough = this.#stepless ? slice.maximumMs : Math.min(slice.times * ms, slice.maximumMs)
    this.#minimumSliceMs = Math.max(enough, this.#stepMs)
  }

  /** What a run of so many steps tells about the time of one. */
  #learn(steps: number, ms: number): void {
    this.#stepless = steps === 0
    this.#stepMs = steps ? Math.min(this.#stepMs, (2 * ms) / steps) : Math.max(this.#stepMs, 2 * ms)
  }

  /** Lends the turn if that was asked for and the slice is over; at step boundaries. */
  async yieldIfAsked(): Promise<void> {
    this.throwIfAborted()
    if (!this.#asked || !this.onInterrupted || this.#leftMs() > this.#stepMs / 2) return
    await this.onInterrupted()
    this.throwIfAborted()
  }

  /** Runs a plan on a native thread. Resolves with 'cancelled' after an interruption; throws AbortError on abort. */
  async run(
    { plan, request }: PreparedRun,
    onProgress: ((stepsDone: number, costs: Float64Array) => void) | null = null,
  ): Promise<RunResult> {
    this.throwIfAborted()
    const start = now()
    try {
      const job = native.planRun(plan, request, onProgress)
      this.#current = job
      if (this.#asked) this.interrupt()
      const result = await job.promise
      this.#learn(result.stepsDone, now() - start)
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
