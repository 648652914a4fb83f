/**
 * From a program to results: encode, compile, run, dispose. Whatever computes goes through here: ops on values,
 * derivatives, traces, the programs of models, gradient checks.
 */
import type { NativeBuffer, NativePlan, RunRequest, RunResult } from '../native/contract'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { planMode } from '../native/settings'
import { encode, type Encoded } from './encode'
import type { Program } from './node'

/** Buffers for captured values, on the plan's device. `free` frees what was made for them, once no run uses them. */
export interface Bound {
  readonly buffers: readonly NativeBuffer[]
  readonly free: () => void
}

/** Binds values one by one. What was made for them is freed with the others, or at once where a later one fails. */
export function bindEach<T>(values: readonly T[], make: (value: T) => { buffer: NativeBuffer; own: boolean }): Bound {
  const buffers: NativeBuffer[] = []
  const made: NativeBuffer[] = []
  const free = () => made.forEach((buffer) => native.bufferDispose(buffer))
  try {
    for (const value of values) {
      const { buffer, own } = make(value)
      buffers.push(buffer)
      if (own) made.push(buffer)
    }
  } catch (error) {
    free()
    throw error
  }
  return { buffers, free }
}

export interface CompileOptions {
  /** Where the program runs. Default 'cpu'. */
  device?: string
  /**
   * Gives the values that a traced function captured their buffers, for as long as the program lives: this floor knows
   * no tensors. Left out: each run brings them, behind its inputs, in the order of `Encoded.captures`.
   */
  bind?: (captures: readonly unknown[]) => Bound
}

/** A run that lacks nothing but a thread. */
export interface PreparedRun {
  readonly plan: NativePlan
  readonly request: RunRequest
}

/** Runs off the event loop. */
export type Runner = (run: PreparedRun) => Promise<RunResult>

const nothing: Bound = { buffers: [], free: () => {} }

export class CompiledProgram {
  readonly plan: NativePlan
  readonly #where: string
  readonly #captured: Bound

  /** `where` opens the messages of errors. */
  constructor(where: string, encoded: Encoded, { device = 'cpu', bind }: CompileOptions = {}) {
    this.#where = where
    this.plan = guarded(where, () => native.planCompile(encoded.bytes, planMode(), device))
    try {
      this.#captured = bind?.(encoded.captures) ?? nothing
    } catch (error) {
      native.planDispose(this.plan)
      throw error
    }
  }

  static of(where: string, program: Program, options?: CompileOptions): CompiledProgram {
    return new CompiledProgram(where, encode(program), options)
  }

  /** Memory that a run works in, beside what goes in and comes out. */
  get arenaBytes(): number {
    return native.planInfo(this.plan).arenaBytes
  }

  /** The run with the captured values behind its inputs; rows are never gathered from them. */
  prepare(request: RunRequest): PreparedRun {
    const { plan } = this
    const { buffers } = this.#captured
    if (buffers.length === 0) return { plan, request }
    const { inputs = [], gathered } = request
    const captured = {
      inputs: [...inputs, ...buffers],
      ...(gathered && { gathered: [...gathered, ...buffers.map(() => false)] }),
    }
    return { plan, request: { ...request, ...captured } }
  }

  /** Runs now, on this thread. */
  runSync(request: RunRequest, where = this.#where): RunResult {
    const prepared = this.prepare(request)
    return guarded(where, () => native.planRunSync(prepared.plan, prepared.request))
  }

  run(request: RunRequest, runner: Runner): Promise<RunResult> {
    return runner(this.prepare(request))
  }

  dispose(): void {
    this.#captured.free()
    native.planDispose(this.plan)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
