/**
 * Derivatives behind a choice. `select` sends 0 into the branch that it did not take, but a rule like dy / x makes NaN
 * of that where x is 0 there, and NaN stays. So the sum of derivatives of a value remembers its branch: where it is
 * taken. What such rules leave elsewhere is replaced by 0 before anything else sees it, once for a whole chain of
 * element-wise ops. It is a choice and not a product, so that derivatives of any order are right.
 */
import { sameShape, type Shape } from '../base/shape'
import * as b from './build'
import type { Node } from './node'

export interface Branch {
  /** Not 0 where the branch is taken; in the value's shape or one that broadcasts to it. */
  readonly taken: Node
  /** Not chosen to keep out of where an op is not defined: a bound (relu, maximum), or drawn at random (dropout). */
  readonly isMild: boolean
}

/** What flows into a value from one of its uses, or from all. */
export interface Flow {
  readonly value: Node
  /** Outside of it the flow is 0. Undefined: nothing is known. */
  readonly branch?: Branch | undefined
  /** True where the value may be anything outside of the branch, until `settled`. */
  readonly isWild?: boolean
}

/** The value with 0 outside of its branch. */
export function settled({ value, branch, isWild }: Flow): Node {
  return branch && isWild ? b.select(branch.taken, value, 0) : value
}

/** What flows from all uses together; `sum` adds the values up. */
export function together(flows: readonly Flow[], sum: (values: readonly Node[]) => Node): Flow {
  const [{ branch }] = flows
  if (branch && flows.every((flow) => flow.branch?.taken === branch.taken))
    return { value: sum(flows.map(({ value }) => value)), branch, isWild: flows.some(({ isWild }) => isWild) }
  const branches = flows.map((flow) => flow.branch)
  return {
    value: sum(flows.map(settled)),
    branch: branches.every((one) => one !== undefined) ? branches.reduce(either) : undefined,
  }
}

const either = (p: Branch, q: Branch): Branch => ({
  taken: b.select(p.taken, 1, q.taken),
  isMild: p.isMild && q.isMild,
})

function both(p: Branch | undefined, q: Branch): Branch {
  return p ? { taken: b.select(p.taken, q.taken, 0), isMild: p.isMild && q.isMild } : q
}

const isRandom = ({ op }: Node) => op === 'randomUniform'

/** The branch that an operand of a choice is. */
function branchOf({ op, inputs }: Node, operand: number): Branch | undefined {
  const [x, y] = inputs
  if (op === 'select') return { taken: operand === 1 ? x : b.equal(x, 0), isMild: x.inputs.some(isRandom) }
  if (op === 'relu') return { taken: b.greaterEqual(x, 0), isMild: true }
  const [larger, smaller] = operand === 0 ? [x, y] : [y, x]
  if (op === 'maximum') return { taken: b.greaterEqual(larger, smaller), isMild: true }
  return op === 'minimum' ? { taken: b.greaterEqual(smaller, larger), isMild: true } : undefined
}

/** Rules that hand on what they are given, or 0. */
const handOn = new Set(['add', 'sub', 'neg', 'select', 'relu', 'leakyRelu', 'maximum', 'minimum'])
/** Rules that may make NaN of 0 although all operands are finite. */
const poles = new Set(['exp', 'expm1', 'log', 'log1p', 'sqrt', 'div', 'power'])

/** True for a rule that may give something else than 0 for 0. */
function isWildRule({ op, inputs }: Node, operand: number, { isMild }: Branch): boolean {
  if (handOn.has(op)) return false
  const factor = op === 'mul' ? inputs[1 - operand] : op === 'div' && operand === 0 ? inputs[1] : undefined
  const number = factor && b.constantValue(factor)
  if (number !== undefined && Number.isFinite(number) && (op === 'mul' || number !== 0)) return false
  return !isMild || poles.has(op)
}

/**
 * What flows into an operand of an element-wise op, from what the op's rule gives for it in the shape of the result. An
 * operand that was broadcast gets the sum over the places that it was repeated to.
 */
export function throughElementwise(node: Node, from: Flow, operand: number, value: Node): Flow {
  const own = branchOf(node, operand)
  const branch = own ? both(from.branch, own) : from.branch
  const isWild = branch && (from.isWild || isWildRule(node, operand, branch))
  const { shape } = node.inputs[operand]
  if (sameShape(value.shape, shape)) return { value, branch, isWild }
  const sum = b.unbroadcast(settled({ value, branch, isWild }), shape)
  if (!branch || fits(branch.taken.shape, shape)) return { value: sum, branch }
  if (node.op !== 'select') return { value: sum }
  const places = b.broadcast(b.select(branch.taken, 1, 0), node.shape)
  return { value: sum, branch: { ...branch, taken: b.unbroadcast(places, shape) } }
}

/** True for a shape that broadcasts to the other one. */
const fits = (from: Shape, to: Shape) =>
  from.length === 0 || (from.length === to.length && from.every((d, i) => d === 1 || d === to[i]))

/**
 * Ops that put numbers elsewhere: a branch goes the way of the derivative. Not behind slices: of many slices of one
 * value, the branches would be as many arrays of its size.
 */
const moves = new Set(['reshape', 'transpose', 'concat', 'pad'])

/** The branches of the inputs of another op than the element-wise ones; `rule` is its derivative. */
export function branchesBehind(
  { op, shape }: Node,
  branch: Branch | undefined,
  rule: (dy: Node) => (Node | null)[],
): (Branch | undefined)[] {
  if (!branch || !moves.has(op)) return []
  const places = b.broadcast(b.select(branch.taken, 1, 0), shape)
  return rule(places).map((taken) => (taken ? { ...branch, taken } : undefined))
}
