/** Bad input to tensors, operations and gradients. */
import * as my from '../../../lib'
import { any, describeRows, disposed } from './support'

const { DTypeError, DisposedError, OptionError, ShapeError, StateError, ops, tensor } = my

describeRows({
  tensor: [
    ['ragged', () => tensor([[1, 2], [3]]), ShapeError, ['tensor', '2 elements', '[1]', '1.']],
    [
      'ragged deep down',
      () =>
        tensor([
          [[1], [2]],
          [[3], 4],
        ] as never),
      ShapeError,
      ['tensor', '[1][1]', 'number 4'],
    ],
    ['empty', () => tensor([]), ShapeError, ['tensor', 'at least one', 'empty']],
    ['another size', () => tensor([1, 2, 3], [2, 2]), ShapeError, ['tensor', '[2, 2]', '4', '3']],
    ['a negative size', () => tensor([1, 2], [-1, -2]), ShapeError, ['tensor', 'positive', '-1']],
    ['seven dimensions', () => tensor([1], [1, 1, 1, 1, 1, 1, 1]), ShapeError, ['tensor', '6', '7']],
    ['BigInt', () => tensor(any(3n)), DTypeError, ['tensor', 'BigInt', '3n', 'Number']],
    ['BigInt array', () => tensor(any(new BigUint64Array(1))), DTypeError, ['tensor', 'BigInt', 'BigUint64Array(1)']],
    ['string', () => tensor(any('abc')), DTypeError, ['tensor', 'numbers', '"abc"']],
    ['undefined', () => tensor(any(undefined)), DTypeError, ['tensor', 'numbers', 'undefined']],
    ['an unknown dtype', () => tensor([1], { dtype: any('int8') }), DTypeError, ['tensor', 'float32', '"int8"']],
    ['an unknown option', () => tensor([1], any({ dtpe: 'float32' })), OptionError, ['tensor', "'dtpe'", "'dtype'"]],
    ['disposed', () => disposed().data, DisposedError, ['[2]', 'disposed']],
    ['item of many', () => tensor([1, 2]).item(), ShapeError, ['item', 'one element', '[2]']],
    ['shape', () => my.assertShape(tensor([1, 2]), [3]), ShapeError, ['[3]', '[2]']],
  ],
  ops: [
    ['shapes', () => ops.add(tensor([1, 2]), tensor([1, 2, 3])), ShapeError, ['add', '[2]', '[3]']],
    ['matmul', () => ops.matmul(tensor([[1, 2]]), tensor([[1, 2]])), ShapeError, ['matmul', '[1, 2]']],
    ['axis', () => ops.sum(tensor([1, 2]), { axis: 3 }), ShapeError, ['sum', 'axis', '3']],
    [
      'mixed dtypes',
      () => ops.add(tensor([1]), tensor([1], { dtype: 'float64' })),
      DTypeError,
      ['add', 'float32', 'float64'],
    ],
    ['a string', () => ops.exp(any('1')), DTypeError, ['exp', 'number', '"1"']],
    ['disposed', () => ops.exp(disposed()), DisposedError, ['disposed']],
    [
      'grad of no scalar',
      () => my.grad((t: my.Value) => ops.mul(t, 2))(tensor([1, 2])),
      ShapeError,
      ['grad', 'one number', '[2]'],
    ],
    ['grad of no function', () => my.grad(any(3)), OptionError, ['grad', 'function', '3']],
    [
      'reading a traced value',
      () => my.grad((t: my.Value) => (t as my.Tensor).item())(tensor(2)),
      StateError,
      ['traced'],
    ],
  ],
})
