import { expect } from 'chai'
import { DisposedError, DTypeError, OptionError, ShapeError } from '../../lib/base/errors'
import * as ops from '../../lib/ops'
import { tensor } from '../../lib/tensor/tensor'

const f64 = (data: Parameters<typeof tensor>[0], shape?: number[]) => tensor(data, shape, { dtype: 'float64' })
const A = () =>
  f64([
    [1, 2, 3],
    [4, 5, 6],
  ])

describe('errors of ops', () => {
  it('wrong arguments give their error class and name the op', () => {
    const bad: [() => unknown, new (...args: never[]) => Error, RegExp][] = [
      [() => ops.add([1] as never, 2), DTypeError, /add: expected a tensor or a number, got \[1\]. Wrap it: tensor/],
      [() => ops.exp('1' as never), DTypeError, /exp: .*got "1"/],
      [() => ops.sum(undefined as never), DTypeError, /sum: .*got undefined/],
      [() => ops.sum(A(), { axes: 0 } as never), OptionError, /sum: unknown option 'axes'. Did you mean 'axis'/],
      [() => ops.sum(A(), 0 as never), OptionError, /sum: expected an options object, got 0/],
      [() => ops.sum(A(), { axis: 2 }), ShapeError, /sum: axis 2 does not exist: expected -2…1/],
      [() => ops.sum(A(), { keepDims: 1 as never }), OptionError, /keepDims/],
      [() => ops.less(A(), f64([1])), ShapeError, /less: shapes \[2, 3\] and \[1\]/],
      [() => ops.reshape(A(), [4]), ShapeError, /cannot reshape \[2, 3\] \(6 elements\) to \[4\]/],
      [() => ops.reshape(A(), [-1, -1]), ShapeError, /at most one −1/],
      [() => ops.reshape(A(), [4, -1]), ShapeError, /cannot reshape/],
      [() => ops.reshape(A(), [0]), ShapeError, /positive integers/],
      [() => ops.reshape(A(), 6 as never), ShapeError, /reshape/],
      [() => ops.transpose(A(), [0]), ShapeError, /order of the axes as 2 integers, got \[0\]/],
      [() => ops.transpose(A(), [0, 0]), OptionError, /given twice/],
      [() => ops.slice(A(), [0, 3]), ShapeError, /not a block inside \[2, 3\]/],
      [() => ops.slice(A(), [0]), ShapeError, /begin as 2 integers/],
      [() => ops.concat([]), OptionError, /at least one tensor/],
      [
        () => ops.concat([A(), f64([[1]])]),
        ShapeError,
        /concat: shapes \[2, 3\], \[1, 1\] must be equal but for axis 0/,
      ],
      [() => ops.stack([A(), f64([1])]), ShapeError, /stack: expected tensors of one shape/],
      [() => ops.pad(A(), [[1, 1]] as never), ShapeError, /pair of integers/],
      [() => ops.broadcastTo(A(), [2, 4]), ShapeError, /cannot broadcast \[2, 3\] to \[2, 4\]/],
      [() => ops.squeeze(A(), { axis: 0 }), ShapeError, /axis 0 of \[2, 3\] has size 2/],
      [() => ops.leakyRelu(A(), { slope: NaN }), OptionError, /slope/],
      [() => ops.oneHot(f64([3]), 3), OptionError, /class numbers 0…2, got 3 in row 0/],
      [() => ops.oneHot(f64([0.5]), 3), OptionError, /got 0.5 in row 0/],
      [() => ops.oneHot(f64([0]), 0), OptionError, /classes: expected a positive integer/],
      [() => ops.softmax(1), ShapeError, /scalar/],
      [() => ops.randomUniform([2], { seed: -1 }), OptionError, /seed/],
      [() => ops.randomUniform([2], { min: 2 }), OptionError, /min < max, got 2 and 1/],
      [() => ops.randomNormal([0]), ShapeError, /randomNormal/],
    ]
    for (const [call, kind, message] of bad) expect(call).to.throw(kind as ErrorConstructor, message)
  })

  it('a disposed tensor is refused', () => {
    const x = f64([1])
    x.dispose()
    x.dispose()
    expect(x.disposed).to.equal(true)
    expect(() => ops.exp(x)).to.throw(DisposedError, /disposed tensor of shape \[1\]/)
  })
})
