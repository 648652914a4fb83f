/** What a model is inside: values, compiled parts, plans and the queue. Users meet Model. */
import { turn } from '../base/clock'
import type { DType, NativeArray, Precision } from '../base/dtype'
import { StateError } from '../base/errors'
import { inTurns } from '../base/slices'
import type { Optimizer } from '../optimizers/optimizer'
import type { Schedule } from '../schedules'
import type { WeightSetLike } from '../tensor/weight-set'
import { Plans, type PlanRequest } from './programs/plans'
import { predictProgram, trainProgram } from './programs/program'
import { rateIn } from './programs/safeguards'
import type { BatchShape, Parts } from './programs/tracer'
import type { Job } from './queue/job'
import { JobQueue } from './queue/queue'
import type { Compiled } from './structure/compile'
import type { Network, PlacedLayer } from './structure/network'
import { frozenChoice, type LayerChoice } from './structure/freeze'
import { replaceWeights } from './structure/weight-sets'
import { Weights, type SlotTable } from './structure/weights'

/** Counters that key random numbers, so that training continues to the same bits. */
export interface ProgressCounters {
  /** Training steps ever taken. */
  steps: number
  /** Epochs ever begun and trained on. */
  epochs: number
  /** Updates of the compiled optimiser. */
  updates: number
}

/** What an optimiser used by hand keeps for a model. */
export interface OwnOptimizer {
  id: number
  slots: SlotTable
  updates: number
}

/** What a model is made from. */
export interface ModelParts {
  network: Network
  dtype: DType
  /** The dtype, or for float32 'tf32' or 'bf16'. */
  precision: Precision
  seed: bigint
  name: string | null
  labels: readonly string[] | null
  /** As resolveDevice gives it. */
  device: string
  /** True where the values of all weights follow from a file. */
  blank?: boolean
}

export class Engine implements Parts {
  readonly network: Network
  readonly dtype: DType
  readonly precision: Precision
  readonly seed: bigint
  /** What files tell about the model beside its structure. */
  readonly about: { name: string | null; labels: readonly string[] | null }
  readonly weights: Weights
  readonly plans = new Plans(() => this.device)
  readonly queue = new JobQueue()
  readonly progress: ProgressCounters = { steps: 0, epochs: 0, updates: 0 }
  /** Optimisers of own training loops. */
  readonly ownOptimizers = new Map<Optimizer, OwnOptimizer>()
  compiled: Compiled | null = null
  /** Replaces the compiled optimiser's schedule after setLearningRate. */
  learningRate: Schedule | null = null
  /** Steps ever taken when the schedule in force was put in: it counts those after them. */
  scheduleStart = 0
  /** Layers that still have to learn their statistics. */
  readonly unadapted: Set<PlacedLayer>

  constructor({ network, dtype, precision, seed, name, labels, device, blank = false }: ModelParts) {
    this.network = network
    this.dtype = dtype
    this.precision = precision
    this.seed = seed
    this.about = { name, labels }
    this.weights = new Weights(network, dtype, seed, device, blank)
    this.unadapted = new Set(network.layers.filter(({ built }) => built.needsAdapt))
  }

  requireCompiled(where: string): Compiled {
    if (!this.compiled)
      throw new StateError(`${where}: the model is not compiled. Call model.compile({ optimizer, loss }) first.`)
    return this.compiled
  }

  requireAdapted(where: string): void {
    const [place] = this.unadapted
    if (!place) return
    throw new StateError(
      `${where}: '${place.name}' has not learnt its mean and variance yet. Call model.fit or model.adapt(x) first.`,
    )
  }

  /** Puts what a layer has learnt from the data into it. */
  setStatistics(place: PlacedLayer, values: Readonly<Record<string, Float64Array>>): void {
    for (const cell of this.weights.statistics.filter((p) => p.place === place)) {
      const data: NativeArray = this.dtype === 'float32' ? Float32Array.from(values[cell.key]) : values[cell.key]
      this.weights.write(cell, data)
    }
    this.unadapted.delete(place)
  }

  /** Replaces weights by a set laid out as getWeights, or throws and changes nothing. */
  setWeights(where: string, set: WeightSetLike, partial: boolean): void {
    const written = new Set(replaceWeights(where, this.weights, set, partial))
    for (const place of [...this.unadapted])
      if (this.weights.statistics.every((p) => p.place !== place || written.has(p))) this.unadapted.delete(place)
  }

