/** Over axes: from many numbers to fewer, and running totals. */
import { reducedShape, sizeOf } from '../../base/shape'
import type * as Build from '../build'
import type { Node } from '../node'
import { axis, flag } from './options'
import { none, sameAsInput, type Primitive } from './record'

const overAxes: Primitive['shape'] = ({ shapes: [x], attrs }) =>
  reducedShape(x, attrs.axes as readonly number[], attrs.keepDims === 1)

/** Axes of size 1 are not worth a reduction. */
function withoutThinAxes(node: Node, reduce: typeof Build.sum, b: typeof Build): Node | undefined {
  const [x] = node.inputs
  const axes = node.attrs.axes as readonly number[]
  if (axes.every((axis) => x.shape[axis] !== 1)) return undefined
  const wide = axes.filter((axis) => x.shape[axis] !== 1)
  return b.reshape(reduce(x, wide, true), reducedShape(x.shape, axes, node.attrs.keepDims === 1))
}

export const reductions = {
  /** Sum over the adjacent axes `axes`, which stay with size 1 where `keepDims` is 1. */
  sum: {
    arity: 1,
    shape: overAxes,
    vjp: (y, dy, b) => [b.expandReduced(dy, y)],
    simplify(y, b) {
      const [x] = y.inputs
      const value = b.constantValue(x)
      if (value !== undefined) return b.constant(value * (sizeOf(x.shape) / sizeOf(y.shape)), y.shape)
      return withoutThinAxes(y, b.sum, b)
    },
  },
  /** Largest element over the adjacent axes `axes`; those that tie for it share the derivative. */
  max: {
    arity: 1,
    shape: overAxes,
    vjp(y, dy, b) {
      const [x] = y.inputs
      const winners = b.equal(x, b.expandReduced(y, y))
      const share = b.div(winners, b.sum(winners, y.attrs.axes as readonly number[], true))
      return [b.mul(b.expandReduced(dy, y), share)]
    },
    fold: (x) => x,
    simplify: (y, b) => withoutThinAxes(y, b.max, b),
    kink: (y, b) => b.sub(y.inputs[0], b.expandReduced(y, y)),
  },
  /** Index of the first largest element along `axis`, which disappears. No derivative. */
  argmax: {
    arity: 1,
    shape: ({ shapes: [x], attrs }) => reducedShape(x, [attrs.axis as number], false),
    vjp: none,
  },
  /** Running sums along `axis`, accumulated in float64: each element becomes the sum of those up to it. */
  cumsum: {
    arity: 1,
    options: {
      /** Default: the last axis. */
      axis: axis(-1),
      /** Leave each element out of its own sum: the first one is 0. Default false. */
      exclusive: flag(false),
      /** Sum from the end: each element becomes the sum of itself and those behind it. Default false. */
      reverse: flag(false),
    },
    shape: sameAsInput,
    // dL/dx_i is the sum of dL/dy_j over all sums that x_i is part of: the same from the other end.
    vjp: (y, dy, b) => [b.createNode('cumsum', [dy], { ...y.attrs, reverse: y.attrs.reverse === 1 ? 0 : 1 })],
  },
  /** Σx² over everything: a scalar, accumulated in float64. */
  sumSquares: {
    arity: 1,
    options: {},
    shape: () => [],
    vjp: (y, dy, b) => [b.mul(b.mul(2, dy), y.inputs[0])],
  },
} satisfies Record<string, Primitive>
