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

/** What is known of an activation beside its function. */
export interface ActivationFacts {
  /**
   * True where about half of all z give (nearly) 0, so that signals keep their size only with initial weights of twice
   * the variance (He et al. 2015).
   */
  readonly rectifies: boolean
  /** The values that a approaches where g becomes flat. */
  readonly limits: readonly number[]
  /** True where each a depends on several z. */
  readonly mixes: boolean
}

/** One kind of activation: the options it takes beside its name, and the function they make. Facts left out: none. */
export interface ActivationKind<Options extends object = object> extends Partial<ActivationFacts> {
  /** Names of its options. */
  readonly options: readonly (keyof Options & string)[]
  /** `given` are its options, unchecked; `where` names them in errors. */
  make(where: string, given: Options): MadeActivation
}

export interface MadeActivation {
  /** The options with their values, for files; absent where there are none. */
  options?: JsonObject
  apply: ActivationFunction
}

/** A resolved activation. */
export interface Activation extends ActivationFacts {
  /** A name in the table of activations, or 'custom' for a user's function. */
  readonly name: string
  /** For files; null for an unnamed function. */
  readonly config: Json
  /** a = g(z). Shapes are kept; softmax goes along the last axis. */
  apply(z: Tensor): Tensor
}

/** All facts, from those that are given. */
export const factsOf = ({
  rectifies = false,
  limits = [],
  mixes = false,
}: Partial<ActivationFacts>): ActivationFacts => ({
  rectifies,
  limits,
  mixes,
})

/** An activation without options. */
export function plain(apply: ActivationFunction, facts: Partial<ActivationFacts> = {}): ActivationKind {
  return { options: [], ...facts, make: () => ({ apply }) }
}
