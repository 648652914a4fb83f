import type { Node } from './node'

/** All nodes that `roots` need, themselves included, in topological order. */
export function reachable(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>()
  const stack = [...roots]
  while (stack.length) {
    const node = stack.pop()!
    if (seen.has(node)) continue
    seen.add(node)
    stack.push(...node.inputs)
  }
  return [...seen].sort((a, b) => a.id - b.id)
}
