/** The primitives in plain JavaScript, element by element: an oracle that needs no addon. */
import { sizeOf, type Shape } from '../../lib/base/shape'
import type { Attrs, Node } from '../../lib/graph/node'
import { reachable } from '../../lib/graph/reachable'
import { elementwise, whole } from '../ops/cases'
import { indexOf, read, type Flat } from '../ops/flat'

export type { Flat } from '../ops/flat'

/** Ops that this interpreter knows (leaves and random numbers come from outside). */
export const interpretedOps = [...Object.keys(elementwise), ...Object.keys(whole)]

/** One op on values. */
export function interpretOp(op: string, inputs: Flat[], attrs: Attrs, shape: Shape): Flat {
  const scalar = elementwise[op]
  if (scalar === undefined) {
    if (!whole[op]) throw new Error(`no value for '${op}'`)
    return { shape, data: whole[op](inputs, attrs, shape) }
  }
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const index = indexOf(i, shape)
    return scalar(attrs, ...inputs.map((x) => read(x, index)))
  })
  return { shape, data }
}

/** Values of `roots`; `feeds` has the values of leaves. */
export function interpret(roots: readonly Node[], feeds: ReadonlyMap<Node, readonly number[]>): number[][] {
  const values = new Map<Node, Flat>()
  for (const node of reachable(roots)) {
    const fed = feeds.get(node)
    const inputs = node.inputs.map((n) => values.get(n)!)
    values.set(
      node,
      fed === undefined ? interpretOp(node.op, inputs, node.attrs, node.shape) : { shape: node.shape, data: [...fed] },
    )
  }
  return roots.map((root) => values.get(root)!.data)
}
