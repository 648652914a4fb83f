/**
 * Makes a graph smaller without changing its values: constants are folded, equal nodes merged, round trips
 * (double transpose, reshape, negation) removed. Dead code disappears by itself: only what roots reach is rebuilt.
 * Left out on purpose: x·0 and x−x, which are NaN where x is not finite.
 */
import { broadcastShapes, sameShape } from '../base/shape'
import { atOnce, type Sliced } from '../base/slices'
import * as b from './build'
import { withLabel } from './label'
import type { AttrValue, Node } from './node'
import { primitives } from './primitives'
import { nodesOfSlice, reaching } from './reachable'

/** The roots of an equivalent, smaller graph, in order. Inputs, states and hypers stay the same nodes. */
export function* simplifying(roots: readonly Node[]): Sliced<Node[]> {
  let [current, count] = [yield* pass(roots), Infinity]
  // A rule may leave new inner nodes that other rules would still change: look again while that helps.
  for (;;) {
    const size = (yield* reaching(current)).length
    if (size >= count) return current
    count = size
    current = yield* pass(current)
  }
}

/** The same without a pause. */
export function simplify(roots: readonly Node[]): Node[] {
  return atOnce(simplifying(roots))
}

function* pass(roots: readonly Node[]): Sliced<Node[]> {
  const replacement = new Map<Node, Node>()
  const byKey = new Map<string, Node>()
  const captures = new Map<unknown, number>()

  const merge = (node: Node): Node => {
    const key = structuralKey(node, captures)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, node)
    return known ?? node
  }
  for (const [i, node] of (yield* reaching(roots)).entries()) {
    if (i % nodesOfSlice === nodesOfSlice - 1) yield
    const inputs = node.inputs.map((n) => replacement.get(n)!)
    const same = inputs.every((n, k) => n === node.inputs[k])
    const rebuilt = same
      ? node
      : withLabel(node.label, () => b.createNode(node.op, inputs, node.attrs, node.shape, node))
    replacement.set(node, merge(withLabel(node.label, () => rewrite(rebuilt, merge))))
  }
  return roots.map((root) => replacement.get(root)!)
}

function structuralKey(node: Node, captures: Map<unknown, number>): string {
  if (primitives[node.op].leaf) {
    if (node.capture === undefined || typeof node.capture !== 'object') return `leaf ${node.id}`
    if (!captures.has(node.capture)) captures.set(node.capture, captures.size)
    return `capture ${captures.get(node.capture)} [${node.shape}]`
  }
  const attrs = Object.keys(node.attrs)
    .sort()
    .map((k) => `${k}=${attrKey(node.attrs[k])}`)
  return `${node.op} [${node.shape}] ${attrs.join(' ')} (${node.inputs.map((n) => n.id)})`
}

/** Text that is equal for equal values; −0 is told apart from 0. */
function attrKey(value: AttrValue): string {
  if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value)
  if (!value.some((v) => Object.is(v, -0))) return String(value)
  return value.map((v) => (Object.is(v, -0) ? '-0' : v)).join()
}

/** Applies rules until none does. Every rule gives a node that is nearer to the leaves or cheaper. */
function rewrite(node: Node, merge: (node: Node) => Node): Node {
  let current = node
  for (;;) {
    const next = step(current)
    if (next === undefined) return current
    current = next
    if (next.inputs.length && !sameInputs(next, next.inputs.map(merge)))
      current = b.createNode(next.op, next.inputs.map(merge), next.attrs, next.shape, next)
  }
}

function sameInputs(node: Node, inputs: readonly Node[]): boolean {
  return inputs.every((n, i) => n === node.inputs[i])
}

function step(node: Node): Node | undefined {
  return foldConstants(node) ?? otherOperand(node) ?? primitives[node.op].simplify?.(node, b) ?? dropBroadcasts(node)
}

/** An op on inputs that are filled with one number each. */
function foldConstants(node: Node): Node | undefined {
  const { fold } = primitives[node.op]
  if (fold === undefined) return undefined
  const values = node.inputs.map((n) => b.constantValue(n))
  return values.every((v) => v !== undefined) ? b.constant(fold(...values), node.shape) : undefined
}

/** The operand that the other one leaves as it is, in the shape of the result. */
function otherOperand({ op, inputs: [x, y], shape }: Node): Node | undefined {
  const { neutral } = primitives[op]
  if (neutral === undefined) return undefined
  if (b.isFilled(x, neutral.left)) return b.broadcast(y, shape)
  return b.isFilled(y, neutral.right) ? b.broadcast(x, shape) : undefined
}

/** Element-wise ops broadcast by themselves: a spread operand is read from its source where the shape stays. */
function dropBroadcasts(node: Node): Node | undefined {
  if (!primitives[node.op].elementwise || node.inputs.length < 2) return undefined
  for (let i = 0; i < node.inputs.length; i++) {
    const operand = node.inputs[i]
    const from = operand.op === 'broadcast' ? operand.inputs[0] : spreadConstant(operand)
    if (from === undefined) continue
    const inputs = node.inputs.map((n, j) => (j === i ? from : n))
    const shapes = inputs.map((n) => n.shape)
    if (!sameShape(broadcastShapes(node.op, shapes), node.shape)) continue
    return b.createNode(node.op, inputs, node.attrs)
  }
  return undefined
}

/** A scalar instead of a constant that repeats one number. */
function spreadConstant(x: Node): Node | undefined {
  const value = b.constantValue(x)
  return value !== undefined && x.shape.length > 0 ? b.constant(value) : undefined
}
