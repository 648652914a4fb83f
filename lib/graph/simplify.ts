/**
 * Makes a graph smaller without changing its values: constants are folded, equal nodes merged, round trips
 * (double transpose, reshape, negation) removed. Dead code disappears by itself: only what roots reach is rebuilt.
 * Left out on purpose: x·0 and x−x, which are NaN where x is not finite.
 */
import { broadcastShapes, reducedShape, sameShape, sizeOf, type Shape } from '../base/shape'
import * as b from './build'
import { foldNumbers } from './fold'
import { reachable } from './grad'
import { withLabel } from './label'
import type { Node } from './node'
import { primitives } from './primitives'

/** The roots of an equivalent, smaller graph, in order. Inputs, states and hypers stay the same nodes. */
export function simplify(roots: readonly Node[]): Node[] {
  let [current, count] = [pass(roots), Infinity]
  // A rule may leave new inner nodes that other rules would still change: look again while that helps.
  for (let size = reachable(current).length; size < count; size = reachable(current).length) {
    count = size
    current = pass(current)
  }
  return current
}

function pass(roots: readonly Node[]): Node[] {
  const replacement = new Map<Node, Node>()
  const byKey = new Map<string, Node>()
  const captures = new Map<unknown, number>()

  const merge = (node: Node): Node => {
    const key = structuralKey(node, captures)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, node)
    return known ?? node
  }
  for (const node of reachable(roots)) {
    const inputs = node.inputs.map((n) => replacement.get(n)!)
    const same = inputs.every((n, i) => n === node.inputs[i])
    const rebuilt = same
      ? node
      : withLabel(node.label, () => b.createNode(node.op, inputs, node.attrs, node.shape, node))
    replacement.set(node, merge(withLabel(node.label, () => rewrite(rebuilt, merge))))
  }
  return roots.map((root) => replacement.get(root)!)
}

function structuralKey(node: Node, captures: Map<unknown, number>): string {
  if (node.op === 'input' && node.capture !== undefined && typeof node.capture === 'object') {
    if (!captures.has(node.capture)) captures.set(node.capture, captures.size)
    return `capture ${captures.get(node.capture)} [${node.shape}]`
  }
  if (node.op === 'input' || node.op === 'state' || node.op === 'hyper') return `leaf ${node.id}`
  const attrs = Object.keys(node.attrs)
    .sort()
    .map((k) => `${k}=${Object.is(node.attrs[k], -0) ? '-0' : String(node.attrs[k])}`)
  const zeros = node.op === 'constant' ? (node.attrs.value as readonly number[]).some((v) => Object.is(v, -0)) : false
  return `${node.op} [${node.shape}] ${attrs.join(' ')}${zeros ? ` signed ${negativeZeros(node)}` : ''} (${node.inputs.map((n) => n.id)})`
}

/** Places of −0, which text cannot tell from 0. */
function negativeZeros(node: Node): string {
  return (node.attrs.value as readonly number[]).flatMap((v, i) => (Object.is(v, -0) ? [i] : [])).join(',')
}

type Rule = (node: Node) => Node | undefined

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
  if (node.op === 'custom') return node.inputs[0]
  return foldConstants(node) ?? rules[node.op]?.(node) ?? dropBroadcasts(node)
}

function foldConstants(node: Node): Node | undefined {
  if (node.inputs.length === 0) return undefined
  const values = node.inputs.map((n) => b.constantValue(n))
  if (!values.every((v) => v !== undefined)) return undefined
  const { op, shape } = node
  if (op === 'reshape' || op === 'transpose' || op === 'broadcast' || op === 'slice')
    return b.constant(values[0], shape)
  if (op === 'sum') return b.constant(values[0] * (sizeOf(node.inputs[0].shape) / sizeOf(shape)), shape)
  if (op === 'max') return b.constant(values[0], shape)
  const folded = op === 'leakyRelu' ? undefined : foldNumbers(op, values)
  return folded === undefined ? undefined : b.constant(folded, shape)
}

/** `x` in the shape of the node it replaces. */
function as(x: Node, shape: Shape): Node {
  return b.broadcast(x, shape)
}

/** The constant that fills an operand of any shape. */
const filled = (x: Node, value: number) => b.constantValue(x) === value

