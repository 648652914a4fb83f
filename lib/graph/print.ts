/** A graph as text, and as DOT for Graphviz. */
import { shapeText } from '../base/shape'
import { isConstant } from './build'
import type { AttrValue, Node } from './node'
import { primitives } from './primitives'
import { reachable } from './reachable'

export interface PrintOptions {
  /** Names shown instead of `%n`. */
  names?: ReadonlyMap<Node, string>
  /** Text of a node's value, shown beside it. */
  values?: ReadonlyMap<Node, string>
  /** Text of dL/d(node), shown beside it. */
  derivatives?: ReadonlyMap<Node, string>
}

function attrText(value: AttrValue): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  return value.length > 8 ? `[${value.slice(0, 6).join(', ')}, … ${value.length} numbers]` : `[${value.join(', ')}]`
}

/** Of whole numbers; the floating dtype is the same throughout. */
const dtypeText = ({ dtype }: Node) => (dtype ? `${dtype} ` : '')

function numbered(nodes: readonly Node[], names?: ReadonlyMap<Node, string>): Map<Node, string> {
  return new Map(nodes.map((node, i) => [node, names?.get(node) ?? `%${i}`]))
}

/** One line per node: `%2 = mul(%0, %1) [3, 4]  # dense_1`. */
export function printGraph(roots: readonly Node[], { names, values, derivatives }: PrintOptions = {}): string {
  const nodes = reachable(roots)
  const title = numbered(nodes, names)
  const lines = nodes.map((node) => {
    const attrs = Object.entries(node.attrs).map(([k, v]) => `${k}=${attrText(v)}`)
    const args = [...node.inputs.map((n) => title.get(n)), ...attrs].join(', ')
    const notes = [
      node.label,
      values?.has(node) ? `= ${values.get(node)}` : '',
      derivatives?.has(node) ? `d = ${derivatives.get(node)}` : '',
    ].filter(Boolean)
    const remark = notes.length > 0 ? `  # ${notes.join('; ')}` : ''
    return `${title.get(node)} = ${node.op}(${args}) ${dtypeText(node)}${shapeText(node.shape)}${remark}`
  })
  return [...lines, `return ${roots.map((n) => title.get(n)).join(', ')}`].join('\n')
}

const escape = (text: string) => text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')

/** The graph for Graphviz: leaves as ellipses, ops as boxes; values above, derivatives below where given. */
export function toDot(roots: readonly Node[], { names, values, derivatives }: PrintOptions = {}): string {
  const nodes = reachable(roots)
  const ids = new Map(nodes.map((node, i) => [node, `n${i}`]))
  const lines = ['digraph {', '  rankdir=LR', '  node [fontname="Helvetica"]']
  for (const node of nodes) {
    const constant = isConstant(node) ? attrText(node.attrs.value).replace(/^\[([^,]*)\]$/, '$1') : undefined
    const name = names?.get(node)
    const head =
      constant ??
      (node.inputs.length === 0 ? (name ?? (node.label || node.op)) : (primitives[node.op].symbol ?? node.op))
    const text = [
      name !== undefined && name !== head ? `${name} = ${head}` : head,
      node.label && node.label !== head && node.label !== name ? node.label : '',
      node.shape.length || node.dtype ? dtypeText(node) + shapeText(node.shape) : '',
      values?.has(node) && constant === undefined ? `= ${values.get(node)}` : '',
      derivatives?.has(node) && constant === undefined ? `d = ${derivatives.get(node)}` : '',
    ].filter(Boolean)
    lines.push(
      `  ${ids.get(node)} [label="${escape(text.join('\n'))}", shape=${node.inputs.length ? 'box' : 'ellipse'}]`,
    )
  }
  for (const node of nodes) for (const input of node.inputs) lines.push(`  ${ids.get(input)} -> ${ids.get(node)}`)
  roots.forEach((root, i) => {
    lines.push(`  out${i} [label="${roots.length > 1 ? `result ${i}` : 'result'}", shape=plaintext]`)
    lines.push(`  ${ids.get(root)} -> out${i}`)
  })
  return [...lines, '}', ''].join('\n')
}
