/** Compiled programs, kept by shape and mode. */
import type { DType } from '../../base/dtype'
import { LruMap } from '../../base/lru'
import { sizeOf } from '../../base/shape'
import { bindEach, CompiledProgram, type PreparedRun } from '../../graph/compiled'
import type { NativeBuffer, RunRequest, RunResult } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import { Tensor, tensorToNative, type TensorLike } from '../../tensor/tensor'
import type { StateCell } from '../structure/weights'
import type { BuiltProgram } from './tracer'

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

/** A compiled program and what its slots stand for. */
export class ModelPlan {
  readonly inputNames: readonly string[]
  readonly accumulatorSizes: readonly number[]
  readonly fetchNames: readonly string[]
  readonly fetchShapes: readonly (readonly number[])[]
  readonly hypers: number
  readonly costNames: readonly string[]
  readonly statisticCounts: readonly number[]
  readonly #compiled: CompiledProgram
  readonly #cells: readonly StateCell[]

  constructor(where: string, built: BuiltProgram, device: string) {
    const own = (capture: unknown) => ({ buffer: ownCopy(where, capture, built.program.dtype, device), own: true })
    this.#compiled = CompiledProgram.of(where, built.program, { device, bind: (captures) => bindEach(captures, own) })
    this.inputNames = built.inputNames
    this.accumulatorSizes = built.accumulatorShapes.map(sizeOf)
    this.fetchNames = built.fetchNames
    this.fetchShapes = built.fetchShapes
    this.hypers = built.program.hypers.length
    this.costNames = built.costNames
    this.statisticCounts = built.statisticCounts
    this.#cells = built.cells
  }

  /** A run on the states of the moment. `gather`: take rows of the inputs by number. */
  prepare(inputs: Inputs, gather: boolean, rest: RunRequest = {}): PreparedRun {
    return this.#compiled.prepare(this.#request(inputs, gather, rest))
  }

  /** Runs now, on this thread, on whole inputs. */
  runSync(where: string, inputs: Inputs, rest: RunRequest = {}): RunResult {
    return this.#compiled.runSync(this.#request(inputs, false, rest), where)
  }

  #request(inputs: Inputs, gather: boolean, rest: RunRequest): RunRequest {
    return {
      states: this.#cells.map((cell) => cell.buffer),
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

  constructor(readonly device: () => string) {}

  get(key: string, build: () => BuiltProgram): ModelPlan {
    const known = this.#plans.get(key)
    if (known) return known
    const plan = new ModelPlan(key, build(), this.device())
    this.#plans.set(key, plan)
    return plan
  }

  /** Drops everything: what the plans were built from has changed. */
  clear(): void {
    this.#plans.clear()
  }
}
