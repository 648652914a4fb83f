/**
 * From a program to results: encode, compile, run, dispose. Whatever computes goes through here: ops on values,
 * derivatives, traces, the programs of models, gradient checks.
 */
import { dispose } from '../base/disposal'
import type { Reading } from '../base/slices'
import type { NativeBuffer, NativePlan, RunRequest, RunResult } from '../native/contract'
import { native } from '../native/native'
import { fromCore, guarded } from '../native/runtime'
import { planMode } from '../native/settings'
import { encode, encoding, type Encoded } from './encode'
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

/** Graphs of fewer bytes (a few hundred nodes) are compiled faster than a thread is asked to. */
const smallGraph = 1 << 14

export class CompiledProgram {
  readonly #where: string
  readonly #captured: Bound

  /** `where` opens the messages of errors. The plan is this program's from now on, also where this throws. */
  private constructor(
    where: string,
    readonly plan: NativePlan,
    { captures }: Encoded,
    bind: CompileOptions['bind'],
  ) {
    this.#where = where
    try {
      this.#captured = bind?.(captures) ?? nothing
    } catch (error) {
      native.planDispose(plan)
      throw error
    }
  }

  static from(where: string, encoded: Encoded, { device = 'cpu', bind }: CompileOptions = {}): CompiledProgram {
    const plan = guarded(where, () => native.planCompileSync(encoded.bytes, planMode(), device))
    return new CompiledProgram(where, plan, encoded, bind)
  }

  static of(where: string, program: Program, options?: CompileOptions): CompiledProgram {
    return CompiledProgram.from(where, encode(program), options)
  }

  /** The same in slices, a large graph on a thread of its own. */
  static *compiling(where: string, program: Program, options: CompileOptions = {}): Reading<CompiledProgram> {
    const encoded = yield* encoding(program)
    if (encoded.bytes.length < smallGraph) return CompiledProgram.from(where, encoded, options)
    const { device = 'cpu', bind } = options
    let plan: NativePlan | null = null
    const { promise } = guarded(where, () => native.planCompile(encoded.bytes, planMode(), device))
    const compiled = promise.then(
      (made) => void (plan = made),
      (error: unknown) => {
        throw fromCore(where, error)
      },
    )
    try {
      yield compiled
    } catch (error) {
      if (plan) native.planDispose(plan)
      throw error
    }
    return new CompiledProgram(where, plan!, encoded, bind)
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

  [dispose](): void {
    this.dispose()
  }
}
