/** Reverse-mode differentiation: from a graph to the graph of its derivatives. */
import { DTypeError, ShapeError } from '../base/errors'
import { sameShape, shapeText, sizeOf } from '../base/shape'
import { atOnce, type Sliced } from '../base/slices'
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

  const adjoint = new Map<Node, Node>([[y, dy ?? build.constant(1, y.shape)]])
  for (const [i, node] of order.reverse().entries()) {
    if (i % nodesOfSlice === nodesOfSlice - 1) yield
    const dNode = adjoint.get(node)
    if (dNode === undefined || !active.has(node) || !node.inputs.some((n) => active.has(n))) continue
    withLabel(node.label, () => {
      primitives[node.op].vjp(node, dNode, build).forEach((dInput, k) => {
        const input = node.inputs[k]
        if (dInput === null || !active.has(input)) return
        const before = adjoint.get(input)
        adjoint.set(input, before === undefined ? dInput : build.add(before, dInput))
      })
    })
  }
  return wrt.map((node) => build.broadcast(adjoint.get(node) ?? build.constant(0, node.shape), node.shape))
}

/** The same without a pause. */
export function gradients(y: Node, wrt: readonly Node[], dy?: Node): Node[] {
  return atOnce(differentiating(y, wrt, dy))
}
