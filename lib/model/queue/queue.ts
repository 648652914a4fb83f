/**
 * The job queue of a model: one job at a time, in order. A job that owns the model (a fit) lends its turn to waiting
 * jobs at step boundaries and while its callbacks run, so that nothing ever sees half a step.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { now } from '../../base/clock'
import { DisposedError, StateError } from '../../base/errors'
import { Job } from './job'

interface Entry {
  job: Job
  /** Of the calls on this model. */
  number: number
  start: () => Promise<void>
}

export class JobQueue {
  #waiting: Entry[] = []
  #running: Job | null = null
  #owner: Job | null = null
  #idle: (() => void)[] = []
  #scope = new AsyncLocalStorage<Job>()
  #callbacks = 0
  #calls = 0
  /** While the owner lends its turn: the last call that it lends it to. */
  #lastLent = Infinity
  #disposed = false
  /** What is to be done before a synchronous method changes the model. */
  readonly #beforeChanges = new Set<() => void>()
  /** Since `close`: resolves when no job is left. */
  #closed: Promise<void> | null = null
  #onClosed: (() => void) | null = null

  get disposed(): boolean {
    return this.#disposed
  }

  /** Name of the job that owns the model, or null. */
  get owner(): string | null {
    return this.#owner?.what ?? null
  }

  /** True if the caller stands inside a callback of the owner. */
  #inside(): boolean {
    return this.#owner !== null && this.#callbacks > 0 && this.#scope.getStore() === this.#owner
  }

  assertUsable(what: string): void {
    if (this.#disposed) throw new DisposedError(`${what}: the model has been disposed.`)
    // What callbacks of a fit ask for is a part of it.
    if (this.#closed && !this.#inside())
      throw new DisposedError(`${what}: the model is being disposed, after the jobs it had.`)
  }

  /** For synchronous methods. `changes`: the method replaces weights; otherwise it only looks at them. */
  assertQuiet(what: string, changes: boolean): void {
    this.assertUsable(what)
    if (this.#owner && !(this.#inside() || (!changes && this.#owner.open)))
      throw new StateError(
        `${what}: ${this.#owner.what} is running on this model. Wait for it, or call ${what} inside onEpoch.`,
      )
    if (this.#running && this.#running.kind !== 'read')
      throw new StateError(`${what}: ${this.#running.what} is running on this model. Await it first.`)
    if (changes) for (const finish of this.#beforeChanges) finish()
  }

  /**
   * For work in slices that reads the model as it is now: `finish` is called, and does the rest, before a synchronous
   * method changes it. Returns what ends that.
   */
  beforeChanges(finish: () => void): () => void {
    const entry = () => finish()
    this.#beforeChanges.add(entry)
    return () => void this.#beforeChanges.delete(entry)
  }

  /** Runs `work` when its turn has come. Rejects with StateError, DisposedError or AbortError without running it. */
  async enqueue<T>(
    what: string,
    kind: 'read' | 'write',
    signal: AbortSignal | undefined,
    work: (job: Job) => Promise<T>,
  ): Promise<T> {
    this.assertUsable(what)
    if (kind !== 'read' && this.#owner && !this.#inside())
      throw new StateError(
        `${what}: ${this.#owner.what} is already running on this model. Await it first, or abort it with its signal.`,
      )
    const job = new Job(what, kind, signal)
    job.throwIfAborted()
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = {
        job,
        number: ++this.#calls,
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
      if (this.#owner && !this.#owner.open) this.#owner.interrupt()
      this.#pump()
    })
  }

  /**
   * Makes a new job the owner of the model for many steps: a second one is refused from this moment on. Resolves when
   * the jobs before it are done. The owner must end it with `disown` in every case.
   */
  async own(what: string, signal: AbortSignal | undefined): Promise<Job> {
    this.assertUsable(what)
    if (this.#owner)
      throw new StateError(
        `${what}: ${this.#owner.what} is already running on this model. Await it first, or abort it with its signal.`,
      )
    const job = new Job(what, 'own', signal)
    job.throwIfAborted()
    job.onInterrupted = () => this.drain(job)
    this.#owner = job
    try {
      await this.drain(job)
      job.throwIfAborted()
      return job
    } catch (error) {
      this.disown(job)
      throw error
    }
  }

  /** Ends the ownership of `job`. */
  disown(job: Job): void {
    job.release()
    this.#owner = null
    this.#pump()
  }

  /**
   * Lets the jobs that wait now run, then closes the model again for its owner. Those that come meanwhile wait for the
   * next time: callers who ask again as soon as they are answered would never let the owner go on.
   */
  async drain(owner: Job): Promise<void> {
    await this.#lend(owner, this.#calls)
  }

  async #lend(owner: Job, last: number): Promise<void> {
    const start = now()
    owner.open = true
    this.#lastLent = last
    this.#pump()
    const isWanted = this.#running !== null
    while (this.#running || this.#next()) await new Promise<void>((done) => this.#idle.push(done))
    owner.open = false
    this.#lastLent = Infinity
    owner.lent(isWanted ? now() - start : null, this.#waiting.length > 0)
  }

  /** Awaits a callback of the owner at a step boundary: the model's methods run at once meanwhile. */
  async callback<T>(owner: Job, fn: () => T | Promise<T>): Promise<T> {
    owner.open = true
    this.#callbacks++
    this.#pump()
    try {
      return await this.#scope.run(owner, async () => fn())
    } finally {
      this.#callbacks--
      await this.drain(owner)
    }
  }

  /** Awaits what the owner cannot go on without, such as data: other jobs run meanwhile, until it is there. */
  async meanwhile<T>(owner: Job, work: () => Promise<T>): Promise<T> {
    owner.open = true
    this.#callbacks++
    this.#pump()
    try {
      return await this.#scope.run(owner, work)
    } finally {
      this.#callbacks--
      // No other job is begun: the owner has its data.
      await this.#lend(owner, 0)
    }
  }

  /** Refuses whatever comes; resolves when the jobs that are there have ended, the owner among them. */
  close(): Promise<void> {
    this.#closed ??= new Promise((done) => (this.#onClosed = done))
    if (this.#disposed) this.#onClosed?.()
    this.#settle()
    return this.#closed
  }

  /** Aborts everything and refuses whatever comes. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    const reason = new DisposedError('The model was disposed.')
    for (const entry of [...this.#waiting]) entry.job.abort(reason)
    this.#running?.abort(reason)
    this.#owner?.abort(reason)
    this.#onClosed?.()
  }

  /** The job whose turn it is, if the model is free for it. */
  #next(): Entry | undefined {
    if (this.#owner && !this.#owner.open) return undefined
    const [entry] = this.#waiting
    return entry && (!this.#owner || entry.number <= this.#lastLent) ? entry : undefined
  }

  #pump(): void {
    if (this.#running) return
    const entry = this.#next()
    if (!entry) return this.#settle()
    this.#waiting.shift()
    this.#running = entry.job
    void entry.start().finally(() => {
      this.#running = null
      this.#pump()
    })
  }

  #settle(): void {
    if (this.#running || this.#next()) return
    for (const done of this.#idle.splice(0)) done()
    if (!this.#owner) this.#onClosed?.()
  }
}
