/** Keeps the books of a fit: tells its callbacks, sums up its epochs, says what stopped it. */
import type { NativeArray } from '../../base/dtype'
import { AbortError, NonFiniteError } from '../../base/errors'
import { inTurns } from '../../base/slices'
import type { RunResult } from '../../native/contract'
import type { NativeData } from '../data/examples'
import type { Engine } from '../engine'
import { defaultChunk } from '../infer/chunks'
import { evaluateRows, finishMetrics } from '../infer/evaluate'
import { Answers, withoutThresholds } from '../programs/answers'
import type { ModelPlan } from '../programs/plans'
import { addTotals, splitTotals } from '../programs/run-steps'
import { layerOf, placeOf } from '../programs/safeguards'
import type { Job } from '../queue/job'
import { lossNamesOf, metricNamesOf, type Compiled } from '../structure/compile'
import type { BatchLogs, Callback, TrainingRun } from './callback'
import { History, type EpochLogs } from './history'

/** Where a non-finite value stopped a run. */
export interface NonFinitePlace {
  epoch: number
  /** Of the epoch, from 1. */
  batch: number
  /** The first layer whose values were not finite. */
  layer: string
}

/** Sums over the part of an epoch that has run. */
export interface EpochSums {
  /** Steps done. */
  batches: number
  examples: number
  /** Σ size·J and Σ size·(J without penalties). */
  cost: number
  dataLoss: number
  /** Σ size·loss of each output that has a name. */
  losses: number[]
  /** Of the epoch's first step. */
  learningRate: number
  totals: Float64Array | null
  /** Of a run to be resumed: what `Answers` had collected. */
  answers: readonly NativeArray[]
}

export function emptySums(): EpochSums {
  return { batches: 0, examples: 0, cost: 0, dataLoss: 0, losses: [], learningRate: 0, totals: null, answers: [] }
}

/** What is known of a run before its first epoch. */
export interface Outline {
  where: string
  epochs: number
  examples?: number
  begun?: TrainingRun['begun']
  batches?: number
  tolerance: number | null
  validation: NativeData | null
}

/** An abort before the first step carries a history too. */
export function withHistory(error: unknown, history: History): unknown {
  if (!(error instanceof AbortError) || error.history) return error
  return new AbortError(error.message, { cause: error.cause, history })
}

/** They add nothing to the logs; fit's own onEpoch option comes after all others. */
const libraryCallbacks = ['earlyStopping', 'progressBar', 'fit options']

function logNames(compiled: Compiled, validation: boolean): string[] {
  const values = ['loss', 'dataLoss', ...lossNamesOf(compiled), ...metricNamesOf(compiled)]
  return ['learningRate', ...values, ...(validation ? values.map((name) => `val_${name}`) : [])]
}

export class Recorder {
  readonly run: TrainingRun
  /** The run ends with the epoch. */
  stopRequested = false
  sums = emptySums()
  epoch = 0
  /** What onBatch and onProgress promised and has not settled. */
  readonly #late = new Set<Promise<void>>()
  #failed = false
  /** Targets and predictions of the epoch, where a metric needs them all. */
  readonly answers: Answers | null
  /** Says what the totals are: the same for every batch size. */
  #layout: ModelPlan | null = null
  /** Progress of the native run in flight, not yet in `sums`. */
  #live = { batches: 0, cost: 0 }

  constructor(
    readonly engine: Engine,
    readonly model: unknown,
    readonly job: Job,
    readonly callbacks: readonly Callback[],
    readonly outline: Outline,
    readonly history = new History(),
  ) {
    const compiled = engine.requireCompiled(outline.where)
    history.dropout = engine.network.isStochastic
    this.answers = Answers.of(outline.where, engine, compiled)
    this.run = {
      model,
      history,
      epochs: outline.epochs,
      examples: outline.examples,
      begun: outline.begun,
      batches: outline.batches,
      logNames: callbacks.some((c) => c.onEpoch && !libraryCallbacks.includes(c.name))
        ? null
        : logNames(compiled, outline.validation !== null),
      stop: () => void (this.stopRequested = true),
    }
  }

