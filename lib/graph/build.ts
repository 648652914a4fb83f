/**
 * Makes nodes. Numbers stand for scalar constants. Only simplifications that hold for every value are made here
 * (x·1, x+0, −−x); the rest is simplify.ts's work.
 */
import { DTypeError, MyelinError, ShapeError, StateError } from '../base/errors'
import { maxRank, reducedShape, sameShape, shapeText, sizeOf, type Shape } from '../base/shape'
import { currentLabel, whereOf } from './label'
import type { Attrs, CustomGradient, Node, NodeDType } from './node'
import { primitives, type Primitive } from './primitives'

type Operand = Node | number

let lastId = 0

interface Extra {
  capture?: unknown
  customGradient?: CustomGradient
  label?: string
  /** Of leaves; the dtype of all others follows from their operands. */
  dtype?: NodeDType
}

function otherDType(where: string, expected: NodeDType, which = ''): DTypeError {
  return new DTypeError(
    expected === 'int32'
      ? `${where}: expected an int32 tensor${which}, got floating numbers. Convert it: ops.cast(x, 'int32').`
      : `${where}: expected a float32 or float64 tensor${which}, got int32. Convert it: ops.cast(x, 'float32').`,
  )
}

/** The dtype of a result. DTypeError where an operand has another one than the op takes. */
function resultDType(where: string, { dtypes }: Primitive, inputs: readonly Node[]): NodeDType {
  for (let i = 0; i < inputs.length; i++) {
    const found = inputs[i].dtype
    const expected =
      dtypes === undefined ? undefined : dtypes.operands === 'alike' ? inputs[0].dtype : dtypes.operands[i]
    if (found === expected) continue
    throw otherDType(where, expected, inputs.length > 1 ? ` as operand ${i + 1}` : '')
  }
  return dtypes?.result(inputs.map((n) => n.dtype))
}

/** The one place where nodes come to be: checks arity, shapes and dtypes by the op table. */
export function createNode(
  op: string,
  inputs: readonly Node[],
  attrs: Attrs = {},
  askedShape?: Shape,
  { capture, customGradient, label = currentLabel(), dtype: own }: Extra = {},
): Node {
  const primitive = primitives[op]
  if (!primitive) throw new MyelinError(`There is no primitive '${op}'.`)
  const where = whereOf(op, label)
  if (primitive.arity !== undefined ? inputs.length !== primitive.arity : inputs.length === 0)
    throw new MyelinError(`${where}: takes ${primitive.arity ?? 'at least 1'} inputs, got ${inputs.length}.`)
  const shape = primitive.shape({ where, shapes: inputs.map((n) => n.shape), attrs, asked: askedShape })
  if (shape.length > maxRank)
    throw new ShapeError(`${where}: expected at most ${maxRank} dimensions, got ${shapeText(shape)}.`)
  const dtype = primitive.leaf ? own : resultDType(where, primitive, inputs)
  return { id: ++lastId, op, inputs, shape, dtype, attrs, label, capture, customGradient }
}

const asNode = (x: Operand): Node => (typeof x === 'number' ? constant(x) : x)

/** A constant filled with one number. */
export function constant(value: number, shape: Shape = []): Node {
  return createNode('constant', [], { value: [value] }, shape)
}

/** A constant with given elements, row by row. */
export function constantArray(values: readonly number[], shape: Shape): Node {
  if (values.length !== sizeOf(shape))
    throw new ShapeError(`constant: ${shapeText(shape)} takes ${sizeOf(shape)} numbers, got ${values.length}.`)
  return createNode('constant', [], { value: values }, shape)
}

export function isConstant(node: Node): boolean {
  return node.op === 'constant'
}

/** The number that a constant is filled with; undefined for everything else. */
export function constantValue(x: Operand): number | undefined {
  if (typeof x === 'number') return x
  const value = isConstant(x) ? (x.attrs.value as readonly number[]) : undefined
  return value?.length === 1 ? value[0] : undefined
}

