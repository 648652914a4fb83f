/**
 * `ops` as users see it: the functions of this folder, and for every other element-wise primitive one made from its
 * entry in the op table, whose comment documents it.
 */
import { createNode } from '../graph/build'
import { primitives, type ElementwisePrimitives } from '../graph/primitives'
import type { Tensor, Value } from '../tensor/tensor'
import * as written from '.'
import { apply, wide } from './engine'

type Written = typeof written
type Arguments<Arity> = Arity extends 1 ? [x: Value] : Arity extends 2 ? [x: Value, y: Value] : [Value, Value, Value]
type Made = {
  [Op in keyof ElementwisePrimitives as Exclude<Op, keyof Written>]: (
    ...values: Arguments<ElementwisePrimitives[Op]['arity']>
  ) => Tensor
}

function make(op: string, arity: number): (...values: Value[]) => Tensor {
  if (arity === 1) return (x) => apply(op, [x], '', (nodes) => createNode(op, nodes))
  return (...values) =>
    wide(
      op,
      (...nodes) => createNode(op, nodes),
      Array.from({ length: arity }, (_, i) => values[i]),
    )
}

const made = Object.entries(primitives)
  .filter(([op, { elementwise }]) => elementwise && !(op in written))
  .map(([op, { arity }]) => [op, make(op, arity!)])

/** Every operation on tensors and numbers: at once on values, recorded in traced functions. */
export const ops = Object.freeze({ ...written, ...Object.fromEntries(made) }) as Readonly<Written & Made>
