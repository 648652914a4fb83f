/**
 * The typed contract with the addon. Everything here is internal; users meet Tensor, models and ops.
 */
import type { DType, NativeArray, TensorArray, TensorDType } from '../base/dtype'

/** A reference-counted block of native memory. Freed by the garbage collector or by `bufferDispose`. */
export interface NativeBuffer {
  readonly __brand: 'NativeBuffer'
}

/** A compiled graph. Immutable; freed by the garbage collector or by `planDispose`. */
export interface NativePlan {
  readonly __brand: 'NativePlan'
}

export interface RunRequest {
  /** By state slot. Updated in place by the plan's updates. */
  states?: readonly NativeBuffer[]
  /** By input slot. */
  inputs?: readonly NativeBuffer[]
  /** By input slot: true where each step takes its rows from `rows`. Default: none. */
  gathered?: readonly boolean[]
  /** steps × batch row numbers. */
  rows?: Uint32Array
  /** Default 1. */
  steps?: number
  /** steps × number of hyper slots. */
  hyper?: Float64Array
  seed?: bigint
  /** Global number of the first step, from 1. */
  firstStep?: number
  /** By fetch: buffers that take the fetches of all steps one under the other, from row `collectRow`. */
  collect?: readonly NativeBuffer[]
  collectRow?: number
}

export interface RunResult {
  status: 'done' | 'cancelled' | 'nonFinite'
  stepsDone: number
  /** stepsDone × costs of the graph. */
  costs: Float64Array
  /** Totals over the committed steps, concatenated. */
  accumulators: Float64Array
  /** Fetches of the last step (empty when collected); always in the CPU's memory. */
  fetches: NativeBuffer[]
  /** For 'nonFinite': label of the layer, and op and shape of the first value that is not finite. */
  label: string
  value: string
}

/** How far images are changed at most, and how their numbers lie in memory. */
export interface NativeAugmentation {
  height: number
  width: number
  channels: number
  /** All of one channel, then the next; else the channels of a pixel side by side. */
  planar: boolean
  /** Chance. */
  flip?: number
  /** Share of height and width that is enlarged to the whole. */
  crop?: number
  /** Degrees, either way. */
  rotate?: number
  /** Whole pixels, in all directions. */
  translate?: number
  /** Elastic distortion: pixels a pixel moves at most, and spacing of the random vectors in pixels (at least 1). */
  strength?: number
  smoothness?: number
}

/** Every image is a function of (seed, pass, firstRow + its row) alone. */
export interface AugmentRequest {
  /** [N, channels·height·width] on the CPU, finite numbers. */
  images: NativeBuffer
  /** [N, …] on the CPU: rows that are taken along as they are. */
  beside?: readonly NativeBuffer[]
  rows: Uint32Array
  seed?: bigint
  pass?: number
  firstRow?: number
  /** Where the results live. */
  device?: string
  /** Moves every image like this instead of drawing: degrees counter-clockwise, down and right in pixels. */
  motion?: { flip: boolean; degrees: number; down: number; right: number }
}

export interface PlanInfo {
  /** What it computes in, whole numbers apart. */
  dtype: DType
  instructions: string[]
  arenaBytes: number
  /** 'cpu', 'cuda:0', … */
  device: string
  /**
   * On a GPU: kernel launches of each instruction in a step. Neighbours that go in one launch (the updates of all
   * weights): 1 for the first, 0 for the others. Empty before the first run, and on the CPU.
   */
  launches: number[]
}

/** Where the time of the last run of training steps on the CPU went. */
export interface StepProfile {
  steps: number
  /** Threads. */
  workers: number
  /** Of all steps together. */
  nanoseconds: number
  instructions: string[]
  /**
   * By instruction, of all steps and threads together, in nanoseconds. An instruction that shares out its own work
   * counts for all threads while it lasts.
   */
  busy: number[]
}

export interface NativeGpu {
  /** 'cuda:0' */
  name: string
  title: string
  memoryBytes: number
  computeCapability: string
  driver: string
}

/** What happened on a GPU since the process started; for tests and reports. */
export interface DeviceCounters {
  /** Kernels launched, those of replayed steps included. */
  launches: number
  /** Steps captured, and steps replayed. */
  captures: number
  graphLaunches: number
  /** Times the host waited for the GPU. */
  waits: number
  usedBytes: number
  freeBytes: number
  /** Kernels that the CPU ran meanwhile, for plans on the CPU. */
  hostKernelCalls: number
}

