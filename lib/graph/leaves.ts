/** The leaves of a trace. */
import type { Shape } from '../base/shape'
import { createNode } from './build'
import type { Node, NodeDType } from './node'

/** An input that the caller of the plan provides. */
export function inputNode(shape: Shape, label = '', dtype?: NodeDType): Node {
  return createNode('input', [], {}, shape, { label, dtype })
}

/** A value that the plan keeps from run to run: a weight, a statistic, an optimiser slot. */
export function stateNode(shape: Shape, label = '', dtype?: NodeDType): Node {
  return createNode('state', [], {}, shape, { label, dtype })
}

/** A scalar that is set anew for every step. */
export function hyperNode(label = ''): Node {
  return createNode('hyper', [], {}, [], { label })
}

/** A concrete tensor (or number) that a traced function uses: an input which encode() appends by itself. */
export function captureNode(capture: unknown, shape: Shape, label = '', dtype?: NodeDType): Node {
  return createNode('input', [], {}, shape, { capture, label, dtype })
}
