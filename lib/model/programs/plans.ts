/** Compiled programs, kept by shape and mode. */
import type { DType } from '../../base/dtype'
import { encode } from '../../graph/encode'
import type { NativeBuffer, NativePlan, RunRequest } from '../../native/contract'
import { native } from '../../native/native'
import { guarded, planMode } from '../../native/runtime'
import { tensorToNative, type TensorLike } from '../../tensor/tensor'
import type { StateCell } from '../structure/weights'
import type { BuiltProgram } from './program'

/** Plans kept per model; the least recently used goes first. */
const capacity = 16

/** The plan's own copy of a captured tensor or number, on the plan's device: the user may dispose his. */
function ownCopy(where: string, capture: unknown, dtype: DType, device: string): NativeBuffer {
  const { buffer, shared } = tensorToNative(capture as TensorLike, dtype)
  if (!shared && device === 'cpu') return buffer
  try {
    return guarded(where, () => native.bufferClone(buffer, device))
  } finally {
    if (!shared) native.bufferDispose(buffer)
  }
}

/** A compiled program and what its slots stand for. */
export class ModelPlan {
  readonly inputNames: readonly string[]
  readonly accumulatorSizes: readonly number[]
  readonly fetchNames: readonly string[]
  readonly fetchShapes: readonly (readonly number[])[]
  readonly hypers: number
  readonly costNames: readonly string[]
  readonly statisticCounts: readonly number[]
  readonly native: NativePlan
  readonly #cells: readonly StateCell[]
  readonly #captures: readonly NativeBuffer[]

  constructor(where: string, built: BuiltProgram, device: string) {
    const { bytes, captures } = encode(built.program)
    this.native = guarded(where, () => native.planCompile(bytes, planMode(), device))
    this.inputNames = built.inputNames
    this.accumulatorSizes = built.accumulatorShapes.map((shape) => shape.reduce((n, d) => n * d, 1))
    this.fetchNames = built.fetchNames
    this.fetchShapes = built.fetchShapes
    this.hypers = built.program.hypers.length
    this.costNames = built.costNames
    this.statisticCounts = built.statisticCounts
    this.#cells = built.cells
    this.#captures = captures.map((capture) => ownCopy(where, capture, built.program.dtype, device))
  }

  /** A request with the states of the moment. `inputs` by name; `gather`: take rows of them by number. */
  request(inputs: Readonly<Record<string, NativeBuffer>>, gather: boolean, rest: RunRequest = {}): RunRequest {
    const declared = this.inputNames.map((name) => inputs[name])
    return {
      states: this.#cells.map((cell) => cell.buffer),
      inputs: [...declared, ...this.#captures],
      gathered: [...declared.map(() => gather), ...this.#captures.map(() => false)],
      ...rest,
    }
  }

  dispose(): void {
    for (const buffer of this.#captures) native.bufferDispose(buffer)
    native.planDispose(this.native)
  }
}

/** Least-recently-used cache of plans. Get a plan anew before every run: it may have been dropped meanwhile. */
export class Plans {
  #plans = new Map<string, ModelPlan>()

  constructor(readonly device: () => string) {}

  get(key: string, build: () => BuiltProgram): ModelPlan {
    const known = this.#plans.get(key)
    if (known) {
      this.#plans.delete(key)
      this.#plans.set(key, known)
      return known
    }
    const plan = new ModelPlan(key, build(), this.device())
    this.#plans.set(key, plan)
    if (this.#plans.size > capacity) {
      const [oldest, dropped] = this.#plans.entries().next().value!
      this.#plans.delete(oldest)
      dropped.dispose()
    }
    return plan
  }

  /** Drops everything: what the plans were built from has changed. */
  clear(): void {
    for (const plan of this.#plans.values()) plan.dispose()
    this.#plans.clear()
  }
}
