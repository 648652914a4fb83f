/** The contract of activations: what each has its own file for, and what an option of that kind becomes. */
import type { Json, JsonObject } from '../base/json'
import type { Tensor } from '../tensor/tensor'

/** What a layer gives. */
export interface LayerOutput {
  /** Value before the activation, where the layer has one: losses behind sigmoid and softmax use it. */
  z?: Tensor | undefined
  a: Tensor
}

/** a = g(z), written with `ops`. */
export type ActivationFunction = (z: Tensor) => Tensor

/** One kind of activation: the options it takes beside its name, and the function they make. */
export interface ActivationKind<Options extends object = object> {
  /** Names of its options. */
  readonly options: readonly (keyof Options & string)[]
  /** As in `Activation`. Default false. */
  readonly rectifies?: boolean
  /** `given` are its options, unchecked; `where` names them in errors. */
  make(where: string, given: Options): MadeActivation
}

export interface MadeActivation {
  /** The options with their values, for files; absent where there are none. */
  options?: JsonObject
  apply: ActivationFunction
}

/** A resolved activation. */
export interface Activation {
  /** A name in the table of activations, or 'custom' for a user's function. */
  readonly name: string
  /** For files; null for an unnamed function. */
  readonly config: Json
  /**
   * True where about half of all z give (nearly) 0, so that signals keep their size only with initial weights of twice
   * the variance (He et al. 2015).
   */
  readonly rectifies: boolean
  /** a = g(z). Shapes are kept; softmax goes along the last axis. */
  apply(z: Tensor): Tensor
}

/** An activation without options. */
export function plain(apply: ActivationFunction, facts: { rectifies?: boolean } = {}): ActivationKind {
  return { options: [], ...facts, make: () => ({ apply }) }
}
