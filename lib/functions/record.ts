/** Recording a user's function: from a function of tensors to the nodes of its result. */
import { functionOption } from '../base/checks'
import { describeValue, DTypeError, OptionError } from '../base/errors'
import { alias, constant } from '../graph/build'
import { TraceContext } from '../graph/context'
import { captureNode } from '../graph/leaves'
import type { Node } from '../graph/node'
import { primitives } from '../graph/primitives'
import { currentStreams } from '../graph/random-streams'
import { reachable } from '../graph/reachable'
import { captureTensor, checkValue } from '../ops/engine'
import { contextOf, nodeOf, Tensor, type Value } from '../tensor/tensor'

export interface Recording {
  /** The arguments' nodes, in order. */
  args: Node[]
  result: Node
  context: TraceContext
}

/** Arguments of functions that are being recorded right now: what depends on them cannot be computed yet. */
const live = new Set<Node>()

/**
 * Calls `f` with traced stand-ins of `args`. Concrete arguments become captured inputs; traced ones (in a gradient of
 * a gradient) are seen through a new node, so that the inner derivative is with respect to the argument alone.
 */
export function record(where: string, f: (...args: never[]) => unknown, args: readonly Value[]): Recording {
  functionOption(where, f)
  const context = new TraceContext('float64', { weak: true })
  const nodes = args.map((arg, i) => {
    checkValue(`${where}: argument ${i}`, arg)
    if (typeof arg === 'number') return captureNode(arg, [], `argument ${i}`)
    const node = nodeOf(arg)
    if (node === undefined) return captureTensor(where, arg, context)
    context.merge(where, contextOf(arg)!)
    return alias(node)
  })
  return { args: nodes, result: recordOn(where, f, nodes, context), context }
}

/** Calls `f` with traced tensors of these nodes, and gives the node of its result. */
export function recordOn(
  where: string,
  f: (...args: never[]) => unknown,
  nodes: readonly Node[],
  context: TraceContext,
): Node {
  const outer = nodes.filter((node) => !live.has(node))
  outer.forEach((node) => live.add(node))
  try {
    const result = f(...(nodes.map((node) => Tensor.fromNode(node, context)) as never[]))
    return resultNode(where, result, context)
  } finally {
    outer.forEach((node) => live.delete(node))
  }
}

function resultNode(where: string, result: unknown, context: TraceContext): Node {
  if (typeof result === 'number') return constant(result)
  if (result instanceof Tensor) {
    const node = nodeOf(result)
    if (node === undefined) return captureTensor(where, result, context)
    context.merge(where, contextOf(result)!)
    return node
  }
  if (result instanceof Promise)
    throw new OptionError(
      `${where}: expected a function that returns a tensor, got an async function. Derivatives need a synchronous one.`,
    )
  throw new DTypeError(`${where}: expected a function that returns a tensor or a number, got ${describeValue(result)}.`)
}

/**
 * True if a value cannot be computed yet: it depends on arguments of a function that is still being recorded, or on
 * random numbers that the program which is being traced draws in each step.
 */
export function isSymbolic(nodes: readonly Node[]): boolean {
  const drawsLater = currentStreams() !== undefined
  return reachable(nodes).some((node) => {
    const { leaf, random } = primitives[node.op]
    return (random && drawsLater) || live.has(node) || (leaf && node.capture === undefined)
  })
}
