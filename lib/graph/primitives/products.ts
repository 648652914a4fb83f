/** Heavy ops: products of matrices, and what classes are told apart by. */
import { ShapeError } from '../../base/errors'
import { sameShape, shapeText } from '../../base/shape'
import { flag } from './options'
import type { Primitive } from './record'

export const products = {
  /** Matrix product [m, k]·[k, n] → [m, n]. Both must have rank 2; see `dot` for vectors. */
  matmul: {
    arity: 2,
    options: {
      /** Read the first matrix transposed. Default false. */
      transposeA: flag(false, 'transA'),
      /** Read the second matrix transposed. Default false. */
      transposeB: flag(false, 'transB'),
    },
    shape({ where, shapes: [x, y], attrs }) {
      const [tx, ty] = [attrs.transA === 1, attrs.transB === 1]
      if (x.length !== 2 || y.length !== 2)
        throw new ShapeError(
          `${where}: expected two matrices, got shapes ${shapeText(x)} and ${shapeText(y)}. Reshape them to rank 2.`,
        )
      const [m, k] = tx ? [x[1], x[0]] : x
      const [k2, n] = ty ? [y[1], y[0]] : y
      if (k !== k2) {
        const [left, right] = [shapeText(x), shapeText(y)]
        throw new ShapeError(
          `${where}: cannot multiply ${left}${tx ? ' (transposed)' : ''} by ${right}${ty ? ' (transposed)' : ''}: ` +
            `the first has ${k} columns, the second ${k2} rows, and these must be equal.`,
        )
      }
      return [m, n]
    },
    vjp({ inputs: [x, y], attrs }, dy, b) {
      const [tx, ty] = [attrs.transA === 1, attrs.transB === 1]
      return [
        tx ? b.matmul(y, dy, ty, true) : b.matmul(dy, y, false, !ty),
        ty ? b.matmul(dy, x, true, tx) : b.matmul(x, dy, !tx, false),
      ]
    },
    simplify({ inputs: [x, y], attrs }, b) {
      const [tx, ty] = [attrs.transA === 1, attrs.transB === 1]
      if (x.op === 'transpose') return b.matmul(x.inputs[0], y, !tx, ty)
      return y.op === 'transpose' ? b.matmul(x, y.inputs[0], tx, !ty) : undefined
    },
  },
  /** exp(x) / Σ exp(x) along the last axis, without overflow; 0 for −Infinity, also where a row has nothing else. */
  softmax: {
    arity: 1,
    shape({ where, shapes: [x] }) {
      if (x.length === 0) throw new ShapeError(`${where}: expected at least one axis, got a scalar.`)
      return x
    },
    vjp: (y, dy, b) => [b.mul(y, b.sub(dy, b.sum(b.mul(dy, y), [y.shape.length - 1], true)))],
  },
  /**
   * −Σ_c y_c·log softmax(z)_c for every row: z and y are [m, classes], the result [m, 1]. Finite for any z whose
   * differences are in the range of the dtype. −Infinity masks a class: it costs nothing where its y is 0, and
   * Infinity elsewhere.
   */
  softmaxCrossEntropy: {
    arity: 2,
    options: {},
    shape({ where, shapes: [z, y] }) {
      if (z.length !== 2 || !sameShape(z, y))
        throw new ShapeError(
          `${where}: expected scores and targets of one shape [m, classes], got ${shapeText(z)} and ${shapeText(y)}.`,
        )
      return [z[0], 1]
    },
    vjp({ inputs: [z, y] }, dy, b) {
      const dz = b.sub(b.mul(b.softmax(z), b.sum(y, [1], true)), y)
      return [b.mul(dy, dz), b.neg(b.mul(dy, b.logSoftmax(z, 1)))]
    },
  },
} satisfies Record<string, Primitive>