/** True for a constant that is filled with this number. */
export function isFilled(x: Operand, value: number | undefined): boolean {
  return value !== undefined && constantValue(x) === value
}

/** True for a scalar constant of this number: it may vanish without changing a shape. */
function isScalar(x: Operand, value: number | undefined): boolean {
  return (typeof x === 'number' || x.shape.length === 0) && isFilled(x, value)
}

/** Uniform numbers in [0, 1), keyed by the run's seed and step and by `stream`. */
export function randomUniform(shape: Shape, stream: number): Node {
  return createNode('randomUniform', [], { stream }, shape)
}

const isWhole = (x: Operand) => typeof x !== 'number' && x.dtype === 'int32'

/** int32 to floating numbers (see the paragraph of `cast` for `part`), or back. */
export function cast(x: Node, part: 0 | 1 | 2 = 0): Node {
  return createNode('cast', [x], { part })
}

const comparisons = new Set(['equal', 'greater', 'greaterEqual'])

/**
 * int32 against int32 or a number, exactly: by the upper and the lower 16 bits, which fit into any floating dtype. Two
 * numbers are equal if both parts are; the greater one has the greater upper part, or the greater lower one beside it.
 */
function compareWhole(op: string, x: Operand, y: Operand): Node {
  // Of an integer n: n > 2.5 is n > 2, and 2.5 > n is 3 > n; with ≥ it is the other way round.
  const [roundX, roundY] = op === 'greater' ? [Math.ceil, Math.floor] : [Math.floor, Math.ceil]
  const [highX, lowX] = halves(op, x, roundX)
  const [highY, lowY] = halves(op, y, roundY)
  if (op === 'equal') return mul(equal(highX, highY), equal(lowX, lowY))
  return select(equal(highX, highY), binary(op)(lowX, lowY), greater(highX, highY))
}

/** The upper and the lower 16 bits of an operand; those of a number beyond int32 are beyond, too. */
function halves(op: string, x: Operand, round: (x: number) => number): [high: Operand, low: Operand] {
  const value = constantValue(x)
  if (value === undefined) {
    const node = x as Node
    if (node.dtype !== 'int32') throw otherDType(whereOf(op), 'int32')
    return [cast(node, 1), cast(node, 2)]
  }
  const whole = Number.isInteger(value) ? value : op === 'equal' ? NaN : round(value)
  const near = Math.max(-(2 ** 33), Math.min(2 ** 33, whole))
  const high = Math.floor(near / 2 ** 16)
  return [high, near - high * 2 ** 16]
}

/** The builder of a primitive with one input, for those that need no name here. */
export const unary = (op: string) => (x: Operand) => createNode(op, [asNode(x)])
/** The same with two inputs. An operand that leaves the other as it is leaves no node. */
export const binary = (op: string) => (x: Operand, y: Operand) => {
  if (comparisons.has(op) && (isWhole(x) || isWhole(y))) return compareWhole(op, x, y)
  const { neutral } = primitives[op]
  if (neutral && isScalar(x, neutral.left)) return asNode(y)
  if (neutral && isScalar(y, neutral.right)) return asNode(x)
  return createNode(op, [asNode(x), asNode(y)])
}

export const exp = unary('exp')
export const log = unary('log')
export const sqrt = unary('sqrt')
export const abs = unary('abs')
export const sign = unary('sign')
export const floor = unary('floor')
export const sin = unary('sin')
export const cos = unary('cos')
export const tanh = unary('tanh')
export const sigmoid = unary('sigmoid')
export const softplus = unary('softplus')
export const relu = unary('relu')
export const add = binary('add')
export const sub = binary('sub')
export const mul = binary('mul')
export const div = binary('div')
export const power = binary('power')
export const maximum = binary('maximum')
export const minimum = binary('minimum')
export const greater = binary('greater')
export const greaterEqual = binary('greaterEqual')
export const equal = binary('equal')
export const sigmoidCrossEntropy = binary('sigmoidCrossEntropy')
export const softmax = unary('softmax')
export const softmaxCrossEntropy = binary('softmaxCrossEntropy')
export const sumSquares = unary('sumSquares')

