/** Graph rewriting for checks: the same computation with some of its values exchanged. */
import type { Sliced } from '../base/slices'
import * as build from '../graph/build'
import type { Node } from '../graph/node'
import { primitives } from '../graph/primitives'
import { nodesOfSlice, reachable, reaching } from '../graph/reachable'

/** `roots` with every node of `replacement` exchanged; what does not depend on one is shared, not copied. */
export function* substitute(roots: readonly Node[], replacement: ReadonlyMap<Node, Node>): Sliced<Node[]> {
  const made = new Map(replacement)
  for (const [i, node] of (yield* reaching(roots)).entries()) {
    if (i % nodesOfSlice === nodesOfSlice - 1) yield
    if (made.has(node)) continue
    const inputs = node.inputs.map((input) => made.get(input)!)
    const changed = inputs.some((input, i) => input !== node.inputs[i])
    made.set(node, changed ? build.createNode(node.op, inputs, node.attrs, node.shape, node) : node)
  }
  return roots.map((root) => made.get(root)!)
}

/** Values whose signs say on which side of a kink each element stands, of all ops that have one. */
export function kinkDeciders(roots: readonly Node[]): Node[] {
  return reachable(roots).flatMap((node) => primitives[node.op].kink?.(node, build) ?? [])
}

/** A scalar: how many elements of `before` and `after` differ in sign (−1, 0 or 1). */
export function signChanges(before: readonly Node[], after: readonly Node[]): Node {
  return before.reduce<Node>((total, node, i) => {
    const same = build.equal(build.sign(node), build.sign(after[i]))
    return build.add(total, build.sum(build.sub(1, same)))
  }, build.constant(0))
}