const rules: Record<string, Rule> = {
  neg: ({ inputs: [x] }) => {
    if (x.op === 'neg') return x.inputs[0]
    return x.op === 'sub' ? b.createNode('sub', [x.inputs[1], x.inputs[0]]) : undefined
  },
  add: ({ inputs: [x, y], shape }) => {
    if (filled(x, 0)) return as(y, shape)
    if (filled(y, 0)) return as(x, shape)
    if (y.op === 'neg') return b.sub(x, y.inputs[0])
    return x.op === 'neg' ? b.sub(y, x.inputs[0]) : undefined
  },
  sub: ({ inputs: [x, y], shape }) => {
    if (filled(y, 0)) return as(x, shape)
    return y.op === 'neg' ? b.add(x, y.inputs[0]) : undefined
  },
  mul: ({ inputs: [x, y], shape }) => {
    if (filled(x, 1)) return as(y, shape)
    if (filled(y, 1)) return as(x, shape)
    if (filled(x, -1)) return b.neg(as(y, shape))
    return filled(y, -1) ? b.neg(as(x, shape)) : undefined
  },
  div: ({ inputs: [x, y], shape }) => (filled(y, 1) ? as(x, shape) : undefined),
  power: ({ inputs: [x, p], shape }) => {
    if (filled(p, 1)) return as(x, shape)
    return filled(p, 2) ? as(b.mul(x, x), shape) : undefined
  },
  select: ({ inputs: [c, x, y], shape }) => {
    const chosen = b.constantValue(c)
    return chosen === undefined ? undefined : as(chosen !== 0 ? x : y, shape)
  },
  reshape: ({ inputs: [x], shape }) => {
    if (sameShape(x.shape, shape)) return x
    return x.op === 'reshape' ? b.reshape(x.inputs[0], shape) : undefined
  },
  broadcast: ({ inputs: [x], shape }) => {
    if (sameShape(x.shape, shape)) return x
    return x.op === 'broadcast' ? b.broadcast(x.inputs[0], shape) : undefined
  },
  transpose: ({ inputs: [x], attrs, shape }) => {
    const perm = attrs.perm as readonly number[]
    if (x.op === 'transpose') {
      const inner = x.attrs.perm as readonly number[]
      return b.transpose(
        x.inputs[0],
        perm.map((axis) => inner[axis]),
      )
    }
    // Axes of size 1 may move anywhere: if the others keep their order, the data stays as it is.
    const moved = perm.filter((axis) => x.shape[axis] !== 1)
    return moved.every((axis, i) => i === 0 || axis > moved[i - 1]) ? b.reshape(x, shape) : undefined
  },
  slice: ({ inputs: [x], attrs, shape }) =>
    sameShape(x.shape, shape) && (attrs.begin as readonly number[]).every((d) => d === 0) ? x : undefined,
  pad: ({ inputs: [x], shape }) => (sameShape(x.shape, shape) ? x : undefined),
  concat: ({ inputs }) => (inputs.length === 1 ? inputs[0] : undefined),
  sum: reduceRule,
  max: reduceRule,
  matmul: ({ inputs: [x, y], attrs }) => {
    const [tx, ty] = [attrs.transA === 1, attrs.transB === 1]
    if (x.op === 'transpose') return b.matmul(x.inputs[0], y, !tx, ty)
    return y.op === 'transpose' ? b.matmul(x, y.inputs[0], tx, !ty) : undefined
  },
}

/** Axes of size 1 are not worth a reduction. */
function reduceRule(node: Node): Node | undefined {
  const [x] = node.inputs
  const axes = node.attrs.axes as readonly number[]
  if (axes.every((axis) => x.shape[axis] !== 1)) return undefined
  const wide = axes.filter((axis) => x.shape[axis] !== 1)
  const build = node.op === 'sum' ? b.sum : b.max
  return b.reshape(build(x, wide, true), reducedShape(x.shape, axes, node.attrs.keepDims === 1))
}

/** Element-wise ops broadcast by themselves: a spread operand is read from its source where the shape stays. */
function dropBroadcasts(node: Node): Node | undefined {
  if (!primitives[node.op].elementwise || node.inputs.length < 2) return undefined
  for (let i = 0; i < node.inputs.length; i++) {
    const operand = node.inputs[i]
    const from = operand.op === 'broadcast' ? operand.inputs[0] : spreadConstant(operand)
    if (from === undefined) continue
    const inputs = node.inputs.map((n, j) => (j === i ? from : n))
    if (
      !sameShape(
        broadcastShapes(
          node.op,
          inputs.map((n) => n.shape),
        ),
        node.shape,
      )
    )
      continue
    return b.createNode(node.op, inputs, node.attrs)
  }
  return undefined
}

/** A scalar instead of a constant that repeats one number. */
function spreadConstant(x: Node): Node | undefined {
  const value = b.constantValue(x)
  return value !== undefined && x.shape.length > 0 ? b.constant(value) : undefined
}