export function neg(x: Operand): Node {
  const node = asNode(x)
  return node.op === 'neg' ? node.inputs[0] : createNode('neg', [node])
}

export function leakyRelu(x: Operand, slope: number): Node {
  return createNode('leakyRelu', [asNode(x)], { slope })
}

/** `x` where the condition is not 0, else `y`. */
export function select(condition: Operand, x: Operand, y: Operand): Node {
  return createNode('select', [asNode(condition), asNode(x), asNode(y)])
}

export function reshape(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : createNode('reshape', [x], {}, shape)
}

/**
 * A new node of the same value. Derivatives with respect to it see only its own uses, and those with respect to
 * `node` still see through it.
 */
export function alias(node: Node): Node {
  return createNode('reshape', [node], {}, node.shape)
}

/** Default: all axes in reverse. */
export function transpose(x: Node, perm: readonly number[] = x.shape.map((_, i) => x.shape.length - 1 - i)): Node {
  return createNode('transpose', [x], { perm })
}

export function broadcast(x: Operand, shape: Shape): Node {
  const node = asNode(x)
  return sameShape(node.shape, shape) ? node : createNode('broadcast', [node], {}, shape)
}

/** Sums what broadcasting repeated, back to `shape` (rank 0, or equal rank with 1s); spreads a smaller gradient. */
export function unbroadcast(dy: Node, shape: Shape): Node {
  if (sameShape(dy.shape, shape)) return dy
  if (shape.length === 0) return sum(dy)
  if (dy.shape.length === 0) return broadcast(dy, shape)
  const axes = shape.flatMap((d, axis) => (d === 1 && dy.shape[axis] !== 1 ? [axis] : []))
  return broadcast(sum(dy, axes, true), shape)
}

export function slice(x: Node, begin: readonly number[], size: Shape): Node {
  return sameShape(x.shape, size) && begin.every((d) => d === 0) ? x : createNode('slice', [x], { begin }, size)
}

/** Zeros of `shape` with x at `before`. */
export function pad(x: Node, before: readonly number[], shape: Shape): Node {
  return sameShape(x.shape, shape) && before.every((d) => d === 0) ? x : createNode('pad', [x], { before }, shape)
}

/** Rows of a table by their numbers. */
export function take(table: Node, ids: Node): Node {
  return createNode('take', [table, ids])
}

/** Zeros [count, …] with each row added at its number. */
export function scatterAdd(ids: Node, rows: Node, count: number): Node {
  return createNode('scatterAdd', [ids, rows], { count })
}

/** Where a number stands first, the sum of all its rows; 0 where it stands again. */
export function sumDuplicates(ids: Node, rows: Node): Node {
  return createNode('sumDuplicates', [ids, rows])
}

export function concat(inputs: readonly Node[], axis: number): Node {
  return inputs.length === 1 ? inputs[0] : createNode('concat', inputs, { axis })
}

/** The core reduces adjacent axes at once; others one run after the other. */
function reduce(op: 'sum' | 'max', x: Node, axes: readonly number[], keepDims: boolean): Node {
  const wide = axes.filter((axis) => x.shape[axis] !== 1)
  let result = x
  for (let i = 0; i < wide.length;) {
    let end = i + 1
    while (end < wide.length && wide[end] === wide[end - 1] + 1) end++
    result = createNode(op, [result], { axes: wide.slice(i, end), keepDims: 1 })
    i = end
  }
  const shape = reducedShape(x.shape, axes, keepDims)
  if (result.op === op && result.inputs[0] === x && wide.length === axes.length && !keepDims)
    return createNode(op, [x], { axes: wide, keepDims: 0 })
  return reshape(result, shape)
}

