/** Tensors of whole numbers: a type of their own where they are made, and no burden where nobody has any. */
import { expectTypeOf } from 'expect-type'
import {
  assertShape,
  type DType,
  grad,
  ops,
  tensor,
  type Tensor,
  type TensorData,
  type TensorDType,
  type Value,
} from 'myelin'

// As before: the plain type is of floating numbers.
const floats = tensor([1, 2])
expectTypeOf(floats).toEqualTypeOf<Tensor>()
expectTypeOf(floats.dtype).toEqualTypeOf<DType>()
const data: Float32Array | Float64Array = floats.data
expectTypeOf(tensor([1], { dtype: 'float64' })).toEqualTypeOf<Tensor>()
expectTypeOf(tensor([1, 2], [2, 1], { dtype: floats.dtype })).toEqualTypeOf<Tensor>()
let same = tensor([1], { dtype: 'float32' })
same = floats

const ids = tensor([1, 2], { dtype: 'int32' })
expectTypeOf(ids).toEqualTypeOf<Tensor<'int32'>>()
expectTypeOf(ids.dtype).toEqualTypeOf<'int32'>()
const numbers: Int32Array = ids.data
expectTypeOf(tensor([1, 2], [2, 1], { dtype: 'int32' })).toEqualTypeOf<Tensor<'int32'>>()
expectTypeOf(ids.data.reduce((a, b) => a + b)).toEqualTypeOf<number>()

// They go where values go; what comes back is a plain tensor.
const value: Value = ids
expectTypeOf(ops.take(floats, ids)).toEqualTypeOf<Tensor>()
expectTypeOf(ops.equal(ids, 3)).toEqualTypeOf<Tensor>()
expectTypeOf(ops.cast(floats, 'int32')).toEqualTypeOf<Tensor<'int32'>>()
expectTypeOf(ops.cast(ids, 'float32')).toEqualTypeOf<Tensor>()
expectTypeOf(assertShape(ids, [2])).toEqualTypeOf<Tensor<'int32'>>()
grad((table: Tensor, at: Tensor<'int32'>) => ops.sum(ops.take(table, at)), { wrt: 0 })(floats, ids)
declare const dtype: TensorDType
expectTypeOf(tensor([1], { dtype })).toEqualTypeOf<Tensor<TensorDType>>()
declare const any: TensorData<TensorDType>
expectTypeOf(any.length).toEqualTypeOf<number>()

// @ts-expect-error -- models compute in floating numbers
const wrong: Tensor = ids
// @ts-expect-error -- there is no such dtype
tensor([1], { dtype: 'int64' })
// @ts-expect-error -- row numbers are a tensor or a number
ops.take(floats, [1])

export { data, numbers, same, value, wrong }
