/** Reverse-mode differentiation: from a graph to the graph of its derivatives. */
import { DTypeError, ShapeError } from '../base/errors'
import { sameShape, shapeText, sizeOf } from '../base/shape'
import { atOnce, type Sliced } from '../base/slices'
import { sumOf } from './adjoints'
import { branchesBehind, settled, throughElementwise, together, type Flow } from './branches'
import * as build from './build'
import { withLabel } from './label'
import type { Node } from './node'
import { primitives } from './primitives'
import { nodesOfSlice, reaching } from './reachable'

/**
 * The derivatives of `y` with respect to each node of `wrt`, as new nodes of the same shapes.
 * `y` must hold one number unless `dy`, the derivative of some L with respect to y, is given.
 * A node that y does not depend on gets zeros.
 */
export function* differentiating(y: Node, wrt: readonly Node[], dy?: Node): Sliced<Node[]> {
  if (dy === undefined && sizeOf(y.shape) !== 1)
    throw new ShapeError(
      `grad: expected a function whose result is one number, got shape ${shapeText(y.shape)}. ` +
        'Reduce it, e.g. with ops.sum or ops.mean.',
    )
  if (dy !== undefined && !sameShape(dy.shape, y.shape))
    throw new ShapeError(`grad: expected dy of shape ${shapeText(y.shape)}, got ${shapeText(dy.shape)}.`)
  if ([y, ...wrt].some((node) => node.dtype === 'int32'))
    throw new DTypeError('grad: whole numbers (int32) have no derivatives. Leave them out.')
  const order = yield* reaching([y])
  const targets = new Set(wrt)
  // Nodes that some target flows into: the others need no derivative.
  const active = new Set<Node>()
  for (const node of order) {
    if (node.dtype === 'int32') continue
    if (targets.has(node) || node.inputs.some((n) => active.has(n))) active.add(node)
  }

  const first = firstOfEqual(order, active, targets)
  const flows = new Map<Node, Flow[]>([[y, [{ value: dy ?? build.constant(1, y.shape) }]]])
  for (const [i, node] of order.reverse().entries()) {
    if (i % nodesOfSlice === nodesOfSlice - 1) yield
    const found = flows.get(node)
    if (found === undefined || !active.has(node)) continue
    withLabel(node.label, () => {
      const flow = together(found, sumOf)
      flows.set(node, [flow])
      if (!node.inputs.some((n) => active.has(n))) return
      flowsBehind(node, flow).forEach((into, k) => {
        if (into === null || !active.has(node.inputs[k])) return
        const input = first.get(node.inputs[k]) ?? node.inputs[k]
        const before = flows.get(input)
        if (before === undefined) flows.set(input, [into])
        else before.push(into)
      })
    })
  }
  return wrt.map((node) => {
    const found = flows.get(node)
    return build.broadcast(found ? settled(found[0]) : build.constant(0, node.shape), node.shape)
  })
}

/** What flows into the inputs of a node, null where nothing does. */
function flowsBehind(node: Node, flow: Flow): (Flow | null)[] {
  const { elementwise, vjp } = primitives[node.op]
  if (elementwise) return vjp(node, flow.value, build).map((g, i) => g && throughElementwise(node, flow, i, g))
  const rule = (dy: Node) => vjp(node, dy, build)
  const branches = branchesBehind(node, flow.branch, rule)
  return rule(settled(flow)).map((value, i) => value && { value, branch: branches[i] })
}

/** The same without a pause. */
export function gradients(y: Node, wrt: readonly Node[], dy?: Node): Node[] {
  return atOnce(differentiating(y, wrt, dy))
}

/** What loops write anew for each slice that they take. */
const views = new Set(['slice', 'reshape', 'transpose'])

/**
 * Equal slices of one value, and equal reshapes and transposes that only slices read, count as one: the first gets
 * what flows into all of them. A loop that writes `slice(reshape(x, …), …)` would otherwise give x as many paddings as
 * it has turns.
 */
function firstOfEqual(order: readonly Node[], active: ReadonlySet<Node>, targets: ReadonlySet<Node>): Map<Node, Node> {
  const readOtherwise = new Set<Node>()
  for (const node of [...order].reverse())
    if (node.op !== 'slice' && (!views.has(node.op) || readOtherwise.has(node)))
      for (const input of node.inputs) readOtherwise.add(input)
  const first = new Map<Node, Node>()
  const byKey = new Map<string, Node>()
  for (const node of order) {
    if (!views.has(node.op) || !active.has(node) || targets.has(node)) continue
    if (node.op !== 'slice' && readOtherwise.has(node)) continue
    const [input] = node.inputs
    const { begin, perm } = node.attrs
    const key = `${node.op} ${(first.get(input) ?? input).id} ${String(begin ?? perm)} [${node.shape}]`
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, node)
    else first.set(node, known)
  }
  return first
}
