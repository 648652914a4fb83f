/** Compiled programs, kept by shape and mode. */
import type { DType } from '../../base/dtype'
import { LruMap } from '../../base/lru'
import { atOnce, inTurns, type Reading, type Sliced } from '../../base/slices'
import { bindEach, CompiledProgram, type CompileOptions, type PreparedRun } from '../../graph/compiled'
import type { NativeBuffer, RunRequest, RunResult } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import { Tensor, tensorToNative, type TensorLike } from '../../tensor/tensor'
import type { HeldWeights, StateCell } from '../structure/weights'
import type { BuiltProgram, TotalPlace } from './tracer'

/** Plans kept per model; the least recently used goes first. */
const capacity = 16

/** The plan's own copy of a captured tensor or number, on the plan's device: the user may dispose his. */
function ownCopy(where: string, capture: unknown, dtype: DType, device: string): NativeBuffer {
  const own = capture instanceof Tensor && capture.dtype === 'int32' ? 'int32' : dtype
  const { buffer, shared } = tensorToNative(capture as TensorLike, own)
  if (!shared && device === 'cpu') return buffer
  try {
    return guarded(where, () => native.bufferClone(buffer, device))
  } finally {
    if (!shared) native.bufferDispose(buffer)
  }
}

/** Native memory by the name of an input. */
type Inputs = Readonly<Record<string, NativeBuffer>>

function optionsOf(where: string, { program }: BuiltProgram, device: string): CompileOptions {
  const own = (capture: unknown) => ({ buffer: ownCopy(where, capture, program.dtype, device), own: true })
  return { device, bind: (captures) => bindEach(captures, own) }
}

const bufferNow = (cell: StateCell): NativeBuffer => cell.buffer

/** How a plan is found and made. */
export interface PlanRequest {
  /** What errors call it. */
  readonly name: string
  readonly key: string
  readonly build: () => Sliced<BuiltProgram>
}

/** A compiled program and what its slots stand for. */
export class ModelPlan {
  readonly inputNames: readonly string[]
  readonly totals: readonly TotalPlace[]
  readonly fetchNames: readonly string[]
  readonly fetchShapes: readonly (readonly number[])[]
  readonly hypers: number
  readonly costNames: readonly string[]
  /** Numbers that each step notes: the costs that have names, and single numbers of totals. */
  readonly costsPerStep: number
  readonly statisticCounts: readonly number[]
  readonly #compiled: CompiledProgram
  readonly #cells: readonly StateCell[]

  private constructor(compiled: CompiledProgram, built: BuiltProgram) {
    this.#compiled = compiled
    this.inputNames = built.inputNames
    this.totals = built.totals
    this.fetchNames = built.fetchNames
    this.fetchShapes = built.fetchShapes
    this.hypers = built.program.hypers.length
    this.costNames = built.costNames
    this.costsPerStep = built.program.costs.length
    this.statisticCounts = built.statisticCounts
    this.#cells = built.cells
  }

  static of({ name, build }: PlanRequest, device: string): ModelPlan {
    const built = atOnce(build())
    return new ModelPlan(CompiledProgram.of(name, built.program, optionsOf(name, built, device)), built)
  }

  static *compiling({ name, build }: PlanRequest, device: string): Reading<ModelPlan> {
    const built = yield* build()
    return new ModelPlan(yield* CompiledProgram.compiling(name, built.program, optionsOf(name, built, device)), built)
  }

  /** A run on the states of the moment, or on those held. `gather`: take rows of the inputs by number. */
  prepare(inputs: Inputs, gather: boolean, rest: RunRequest = {}, bufferOf = bufferNow): PreparedRun {
    return this.#compiled.prepare(this.#request(inputs, gather, rest, bufferOf))
  }

  /** Runs now, on this thread, on whole inputs. */
  runSync(where: string, inputs: Inputs, rest: RunRequest = {}): RunResult {
    return this.#compiled.runSync(this.#request(inputs, false, rest, bufferNow), where)
  }

  #request(inputs: Inputs, gather: boolean, rest: RunRequest, bufferOf: HeldWeights['bufferOf']): RunRequest {
    return {
      states: this.#cells.map(bufferOf),
      inputs: this.inputNames.map((name) => inputs[name]),
      gathered: this.inputNames.map(() => gather),
      ...rest,
    }
  }

  dispose(): void {
    this.#compiled.dispose()
  }
}

/** The plans of a model by key. Get a plan anew before every run: it may have been dropped meanwhile. */
export class Plans {
  readonly #plans = new LruMap<string, ModelPlan>(capacity, Infinity, (plan) => plan.dispose())
  /** Times that everything was dropped. */
  #generation = 0
  readonly #numbers = new WeakMap<object, number>()
  #numbered = 0

  constructor(readonly device: () => string) {}

  /**
   * `name` tells apart what the model, as it is now, can be asked for; later calls of `clear` make others of it. `of`:
   * what `build` was handed and the model may have replaced since, such as losses; plans of another one are others.
   */
  request(name: string, build: () => Sliced<BuiltProgram>, of?: object): PlanRequest {
    return { name, key: `${this.#generation} ${of ? this.#numberOf(of) : ''} ${name}`, build }
  }

  #numberOf(of: object): number {
    let number = this.#numbers.get(of)
    if (number === undefined) this.#numbers.set(of, (number = ++this.#numbered))
    return number
  }

  get(request: PlanRequest): ModelPlan {
    const known = this.#plans.get(request.key)
    if (known) return known
    const plan = ModelPlan.of(request, this.device())
    this.#plans.set(request.key, plan)
    return plan
  }

  has({ key }: PlanRequest): boolean {
    return this.#plans.get(key) !== undefined
  }

  /**
   * Makes the plan with turns of the event loop, so that `get` has it at hand. `pause` is called after each of them:
   * what it throws ends the work.
   */
  async prepare(request: PlanRequest, pause: () => void): Promise<void> {
    if (this.has(request)) return
    const generation = this.#generation
    const plan = await inTurns(ModelPlan.compiling(request, this.device()), pause)
    // Another call may have made it meanwhile; and what the plan was built from may have changed.
    if (this.has(request) || generation !== this.#generation) plan.dispose()
    else this.#plans.set(request.key, plan)
  }

  /** Drops everything: what the plans were built from has changed. */
  clear(): void {
    this.#generation++
    this.#plans.clear()
  }
}