export interface NativeJob<T = RunResult> {
  promise: Promise<T>
  cancel(): void
}

export interface Native {
  /**
   * Zero-filled when `data` is null; copies otherwise. `data` has the dtype's array type and `count` elements. `device`
   * ('cpu' where it is left out, 'cuda', 'cuda:1') is where it lives; a plan takes buffers of its own device only.
   * A device that is missing or has no memory left is an Error with code 'MYELIN_DEVICE', here and in all others.
   */
  bufferCreate(dtype: TensorDType, count: number, data: TensorArray | null, device?: string): NativeBuffer
  /** Memory that the caller is about to write completely: until then it holds anything. */
  bufferReserve(dtype: TensorDType, count: number, device?: string): NativeBuffer
  /**
   * A copy owned by JavaScript, in the array type of the buffer's dtype: of everything, or of `count` elements
   * (default: the rest) from element `from` on.
   */
  bufferRead<A extends TensorArray = NativeArray>(buffer: NativeBuffer, from?: number, count?: number): A
  /** All elements, or with `from` those from this one on, as many as `data` has. */
  bufferWrite(buffer: NativeBuffer, data: TensorArray, from?: number): void
  /** A new buffer with the same contents, on the same device or another. */
  bufferClone(buffer: NativeBuffer, device?: string): NativeBuffer
  /** Frees at once (running jobs keep their own reference). Any later use throws. Idempotent. */
  bufferDispose(buffer: NativeBuffer): void
  memory(): { liveBytes: number; liveBuffers: number; peakBytes: number }

  /** On a thread of its own; the rest as planCompileSync. It cannot be cancelled. */
  planCompile(graph: Uint8Array, mode: 'fused' | 'plain', device?: string): NativeJob<NativePlan>
  /** `graph` as made by encode(). Throws Error with code 'MYELIN_GRAPH' or 'MYELIN_MEMORY'. */
  planCompileSync(graph: Uint8Array, mode: 'fused' | 'plain', device?: string): NativePlan
  planInfo(plan: NativePlan): PlanInfo
  planDispose(plan: NativePlan): void
  /** The profile of the last run since this was last called, or null; runs leave one from now on, if `on`. */
  stepProfile(on: boolean): StepProfile | null
  /** One run on the calling thread: for eager ops and predictSync. */
  planRunSync(plan: NativePlan, request: RunRequest): RunResult
  /**
   * Runs on a thread of its own. `onProgress(stepsDone, newCosts)` comes every ~20 ms at most, or null; all calls
   * together carry every cost once, the rest right before the promise settles. What it throws cancels the run and
   * rejects.
   */
  planRun(
    plan: NativePlan,
    request: RunRequest,
    onProgress: ((stepsDone: number, costs: Float64Array) => void) | null,
  ): NativeJob

  /**
   * New buffers [rows, …]: the changed images, then the rows of everything beside. On the calling thread and the pool.
   */
  augmentSync(how: NativeAugmentation, request: AugmentRequest): NativeBuffer[]
  /** The same on a thread of its own; the buffers are the result's `fetches`, empty when cancelled. */
  augment(how: NativeAugmentation, request: AugmentRequest): NativeJob

  setThreads(threads: number): void
  getThreads(): number
  /** The system has refused to make a thread: those there are do the work. */
  threadsRefused(): boolean
  /**
   * The GPUs that driver and library know and that are new enough. The first call that asks about a GPU opens the CUDA
   * library.
   */
  devices(): NativeGpu[]
  /** Why there is none, or null. */
  whyNoGpu(): string | null
  /** 0: no limit. */
  setMemoryLimit(device: string, bytes: number): void
  deviceCounters(device: string): DeviceCounters
  /**
   * What a backend registers (default: the CPU's): names of kernels and element-wise ops, the number of inputs of each
   * of the latter, and the kernels that lack float32 or float64.
   */
  kernelNames(device?: string): { kernels: string[]; elementwise: string[]; arities: number[]; incomplete: string[] }
  /** e.g. { isa: 'x86-64-v4', version: '0.1.0' } */
  info(): { isa: string; version: string }
  /** Native entries on the JavaScript thread plus progress callbacks since the process started (for tests). */
  crossings(): number
}
