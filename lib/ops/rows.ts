/** Whole numbers, and rows of tables by their numbers. */
import { positiveInteger, tensorDTypeOption } from '../base/checks'
import type { DType, TensorDType } from '../base/dtype'
import { describeValue, DTypeError, OptionError, ShapeError } from '../base/errors'
import { sameShape, shapeText } from '../base/shape'
import * as b from '../graph/build'
import { whereOf } from '../graph/label'
import { contextOf, nodeOf, Tensor, tensor, valuesOf, type AnyTensor, type Value } from '../tensor/tensor'
import { apply, checkValue, runRecipe, shapeOf } from './engine'

/**
 * x in another dtype. To int32: without the fraction (−1.7 becomes −1), with the nearest int32 for what is beyond, and
 * 0 for NaN. To float32: rounded to the nearest. No derivative through int32. A function that is being traced computes
 * in one floating dtype only: float32 in a float64 trace, or the other way round, is a DTypeError; in models both mean
 * the model's dtype.
 */
export function cast(x: Value, dtype: 'int32'): Tensor<'int32'>
export function cast(x: Value, dtype: DType): Tensor
export function cast(x: Value, dtype: TensorDType): AnyTensor {
  checkValue('cast', x)
  const where = whereOf('cast')
  tensorDTypeOption(where, dtype)
  const value: AnyTensor = typeof x === 'number' ? tensor(x, { dtype: 'float64' }) : x
  const context = contextOf(value)
  if (context === undefined) return castNow(value, dtype)
  const node = nodeOf(value)!
  if (dtype !== 'int32') context.meetTensor(where, dtype)
  if ((node.dtype === 'int32') === (dtype === 'int32')) return value
  return Tensor.fromNode(b.cast(node), context)
}

function castNow(x: AnyTensor, dtype: TensorDType): AnyTensor {
  if (dtype === 'int32') return x.dtype === 'int32' ? tensor(x, { dtype }) : run(x as Tensor, x.dtype)
  return x.dtype === 'int32' ? run(x as Tensor<'int32'>, dtype) : tensor(x as Tensor, { dtype })
}

const run = (x: Value, dtype: DType) => runRecipe('cast', [x], '', ([n]) => b.cast(n), { dtype })

/** Row numbers: an int32 tensor, or one whole number. */
function checkIds(op: string, ids: Value): AnyTensor {
  checkValue(op, ids)
  if (typeof ids === 'number') {
    if (Number.isInteger(ids)) return tensor(ids, { dtype: 'int32' })
    throw new DTypeError(`${whereOf(op)}: expected a whole number as row number, got ${describeValue(ids)}.`)
  }
  if ((ids.dtype as TensorDType) === 'int32') return ids
  throw new DTypeError(
    `${whereOf(op)}: expected row numbers of dtype int32, got ${ids.dtype}. ` +
      `Convert them: ops.cast(ids, 'int32'), or make them so: tensor(ids, { dtype: 'int32' }).`,
  )
}

/** OptionError for numbers that are there already and outside of [0, rows); those of a trace the kernel looks at. */
function checkRange(op: string, ids: AnyTensor, rows: number): void {
  if (nodeOf(ids) !== undefined) return
  const values = valuesOf(ids)
  const bad = values.findIndex((id) => id < 0 || id >= rows)
  if (bad >= 0)
    throw new OptionError(
      `${whereOf(op)}: expected row numbers 0…${rows - 1} for ${rows} rows, got ${values[bad]} at place ${bad}.`,
    )
}

/**
 * The rows of a table [v, …] whose numbers `ids` has: an int32 tensor of any shape, or one number. The result has the
 * shape [...ids.shape, …]. OptionError for a number outside of the table. In a traced function, where numbers are not
 * known yet, such a row is NaN, so that a training step that uses it is not committed. The derivative towards the table
 * is `scatterAdd`.
 */
export function take(table: Value, ids: Value): Tensor {
  checkValue('take', table)
  const numbers = checkIds('take', ids)
  const [rows] = shapeOf(table)
  if (rows === undefined)
    throw new ShapeError(`${whereOf('take')}: expected a table of at least one axis, got a scalar.`)
  checkRange('take', numbers, rows)
  return apply('take', [table, numbers as Tensor], '', ([n, at]) => b.take(n, at))
}

/**
 * Zeros [count, …] with each row of `rows` [...ids.shape, …] added at its number, in the order of the rows. `ids` is an
 * int32 tensor of any shape, or one number. OptionError for a number outside of [0, count); in a traced function the
 * whole result is NaN then.
 */
export function scatterAdd(ids: Value, rows: Value, count: number): Tensor {
  const numbers = checkIds('scatterAdd', ids)
  checkValue('scatterAdd', rows)
  const where = whereOf('scatterAdd')
  positiveInteger(`${where}: count`, count)
  const [given, found] = [numbers.shape, shapeOf(rows)]
  if (!sameShape(given, found.slice(0, given.length)))
    throw new ShapeError(
      `${where}: expected a row for each of the numbers ${shapeText(given)}, got rows of shape ${shapeText(found)}.`,
    )
  checkRange('scatterAdd', numbers, count)
  return apply('scatterAdd', [numbers as Tensor, rows], String(count), ([at, n]) => b.scatterAdd(at, n, count))
}
