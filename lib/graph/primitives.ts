/**
 * THE op table: for every primitive its shape rule and its derivative, one paragraph each.
 *
 * `vjp` (vector–Jacobian product) takes the node and dy = dL/d(node) and returns dL/d(input) for every input, null
 * where there is none (comparisons, sign, floor: the derivative is zero wherever it exists). It builds graph nodes,
 * so derivatives can be differentiated again. Values are defined in native/math and native/cpu/kernels.
 */
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { broadcastShapes, reducedShape, sameShape, shapeText, sizeOf, type Shape } from '../base/shape'
import type * as Build from './build'
import type { Attrs, Node } from './node'

export interface ShapeCall {
  /** Opens error messages: the op, and the label of the layer where there is one. */
  readonly where: string
  readonly shapes: readonly Shape[]
  readonly attrs: Attrs
  /** The shape asked for, where the inputs do not decide it. */
  readonly asked: Shape | undefined
}

export interface Primitive {
  /** Number of inputs; undefined: any. */
  readonly arity: number | undefined
  /** True where output elements depend on input elements of the same place only. */
  readonly elementwise?: true
  shape(call: ShapeCall): Shape
  vjp(node: Node, dy: Node, b: typeof Build): (Node | null)[]
}

type Vjp = Primitive['vjp']

const none: Vjp = (node) => node.inputs.map(() => null)
const asked = ({ asked: shape, where }: ShapeCall): Shape => {
  if (shape === undefined) throw new OptionError(`${where}: needs a shape.`)
  return shape
}

const source = (): Primitive => ({ arity: 0, shape: asked, vjp: none })
/** An element-wise primitive of so many inputs; `ops` has a function of its name. */
type Elementwise<Arity extends number> = Primitive & { readonly arity: Arity; readonly elementwise: true }

const unary = (vjp: Vjp): Elementwise<1> => ({ arity: 1, elementwise: true, shape: ({ shapes }) => shapes[0], vjp })
const wide = <Arity extends 2 | 3>(arity: Arity, vjp: Vjp): Elementwise<Arity> => ({
  arity,
  elementwise: true,
  shape: ({ where, shapes }) => broadcastShapes(where, shapes),
  // An operand that was broadcast gets the sum over the places that it was repeated to.
  vjp: (node, dy, b) => vjp(node, dy, b).map((g, i) => g && b.unbroadcast(g, node.inputs[i].shape)),
})

