/** The vocabulary of lib/graph: nodes of a traced computation. Pure data; runs without the addon. */

import type { DType, Precision } from '../base/dtype'
import type { Shape } from '../base/shape'

export type AttrValue = number | readonly number[] | string
export type Attrs = Readonly<Record<string, AttrValue>>
/** 'int32' for whole numbers; undefined for the floating dtype of the program, which nodes do not know. */
export type NodeDType = 'int32' | undefined

/** One value of a graph. Nodes are immutable and form a DAG through `inputs`. */
export interface Node {
  /** Unique in the process and growing: inputs always have smaller ids. */
  readonly id: number
  /** Name of a primitive (see primitives/). */
  readonly op: string
  readonly inputs: readonly Node[]
  readonly shape: Shape
  readonly dtype?: NodeDType
  readonly attrs: Attrs
  /** Name of the layer or user function it belongs to; errors quote it. */
  readonly label: string
  /** For op 'input': the concrete tensor a user function captured, or undefined for a declared input. */
  readonly capture?: unknown
  /** For op 'custom': the gradient that replaces the derived one. */
  readonly customGradient?: CustomGradient
}

/** Given dL/dy returns dL/d(input) for inputs[1…] of a 'custom' node, null where there is none. */
export type CustomGradient = (dy: Node) => (Node | null)[]

/**
 * The new value of a state. With `rows` ([n], int32), `value` ([n, …]) has new rows of it: row rows[i] becomes value[i]
 * for each i at which the number stands first, all others stay, and nothing else is touched. A number outside of the
 * state writes nothing: what the step took from there was NaN, which its guards see.
 */
export interface Update {
  readonly state: Node
  readonly value: Node
  readonly rows?: Node
}

/** What crosses to the core as one graph. */
export interface Program {
  /** Of all nodes but those of whole numbers. */
  dtype: DType
  /** Of matrix products. Default: the dtype. */
  precision?: Precision
  /** Declared inputs; captured tensors are appended by encode(). Slot = position. */
  inputs: Node[]
  /** State nodes; slot = position. */
  states: Node[]
  /** Scalars set per step; slot = position. */
  hypers: Node[]
  /** Handed back after a run. */
  fetches: Node[]
  /** New values of states, committed together. */
  updates: Update[]
  /** Must be finite, or the step is not committed. */
  guards: Node[]
  /** Scalars recorded for every step. */
  costs: Node[]
  /** Added into float64 totals. */
  accumulators: Node[]
}

/** A program of no nodes, to be filled. */
export function emptyProgram(dtype: DType): Program {
  return {
    dtype,
    inputs: [],
    states: [],
    hypers: [],
    fetches: [],
    updates: [],
    guards: [],
    costs: [],
    accumulators: [],
  }
}
