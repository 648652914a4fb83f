import type { Node } from './node'

const names = new WeakMap<Node, string>()

/** Gives a node the name that pictures of the graph show. */
export function setNodeName(node: Node, name: string): void {
  names.set(node, name)
}

export function nodeName(node: Node): string | undefined {
  return names.get(node)
}
