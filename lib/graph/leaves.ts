/** Labels of a trace, and its leaves. */
import type { Shape } from '../base/shape'
import { createNode } from './build'
import type { Node } from './node'

export { currentLabel, withLabel } from './label'

/** An input that the caller of the plan provides. */
export function inputNode(shape: Shape, label = ''): Node {
  return createNode('input', [], {}, shape, { label })
}

/** A value that the plan keeps from run to run: a weight, a statistic, an optimiser slot. */
export function stateNode(shape: Shape, label = ''): Node {
  return createNode('state', [], {}, shape, { label })
}

/** A scalar that is set anew for every step. */
export function hyperNode(label = ''): Node {
  return createNode('hyper', [], {}, [], { label })
}

/** A concrete tensor (or number) that a traced function uses: an input which encode() appends by itself. */
export function captureNode(capture: unknown, shape: Shape, label = ''): Node {
  return createNode('input', [], {}, shape, { capture, label })
}

/**
 * A new node of the same value. Derivatives with respect to it see only its own uses, and those with respect to
 * `node` still see through it.
 */
export function aliasNode(node: Node): Node {
  return createNode('reshape', [node], {}, node.shape)
}