  /** Awaits one method of every callback at a step boundary. */
  async notify(method: (callback: Callback) => unknown): Promise<void> {
    for (const callback of this.callbacks) {
      await this.engine.queue.callback(this.job, () => method(callback))
      this.job.throwIfAborted()
    }
  }

  async beginEpoch(epoch: number, sums: EpochSums): Promise<void> {
    this.epoch = epoch
    this.sums = sums
    this.#live = { batches: 0, cost: 0 }
    if (this.answers) await inTurns(this.answers.begin(sums.answers))
  }

  /** The rate of the next step, which the logs tell of the first one of an epoch. */
  useRate(learningRate: number): void {
    if (!this.sums.batches) this.sums.learningRate = learningRate
  }

  get #compiled(): Compiled {
    return this.engine.requireCompiled(this.outline.where)
  }

  /** Listens to a native run of batches of this size. Null where nobody wants to know. */
  listener(batch: number): ((costs: Float64Array, plan: ModelPlan) => void) | null {
    if (!this.callbacks.some((c) => c.onProgress || c.onBatch)) return null
    return (costs, plan) => this.#observe(costs, plan, batch)
  }

  #observe(costs: Float64Array, { costsPerStep: width }: ModelPlan, batch: number): void {
    if (this.#failed) return
    try {
      const first = this.sums.batches + this.#live.batches + 1
      for (let i = 0; i < costs.length; i += width) this.#live.cost += batch * costs[i]
      this.#live.batches += costs.length / width
      for (const callback of this.callbacks) {
        if (callback.onBatch)
          for (let i = 0; i < costs.length; i += width) {
            const logs: BatchLogs = { epoch: this.epoch, batch: first + i / width, loss: costs[i] }
            this.#heed(callback.onBatch(logs, this.run))
          }
        this.#heed(callback.onProgress?.(this.#progress(batch), this.run))
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failed = true
    this.job.fail(error)
  }

  /** A promise of a callback that the steps do not wait for: a rejection ends the run as a throw does. */
  #heed(result: unknown): void {
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return
    const late = Promise.resolve(result as PromiseLike<unknown>)
      .then(
        () => undefined,
        (error: unknown) => this.#fail(error),
      )
      .finally(() => this.#late.delete(late))
    this.#late.add(late)
  }

  #progress(batch: number) {
    const examples = this.sums.examples + this.#live.batches * batch
    return {
      epoch: this.epoch,
      batch: this.sums.batches + this.#live.batches,
      examples,
      loss: (this.sums.cost + this.#live.cost) / Math.max(1, examples),
    }
  }

  /**
   * Takes the committed steps of a native run into the sums; throws for a callback's error or a value that is not
   * finite.
   */
  record(result: RunResult, plan: ModelPlan, batch: number): void {
    const { sums } = this
    const steps = result.stepsDone
    if (this.callbacks.some((c) => c.onProgress || c.onBatch))
      this.#observe(result.costs.subarray(plan.costsPerStep * this.#live.batches), plan, batch)
    this.#live = { batches: 0, cost: 0 }
    const costs = new Float64Array(steps)
    const { costsPerStep: width, costNames } = plan
    for (let s = 0; s < steps; s++) {
      const at = s * width
      costs[s] = result.costs[at]
      sums.cost += batch * costs[s]
      sums.dataLoss += batch * result.costs[at + 1]
      // J and J without penalties; then the losses of outputs with names.
      for (let i = 2; i < costNames.length; i++)
        sums.losses[i - 2] = (sums.losses[i - 2] ?? 0) + batch * result.costs[at + i]
    }
    this.history.addBatches(costs)
    sums.batches += steps
    sums.examples += steps * batch
    if (this.answers) this.answers.rows += steps * batch
    if (sums.totals) sums.totals = withoutThresholds(sums.totals, this.#compiled.outputs, plan)
    if (steps) sums.totals = addTotals(sums.totals, result, plan)
    this.#layout = plan
    this.engine.advance(steps)
    if (result.status === 'nonFinite') throw this.#nonFinite(result)
    if (this.#failed) this.job.throwIfAborted()
  }

  #nonFinite(result: RunResult): NonFiniteError & NonFinitePlace {
    const batch = this.sums.batches + 1
    const layer = layerOf(result) || 'the network'
    const place: NonFinitePlace = { epoch: this.epoch, batch, layer }
    const error = new NonFiniteError(
      `${this.outline.where}: a value is not finite in epoch ${this.epoch}, batch ${batch}; the first is in ` +
        `${placeOf(result)} (${result.value}). The step was not taken. ${this.#adviceOnScale}`,
    )
    return Object.assign(error, place)
  }

  /** What helps against values that are not finite, and is not done already. */
  get #adviceOnScale(): string {
    if (this.#compiled.gradientClip) return 'Lower the learning rate, or check the scale of the data.'
    return (
      'Lower the learning rate, clip gradients with compile({ gradientClip: { norm: 1 } }), or check the scale of ' +
      'the data.'
    )
  }

  /** The logs of the finished epoch, validation included. */
  async epochLogs(): Promise<EpochLogs> {
    const { sums, engine } = this
    const logs: EpochLogs = {
      epoch: this.epoch,
      loss: sums.cost / sums.examples,
      dataLoss: sums.dataLoss / sums.examples,
      learningRate: sums.learningRate,
    }
    const compiled = this.#compiled
    lossNamesOf(compiled).forEach((name, i) => (logs[name] = sums.losses[i] / sums.examples))
    if (this.#layout?.statisticCounts.length) {
      const totals = splitTotals(sums.totals!, this.#layout)
      const ranked = this.answers ? await inTurns(this.answers.metrics(), () => this.job.throwIfAborted()) : {}
      const parts = { totals, counts: this.#layout.statisticCounts, rows: sums.examples, ranked }
      Object.assign(logs, finishMetrics(compiled.outputs, parts))
    }
    if (this.outline.validation) {
      const request = { compiled, data: this.outline.validation, batch: defaultChunk }
      const found = await evaluateRows(engine, this.job, request)
      for (const [name, value] of Object.entries(found)) logs[`val_${name}`] = value
    }
    return logs
  }

  /** After an epoch: the logs, the callbacks, and whether to go on. */
  async endEpoch(): Promise<boolean> {
    if (this.#late.size) await this.engine.queue.callback(this.job, () => this.job.unlessEnded(Promise.all(this.#late)))
    if (this.#failed) this.job.throwIfAborted()
    const logs = await this.epochLogs()
    const { history } = this
    const previous = history.epochs[history.epochs.length - 1]
    history.epochs.push(logs)
    await this.notify((callback) => callback.onEpoch?.(logs, this.run))
    if (this.stopRequested) {
      history.stopped = 'early'
      return false
    }
    const { tolerance } = this.outline
    if (tolerance !== null && previous && Math.abs(logs.loss - previous.loss) < tolerance) {
      history.stopped = 'converged'
      return false
    }
    return logs.epoch < this.outline.epochs
  }

  /** An abort as users see it: with the history so far. */
  withHistory(error: unknown): unknown {
    if (!(error instanceof AbortError) || !this.job.aborted) return error
    const place = this.epoch
      ? `in epoch ${this.epoch} after ${this.sums.batches} of its steps`
      : 'before the first step'
    const how = this.engine.queue.disposed
      ? `the model was disposed ${place}.`
      : `aborted ${place}. The model is usable as it is.`
    return new AbortError(`${this.outline.where}: ${how}`, {
      cause: this.job.reason,
      history: this.history,
    })
  }
}
