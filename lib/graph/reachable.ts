import { atOnce, type Sliced } from '../base/slices'
import type { Node } from './node'

/** Nodes that work on a graph handles between two turns of the event loop, at most: about a millisecond. */
export const nodesOfSlice = 128

/** All nodes that `roots` need, themselves included, in topological order. */
export function* reaching(roots: readonly Node[]): Sliced<Node[]> {
  const seen = new Set<Node>()
  const stack = [...roots]
  while (stack.length) {
    const node = stack.pop()!
    if (seen.has(node)) continue
    seen.add(node)
    for (const input of node.inputs) if (!seen.has(input)) stack.push(input)
    if (seen.size % nodesOfSlice === 0) yield
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

/** The same without a pause. */
export function reachable(roots: readonly Node[]): Node[] {
  return atOnce(reaching(roots))
}