  /**
   * Training leaves these layers as they are from now on, or changes them again. The optimiser starts afresh: what it
   * kept belongs to other weights.
   */
  setFrozen(where: string, layers: LayerChoice, frozen: boolean): void {
    this.queue.assertQuiet(where, true)
    const { weights } = this
    const changed = frozenChoice(where, this, layers).filter((place) => weights.isTrainable(place) === frozen)
    if (changed.length === 0) return
    for (const place of changed) {
      if (frozen) weights.frozen.add(place)
      else weights.frozen.delete(place)
    }
    // The schedule is the same as before, and goes on.
    const { learningRate, scheduleStart } = this
    this.releaseOwnOptimizers()
    this.plans.clear()
    if (this.compiled) this.useCompiled(this.compiled)
    Object.assign(this, { learningRate, scheduleStart })
  }

  useCompiled(compiled: Compiled, blank = false): void {
    const slots = this.weights.makeSlots(compiled.optimizer, blank)
    this.plans.clear()
    this.weights.releaseSlots(this.weights.slots)
    this.weights.slots = slots
    this.compiled = compiled
    this.useSchedule(null)
    this.progress.updates = 0
  }

  /** The schedule for the steps from now on, of which it counts the first as 1; null: the compiled optimiser's own. */
  useSchedule(schedule: Schedule | null): void {
    this.learningRate = schedule
    this.scheduleStart = this.progress.steps
  }

  /** 'cpu', 'cuda:0', … */
  get device(): string {
    return this.weights.device
  }

  /** Weights and all optimiser state go to another device; plans are made anew there. */
  async moveTo(device: string, job: Job): Promise<void> {
    if (device === this.device) return
    const own = [...this.ownOptimizers.values()].map(({ slots }) => slots)
    await inTurns(this.weights.movingTo(device, own), () => job.throwIfAborted())
    this.plans.clear()
  }

  trainPlan(shape: BatchShape): PlanRequest {
    const compiled = this.requireCompiled('train')
    const name = `train ${shape.batch} ${shape.weighted.join()}`
    return this.plans.request(name, () => trainProgram(this, compiled, shape), compiled)
  }

  predictPlan(batch: number): PlanRequest {
    return this.plans.request(`predict ${batch}`, () => predictProgram(this, batch))
  }

  /** The rate of the next step in this epoch, from 1, or of the one that comes `ahead` steps after it. */
  learningRateAt(epoch: number, ahead = 0): number {
    const schedule = this.learningRate ?? this.requireCompiled('learningRate').optimizer.learningRate
    const step = this.progress.steps - this.scheduleStart + 1 + ahead
    return rateIn(this.dtype, schedule.value({ epoch, step }))
  }

  /** Hyper slots [learningRate, …optimizer.hypers] of the next `steps` steps, in float64. */
  hypers(epoch: number, steps: number): Float64Array {
    const { optimizer } = this.requireCompiled('train')
    const width = 1 + optimizer.hypers.length
    const values = new Float64Array(steps * width)
    for (let s = 0; s < steps; s++) {
      values[s * width] = this.learningRateAt(epoch, s)
      if (width > 1) values.set(optimizer.hyperValues(this.progress.updates + 1 + s), s * width + 1)
    }
    return values
  }

  /** What random primitives are keyed by: the model's next step, so that masks stay frozen until one is taken. */
  stepKey(): { seed: bigint; firstStep: number } {
    return { seed: this.seed, firstStep: this.progress.steps + 1 }
  }

  /** Counts committed steps. */
  advance(steps: number): void {
    this.progress.steps += steps
    this.progress.updates += steps
  }

  dispose(): void {
    this.queue.dispose()
    this.plans.clear()
    this.weights.dispose()
    this.releaseOwnOptimizers()
  }

  /** The same once the jobs that were given before are done. Others are refused from now on. */
  async disposeAfterJobs(): Promise<void> {
    await this.queue.close()
    // Answers reach their callers first.
    await turn()
    this.dispose()
  }

  private releaseOwnOptimizers(): void {
    for (const own of this.ownOptimizers.values()) this.weights.releaseSlots(own.slots)
    this.ownOptimizers.clear()
  }
}