const table = {
  // ---- sources ------------------------------------------------------------------------------
  input: source(),
  state: source(),
  hyper: source(),
  constant: source(),
  randomUniform: source(), // uniform in [0, 1)

  // ---- element-wise, one input --------------------------------------------------------------
  neg: unary((_, dy, b) => [b.neg(dy)]),
  exp: unary((y, dy, b) => [b.mul(dy, y)]),
  log: unary((y, dy, b) => [b.div(dy, y.inputs[0])]),
  /** log(1 + x), exact for the smallest x too: −Infinity at −1, NaN below. */
  log1p: unary((y, dy, b) => [b.div(dy, b.add(1, y.inputs[0]))]),
  sqrt: unary((y, dy, b) => [b.div(b.mul(0.5, dy), y)]),
  abs: unary((y, dy, b) => [b.mul(dy, b.sign(y.inputs[0]))]), // sign 0 = 0
  sign: unary(none),
  floor: unary(none),
  sin: unary((y, dy, b) => [b.mul(dy, b.cos(y.inputs[0]))]),
  cos: unary((y, dy, b) => [b.neg(b.mul(dy, b.sin(y.inputs[0])))]),
  tanh: unary((y, dy, b) => [b.mul(dy, b.sub(1, b.mul(y, y)))]),
  sigmoid: unary((y, dy, b) => [b.mul(dy, b.mul(y, b.sub(1, y)))]),
  softplus: unary((y, dy, b) => [b.mul(dy, b.sigmoid(y.inputs[0]))]), // log(1 + exp x)
  // g′(0) = 1 for relu and leakyRelu. A choice rather than a product: 0·∞ would be NaN.
  relu: unary((y, dy, b) => [b.select(b.greaterEqual(y.inputs[0], 0), dy, 0)]),
  leakyRelu: unary((y, dy, b) => [b.select(b.greaterEqual(y.inputs[0], 0), dy, b.mul(y.attrs.slope as number, dy))]),

  // ---- element-wise, two inputs -------------------------------------------------------------
  add: wide(2, (_, dy) => [dy, dy]),
  sub: wide(2, (_, dy, b) => [dy, b.neg(dy)]),
  mul: wide(2, ({ inputs: [x, y] }, dy, b) => [b.mul(dy, y), b.mul(dy, x)]),
  div: wide(2, (q, dy, b) => {
    const dx = b.div(dy, q.inputs[1])
    return [dx, b.neg(b.mul(dx, q))]
  }),
  // x^p: p·x^(p−1), which at p = 0 is 0 even where x = 0; dp = x^p·log x, which at x = 0 is its limit 0.
  power: wide(2, (y, dy, b) => {
    const [x, p] = y.inputs
    const constant = b.constantValue(p)
    const slope = b.mul(p, b.power(x, b.sub(p, 1)))
    const dx = constant === undefined ? b.select(b.equal(p, 0), 0, slope) : constant === 0 ? b.constant(0) : slope
    const dp = b.mul(y, b.log(b.select(b.equal(x, 0), 1, x)))
    return [b.mul(dy, dx), b.mul(dy, dp)]
  }),
  // Ties share the derivative, as in PyTorch.
  maximum: wide(2, ({ inputs: [x, y] }, dy, b) => {
    const tie = b.mul(0.5, b.equal(x, y))
    return [b.mul(dy, b.add(b.greater(x, y), tie)), b.mul(dy, b.add(b.greater(y, x), tie))]
  }),
  minimum: wide(2, ({ inputs: [x, y] }, dy, b) => {
    const tie = b.mul(0.5, b.equal(x, y))
    return [b.mul(dy, b.add(b.greater(y, x), tie)), b.mul(dy, b.add(b.greater(x, y), tie))]
  }),
  greater: wide(2, none),
  greaterEqual: wide(2, none),
  equal: wide(2, none),
  // y·softplus(−z) + (1−y)·softplus(z): finite for any z; dz = sigmoid(z) − y, dy = −z.
  sigmoidCrossEntropy: wide(2, ({ inputs: [z, y] }, dy, b) => [b.mul(dy, b.sub(b.sigmoid(z), y)), b.neg(b.mul(dy, z))]),

  // ---- element-wise, three inputs -----------------------------------------------------------
  // select(c, x, y): x where c ≠ 0, else y.
  select: wide(3, ({ inputs: [c] }, dy, b) => [null, b.select(c, dy, 0), b.select(c, 0, dy)]),

  // ---- movement -----------------------------------------------------------------------------
  reshape: {
    arity: 1,
    shape(call) {
      const shape = asked(call)
      const [from] = call.shapes
      if (sizeOf(shape) !== sizeOf(from))
        throw new ShapeError(
          `${call.where}: cannot reshape ${shapeText(from)} (${sizeOf(from)} elements) to ${shapeText(shape)} (${sizeOf(shape)}).`,
        )
      return shape
    },
    vjp: (y, dy, b) => [b.reshape(dy, y.inputs[0].shape)],
  },
  transpose: {
    arity: 1,
    shape({ where, shapes: [x], attrs }) {
      const perm = attrs.perm as readonly number[]
      if (perm.length !== x.length || x.some((_, axis) => !perm.includes(axis)))
        throw new ShapeError(
          `${where}: expected an order of all ${x.length} axes of ${shapeText(x)}, got ${describeValue([...perm])}.`,
        )
      return perm.map((axis) => x[axis])
    },
    vjp(y, dy, b) {
      const perm = y.attrs.perm as readonly number[]
      return [
        b.transpose(
          dy,
          perm.map((_, axis) => perm.indexOf(axis)),
        ),
      ]
    },
  },
  broadcast: {
    arity: 1,
    shape(call) {
      const shape = asked(call)
      const [from] = call.shapes
      const fits =
        from.length === 0 || (from.length === shape.length && from.every((d, i) => d === shape[i] || d === 1))
      if (!fits)
        throw new ShapeError(
          `${call.where}: cannot broadcast ${shapeText(from)} to ${shapeText(shape)}: ranks must be equal and sizes equal or 1 (scalars go anywhere).`,
        )
      return shape
    },
    vjp: (y, dy, b) => [b.unbroadcast(dy, y.inputs[0].shape)],
  },
  // The block of the asked shape that starts at `begin`.
  slice: {
    arity: 1,
    shape(call) {
      const shape = asked(call)
      const [from] = call.shapes
      const begin = call.attrs.begin as readonly number[]
      const fits = [shape, begin].every((s) => s.length === from.length)
      if (!fits || from.some((d, i) => begin[i] < 0 || begin[i] + shape[i] > d))
        throw new ShapeError(
          `${call.where}: begin ${shapeText(begin)} with size ${shapeText(shape)} is not inside ${shapeText(from)}.`,
        )
      return shape
    },
    vjp: (y, dy, b) => [b.pad(dy, y.attrs.begin as readonly number[], y.inputs[0].shape)],
  },
  // Zeros of the asked shape, with the input at `before`.
  pad: {
    arity: 1,
    shape(call) {
      const shape = asked(call)
      const [from] = call.shapes
      const before = call.attrs.before as readonly number[]
      const fits = [shape, before].every((s) => s.length === from.length)
      if (!fits || from.some((d, i) => before[i] < 0 || before[i] + d > shape[i]))
        throw new ShapeError(
          `${call.where}: ${shapeText(from)} at ${shapeText(before)} does not fit into ${shapeText(shape)}.`,
        )
      return shape
    },
    vjp: (y, dy, b) => [b.slice(dy, y.attrs.before as readonly number[], y.inputs[0].shape)],
  },
  concat: {
    arity: undefined,
    shape({ where, shapes, attrs }) {
      const axis = attrs.axis as number
      const [first] = shapes
      for (const s of shapes)
        if (s.length !== first.length || s.some((d, i) => i !== axis && d !== first[i]))
          throw new ShapeError(
            `${where}: shapes ${shapes.map(shapeText).join(', ')} must be equal but for axis ${axis}.`,
          )
      return first.map((d, i) => (i === axis ? shapes.reduce((total, s) => total + s[axis], 0) : d))
    },
    vjp(y, dy, b) {
      const axis = y.attrs.axis as number
      let start = 0
      return y.inputs.map((x) => {
        const begin = x.shape.map((_, i) => (i === axis ? start : 0))
        start += x.shape[axis]
        return b.slice(dy, begin, x.shape)
      })
    },
  },

  // ---- reductions ---------------------------------------------------------------------------
  sum: {
    arity: 1,
    shape: ({ shapes: [x], attrs }) => reducedShape(x, attrs.axes as readonly number[], attrs.keepDims === 1),
    vjp: (y, dy, b) => [b.expandReduced(dy, y)],
  },
  // Elements that tie for the maximum share the derivative.
  max: {
    arity: 1,
    shape: ({ shapes: [x], attrs }) => reducedShape(x, attrs.axes as readonly number[], attrs.keepDims === 1),
    vjp(y, dy, b) {
      const [x] = y.inputs
      const winners = b.equal(x, b.expandReduced(y, y))
      const share = b.div(winners, b.sum(winners, y.attrs.axes as readonly number[], true))
      return [b.mul(b.expandReduced(dy, y), share)]
    },
  },
  // Index of the first largest element along `axis`, which disappears.
  argmax: {
    arity: 1,
    shape: ({ shapes: [x], attrs }) => reducedShape(x, [attrs.axis as number], false),
    vjp: none,
  },
  sumSquares: {
    arity: 1,
    shape: () => [],
    vjp: (y, dy, b) => [b.mul(b.mul(2, dy), y.inputs[0])],
  },

  // ---- fat ----------------------------------------------------------------------------------
  // op(a)·op(b) of two matrices; transA, transB say which are read transposed.
  matmul: {
    arity: 2,
    shape({ where, shapes: [x, y], attrs }) {
      const [tx, ty] = [attrs.transA === 1, attrs.transB === 1]
      if (x.length !== 2 || y.length !== 2)
        throw new ShapeError(
          `${where}: expected two matrices, got shapes ${shapeText(x)} and ${shapeText(y)}. Reshape them to rank 2.`,
        )
      const [m, k] = tx ? [x[1], x[0]] : x
      const [k2, n] = ty ? [y[1], y[0]] : y
      if (k !== k2)
        throw new ShapeError(
          `${where}: cannot multiply ${shapeText(x)}${tx ? ' (transposed)' : ''} by ${shapeText(y)}${ty ? ' (transposed)' : ''}: ` +
            `the first has ${k} columns, the second ${k2} rows, and these must be equal.`,
        )
      return [m, n]
    },
    vjp({ inputs: [x, y], attrs }, dy, b) {
      const [tx, ty] = [attrs.transA === 1, attrs.transB === 1]
      return [
        tx ? b.matmul(y, dy, ty, true) : b.matmul(dy, y, false, !ty),
        ty ? b.matmul(dy, x, true, tx) : b.matmul(x, dy, !tx, false),
      ]
    },
  },
  // Over the last axis.
  softmax: {
    arity: 1,
    shape({ where, shapes: [x] }) {
      if (x.length === 0) throw new ShapeError(`${where}: expected at least one axis, got a scalar.`)
      return x
    },
    vjp: (y, dy, b) => [b.mul(y, b.sub(dy, b.sum(b.mul(dy, y), [y.shape.length - 1], true)))],
  },
  // −Σ_c y_c·log softmax(z)_c for every row: [m,c], [m,c] → [m,1].
  softmaxCrossEntropy: {
    arity: 2,
    shape({ where, shapes: [z, y] }) {
      if (z.length !== 2 || !sameShape(z, y))
        throw new ShapeError(
          `${where}: expected scores and targets of one shape [m, classes], got ${shapeText(z)} and ${shapeText(y)}.`,
        )
      return [z[0], 1]
    },
    vjp({ inputs: [z, y] }, dy, b) {
      const dz = b.sub(b.mul(b.softmax(z), b.sum(y, [1], true)), y)
      const top = b.max(z, [1], true)
      const logSum = b.add(top, b.log(b.sum(b.exp(b.sub(z, top)), [1], true)))
      return [b.mul(dy, dz), b.mul(dy, b.sub(logSum, z))]
    },
  },

  // ---- TypeScript only ----------------------------------------------------------------------
  // The value of inputs[0], with a user's own gradient towards inputs[1…]; encode() replaces it by inputs[0].
  custom: {
    arity: undefined,
    shape: ({ shapes }) => shapes[0],
    vjp: (node, dy, b) => [null, ...b.customGradients(node, dy)],
  },
} satisfies Record<string, Primitive>

export const primitives: Readonly<Record<string, Primitive>> = table

/** The element-wise primitives by name: what the types of `ops` are made from. */
export type ElementwisePrimitives = {
  [Op in keyof typeof table as (typeof table)[Op] extends Elementwise<number> ? Op : never]: (typeof table)[Op]
}
