/**
 * The contract of initialisers, the initial values of weights: seeded, drawn natively in float64 and rounded, so that
 * float32 and float64 get the same numbers.
 */
import type { DType, NativeArray } from '../base/dtype'
import type { Json } from '../base/json'
import type { Shape } from '../base/shape'

/** What initial values may depend on. */
export interface InitializerContext {
  /** Inputs and outputs that one weight connects: n_(l−1) and n_l of a dense layer. */
  fanIn: number
  fanOut: number
  /** The model's seed. */
  seed: bigint
  /** Another one for every weight of a model, below 2^31. */
  stream: number
  dtype: DType
}

export interface Initializer {
  /** For files. */
  readonly config: Json
  /** Values of the whole array, row by row, in the dtype asked for. */
  create(shape: Shape, context: InitializerContext): NativeArray
}
