/** Whole numbers, and rows of tables by their numbers. */
import { MyelinError, ShapeError } from '../../base/errors'
import { sameShape, shapeText } from '../../base/shape'
import { none, sameAsInput, type DTypeRule, type Primitive } from './record'

const idsAndRows: DTypeRule = { operands: ['int32', undefined], result: () => undefined }

export const rows = {
  /**
   * int32 to the program's floating dtype, rounded to the nearest, or back: without the fraction, with the nearest
   * int32 for what is beyond, and 0 for NaN. Of int32 numbers x, `part` 1 is floor(x / 2^16) and `part` 2 is
   * x mod 2^16: both are exact in float32, which all of x (`part` 0) need not be. No derivative.
   */
  cast: {
    arity: 1,
    dtypes: { operands: 'alike', result: ([x]) => (x === undefined ? 'int32' : undefined) },
    shape: sameAsInput,
    vjp: none,
  },
  /** Rows of a table [v, …] by the numbers ids (int32, any shape): [...ids, …]. NaN for a number outside [0, v). */
  take: {
    arity: 2,
    dtypes: { operands: [undefined, 'int32'], result: () => undefined },
    shape({ where, shapes: [table, ids] }) {
      if (table.length === 0) throw new ShapeError(`${where}: expected a table of at least one axis, got a scalar.`)
      return [...ids, ...table.slice(1)]
    },
    vjp: ({ inputs: [table, ids] }, dy, b) => [b.scatterAdd(ids, dy, table.shape[0]), null],
  },
  /**
   * Zeros [count, …] with each row added at its number, in the order of the rows: ids (int32) and rows [...ids, …]. NaN
   * everywhere if a number is outside [0, count).
   */
  scatterAdd: {
    arity: 2,
    dtypes: idsAndRows,
    shape({ where, shapes: [ids, rows], attrs }) {
      if (!sameShape(ids, rows.slice(0, ids.length)))
        throw new ShapeError(
          `${where}: expected a row for each of the numbers ${shapeText(ids)}, got rows of shape ${shapeText(rows)}.`,
        )
      return [attrs.count as number, ...rows.slice(ids.length)]
    },
    vjp: ({ inputs: [ids] }, dy, b) => [null, b.take(dy, ids)],
  },
  /**
   * ids [n] (int32) and rows [n, …]: where a number stands first, the sum of all its rows in their order; 0 where it
   * stands again. For updates of rows, which write each row once.
   */
  sumDuplicates: {
    arity: 2,
    dtypes: idsAndRows,
    shape({ where, shapes: [ids, rows] }) {
      if (ids.length !== 1 || rows[0] !== ids[0])
        throw new ShapeError(
          `${where}: expected numbers [n] and a row for each, got ${shapeText(ids)} and ${shapeText(rows)}.`,
        )
      return rows
    },
    vjp({ label, op }) {
      throw new MyelinError(`${label || op}: the sums over equal row numbers have no derivative.`)
    },
  },
} satisfies Record<string, Primitive>
