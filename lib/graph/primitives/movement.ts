/** The same numbers in other shapes and places. */
import { describeValue, ShapeError } from '../../base/errors'
import { sameShape, shapeText, sizeOf } from '../../base/shape'
import { alike, asked, type Primitive } from './record'

/** Moved about, a number that fills everything is still the same number. */
const same = (x: number) => x

export const movement = {
  /** Row by row into the asked shape. */
  reshape: {
    arity: 1,
    dtypes: alike,
    shape(call) {
      const shape = asked(call)
      const [from] = call.shapes
      if (sizeOf(shape) !== sizeOf(from))
        throw new ShapeError(
          `${call.where}: cannot reshape ${shapeText(from)} (${sizeOf(from)} elements) ` +
            `to ${shapeText(shape)} (${sizeOf(shape)}).`,
        )
      return shape
    },
    vjp: (y, dy, b) => [b.reshape(dy, y.inputs[0].shape)],
    fold: same,
    simplify({ inputs: [x], shape }, b) {
      if (sameShape(x.shape, shape)) return x
      return x.op === 'reshape' ? b.reshape(x.inputs[0], shape) : undefined
    },
  },
  /** Axes in the order `perm`. */
  transpose: {
    arity: 1,
    dtypes: alike,
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
      const inverse = perm.map((_, axis) => perm.indexOf(axis))
      return [b.transpose(dy, inverse)]
    },
    fold: same,
    simplify({ inputs: [x], attrs, shape }, b) {
      const perm = attrs.perm as readonly number[]
      if (x.op === 'transpose') {
        const inner = x.attrs.perm as readonly number[]
        const both = perm.map((axis) => inner[axis])
        return b.transpose(x.inputs[0], both)
      }
      // Axes of size 1 may move anywhere: if the others keep their order, the data stays as it is.
      const moved = perm.filter((axis) => x.shape[axis] !== 1)
      return moved.every((axis, i) => i === 0 || axis > moved[i - 1]) ? b.reshape(x, shape) : undefined
    },
  },
  /** Repeated to the asked shape: equal rank with axes of size 1, or a scalar. */
  broadcast: {
    arity: 1,
    shape(call) {
      const shape = asked(call)
      const [from] = call.shapes
      const fits =
        from.length === 0 || (from.length === shape.length && from.every((d, i) => d === shape[i] || d === 1))
      if (!fits)
        throw new ShapeError(
          `${call.where}: cannot broadcast ${shapeText(from)} to ${shapeText(shape)}: ` +
            'ranks must be equal and sizes equal or 1 (scalars go anywhere).',
        )
      return shape
    },
    vjp: (y, dy, b) => [b.unbroadcast(dy, y.inputs[0].shape)],
    fold: same,
    simplify({ inputs: [x], shape }, b) {
      if (sameShape(x.shape, shape)) return x
      return x.op === 'broadcast' ? b.broadcast(x.inputs[0], shape) : undefined
    },
  },
  /** The block of the asked shape that starts at `begin`. */
  slice: {
    arity: 1,
    dtypes: alike,
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
    fold: same,
    simplify: ({ inputs: [x], attrs, shape }) =>
      sameShape(x.shape, shape) && (attrs.begin as readonly number[]).every((d) => d === 0) ? x : undefined,
  },
  /** Zeros of the asked shape, with the input at `before`. */
  pad: {
    arity: 1,
    dtypes: alike,
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
    simplify: ({ inputs: [x], shape }) => (sameShape(x.shape, shape) ? x : undefined),
  },
  /** One after the other along `axis`; the other sizes are equal. */
  concat: {
    arity: undefined,
    dtypes: alike,
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
    simplify: ({ inputs }) => (inputs.length === 1 ? inputs[0] : undefined),
  },
} satisfies Record<string, Primitive>
