/** Derivatives of the cost by weights: by all of a weight, or by the rows of a table that the step read. */
import type { Sliced } from '../../base/slices'
import { concat, reshape, sumDuplicates } from '../../graph/build'
import { differentiating } from '../../graph/grad'
import type { Node } from '../../graph/node'
import { reaching } from '../../graph/reachable'
import type { Optimizer } from '../../optimizers/optimizer'
import type { Tensor } from '../../tensor/tensor'
import type { Parameter } from '../structure/weights'
import { mustNode, type Tracer } from './tracer'

/** The derivative by a weight. */
export interface Derivative {
  readonly parameter: Parameter
  /** In the weight's shape. With `rows`: a row for each of the numbers; the first of equal ones has the sum of all. */
  readonly gradient: Tensor
  /** Numbers of the rows that the step read, [n] of int32. */
  readonly rows: Node | null
}

/** dJ/d(weight) of each, in whole. */
export function* derivatives(tracer: Tracer, cost: Tensor, wrt: readonly Parameter[]): Sliced<Tensor[]> {
  const nodes = yield* differentiating(
    mustNode(cost),
    wrt.map((p) => mustNode(tracer.state(p))),
  )
  return nodes.map((node) => tracer.tensor(node))
}

/**
 * The derivatives as an optimiser takes them: by rows where it changes no others. That is asked for with
 * `updates: 'touched'`, and it gives the same numbers where rows of gradient 0 stay as they are anyway: then nobody
 * needs to ask.
 */
export function* derivativesFor(
  optimizer: Optimizer,
  tracer: Tracer,
  cost: Tensor,
  wrt: readonly Parameter[],
): Sliced<Derivative[]> {
  const top = mustNode(cost)
  const order = yield* reaching([top])
  const readers = new Map<Parameter, Node[]>()
  for (const p of wrt) {
    const isAsked = p.spec.updates === 'touched'
    if (!isAsked && !(optimizer.restsAtZero && p.spec.updates && !p.spec.regularizer)) continue
    const state = mustNode(tracer.state(p))
    const found = order.filter((node) => node.inputs.includes(state))
    // As a table alone: whoever reads it otherwise depends on all rows.
    if (found.length && found.every(({ op, inputs }) => op === 'take' && inputs[0] === state)) readers.set(p, found)
  }
  const whole = wrt.filter((p) => !readers.has(p))
  const taken = [...readers.values()].flat()
  const found = yield* differentiating(top, [...whole.map((p) => mustNode(tracer.state(p))), ...taken])
  return wrt.map((parameter): Derivative => {
    const own = readers.get(parameter)
    if (!own) return { parameter, gradient: tracer.tensor(found[whole.indexOf(parameter)]), rows: null }
    const row = parameter.shape.slice(1)
    const flat = own.map((node) => {
      const ids = node.inputs[1]
      const count = ids.shape.reduce((n, d) => n * d, 1)
      const gradient = found[whole.length + taken.indexOf(node)]
      return { ids: reshape(ids, [count]), gradient: reshape(gradient, [count, ...row]) }
    })
    const rows = concat(
      flat.map(({ ids }) => ids),
      0,
    )
    const all = concat(
      flat.map(({ gradient }) => gradient),
      0,
    )
    return { parameter, gradient: tracer.tensor(sumDuplicates(rows, all)), rows }
  })
}
