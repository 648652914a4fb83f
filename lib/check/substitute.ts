/** Graph rewriting for checks: the same computation with some of its values exchanged. */
import * as build from '../graph/build'
import { reachable } from '../graph/grad'
import type { Node } from '../graph/node'

/** `roots` with every node of `replacement` exchanged; what does not depend on one is shared, not copied. */
export function substitute(roots: readonly Node[], replacement: ReadonlyMap<Node, Node>): Node[] {
  const made = new Map(replacement)
  for (const node of reachable(roots)) {
    if (made.has(node)) continue
    const inputs = node.inputs.map((input) => made.get(input)!)
    const changed = inputs.some((input, i) => input !== node.inputs[i])
    made.set(node, changed ? build.createNode(node.op, inputs, node.attrs, node.shape, node) : node)
  }
  return roots.map((root) => made.get(root)!)
}

/**
 * Values whose signs say on which side of a kink each element stands: the inputs of relu, leakyRelu and abs, the
 * differences that maximum, minimum and max decide by, conditions of select, and step functions themselves.
 */
export function kinkDeciders(roots: readonly Node[]): Node[] {
  return reachable(roots).flatMap((node) => {
    switch (node.op) {
      case 'relu':
      case 'leakyRelu':
      case 'abs':
        return [node.inputs[0]]
      case 'maximum':
      case 'minimum':
        return [build.sub(node.inputs[0], node.inputs[1])]
      case 'max':
        return [build.sub(node.inputs[0], build.expandReduced(node, node))]
      case 'select':
        return [node.inputs[0]]
      case 'sign':
      case 'floor':
      case 'greater':
      case 'greaterEqual':
      case 'equal':
        return [node]
      default:
        return []
    }
  })
}

/** A scalar: how many elements of `before` and `after` differ in sign (−1, 0 or 1). */
export function signChanges(before: readonly Node[], after: readonly Node[]): Node {
  return before.reduce<Node>((total, node, i) => {
    const same = build.equal(build.sign(node), build.sign(after[i]))
    return build.add(total, build.sum(build.sub(1, same)))
  }, build.constant(0))
}