/** Over all axes by default. `axes` ascending. */
export function sum(x: Node, axes: readonly number[] = x.shape.map((_, i) => i), keepDims = false): Node {
  return reduce('sum', x, axes, keepDims)
}

/** Over all axes by default. `axes` ascending. */
export function max(x: Node, axes: readonly number[] = x.shape.map((_, i) => i), keepDims = false): Node {
  return reduce('max', x, axes, keepDims)
}

/**
 * The largest x, x − p and log Σ eˣ⁻ᵖ over axes, which stay with size 1: p is the largest x, but 0 where that is
 * infinite, for −∞ − (−∞) is NaN.
 */
function exponentials(x: Node, axes: readonly number[]): { top: Node; shifted: Node; logTotal: Node } {
  // The shift cancels from what is made of this, so it takes no part in the derivative.
  const top = stopGradient(max(x, axes, true))
  const shifted = sub(x, select(equal(abs(top), Infinity), 0, top))
  const total = sum(exp(shifted), axes, true)
  // Of −∞ alone the total is 0: with 1 in its place, the derivative is 0 too.
  return { top, shifted, logTotal: log(select(equal(total, 0), 1, total)) }
}

/** log Σ eˣ over axes, without overflow. Of −∞ alone it is −∞, with derivative 0. */
export function logSumExp(x: Node, axes: readonly number[], keepDims = false): Node {
  const { top, logTotal } = exponentials(x, axes)
  return reshape(add(top, logTotal), reducedShape(x.shape, axes, keepDims))
}

/** x − log Σ eˣ over an axis, as exact for large x as for small. −∞ stays −∞. */
export function logSoftmax(x: Node, axis: number): Node {
  const { shifted, logTotal } = exponentials(x, [axis])
  return sub(shifted, logTotal)
}

/** A value of the reduction `reduced`'s shape, repeated to the shape of the reduction's input. */
export function expandReduced(value: Node, reduced: Node): Node {
  const full = reduced.inputs[0].shape
  const kept = reducedShape(full, reduced.attrs.axes as readonly number[], true)
  return broadcast(reshape(value, kept), full)
}

export function argmax(x: Node, axis: number): Node {
  return createNode('argmax', [x], { axis })
}

export function matmul(x: Node, y: Node, transA = false, transB = false): Node {
  return createNode('matmul', [x, y], { transA: transA ? 1 : 0, transB: transB ? 1 : 0 })
}

/** `value` with a gradient of its own towards `inputs`. */
export function custom(value: Node, inputs: readonly Node[], gradient: CustomGradient): Node {
  return createNode('custom', [value, ...inputs], {}, undefined, { customGradient: gradient })
}

/** `value` as if it did not depend on anything. */
export function stopGradient(value: Node): Node {
  return custom(value, [], () => [])
}

/**
 * What a custom gradient returns, checked. Each gradient is wrapped so that differentiating it again is refused:
 * nobody knows whether the user's formula is the derivative of anything.
 */
export function customGradients(node: Node, dy: Node): (Node | null)[] {
  const inputs = node.inputs.slice(1)
  const where = node.label || 'custom'
  const gradients = node.customGradient?.(dy) ?? []
  if (gradients.length !== inputs.length)
    throw new ShapeError(
      `${where}: its own gradient must return one entry per input (${inputs.length}), got ${gradients.length}.`,
    )
  return gradients.map((gradient, i) => {
    if (gradient === null) return null
    if (!sameShape(gradient.shape, inputs[i].shape))
      throw new ShapeError(
        `${where}: its own gradient for input ${i} has shape ${shapeText(gradient.shape)}, ` +
          `expected ${shapeText(inputs[i].shape)}.`,
      )
    return custom(gradient, [dy, ...inputs], () => {
      throw new StateError(
        `${where}: has its own gradient, and a derivative of that gradient was asked for. Gradients of gradients do ` +
          'not work through custom gradients; leave the gradient out to have it derived.',
      )
    })
  })
}
