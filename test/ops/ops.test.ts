import { expect } from 'chai'
import { DisposedError, DTypeError, ShapeError } from '../../lib/base/errors'
import * as ops from '../../lib/ops'
import { Tensor, tensor } from '../../lib/tensor/tensor'

const f64 = (data: Parameters<typeof tensor>[0], shape?: number[]) => tensor(data, shape, { dtype: 'float64' })
const value = (t: Tensor) => t.toArray()
const A = () =>
  f64([
    [1, 2, 3],
    [4, 5, 6],
  ])

describe('2.11 ops', () => {
  it('give NumPy’s values', () => {
    const rows: [string, Tensor, unknown][] = [
      [
        'add',
        ops.add(A(), 1),
        [
          [2, 3, 4],
          [5, 6, 7],
        ],
      ],
      [
        'sub',
        ops.sub(10, A()),
        [
          [9, 8, 7],
          [6, 5, 4],
        ],
      ],
      [
        'mul',
        ops.mul(A(), A()),
        [
          [1, 4, 9],
          [16, 25, 36],
        ],
      ],
      [
        'div',
        ops.div(A(), 2),
        [
          [0.5, 1, 1.5],
          [2, 2.5, 3],
        ],
      ],
      [
        'neg',
        ops.neg(A()),
        [
          [-1, -2, -3],
          [-4, -5, -6],
        ],
      ],
      ['power', ops.power(f64([-2, 0, 3]), 2), [4, 0, 9]],
      ['square', ops.square(f64([-2, 3])), [4, 9]],
      ['sqrt', ops.sqrt(f64([4, 9])), [2, 3]],
      ['abs', ops.abs(f64([-4, 9, 0])), [4, 9, 0]],
      ['sign', ops.sign(f64([-4, 9, 0])), [-1, 1, 0]],
      ['floor', ops.floor(f64([-1.5, 1.5])), [-2, 1]],
      ['maximum', ops.maximum(f64([1, 5]), f64([3, 2])), [3, 5]],
      ['minimum', ops.minimum(f64([1, 5]), 2), [1, 2]],
      ['greater', ops.greater(f64([1, 2, 3]), 2), [0, 0, 1]],
      ['greaterEqual', ops.greaterEqual(f64([1, 2, 3]), 2), [0, 1, 1]],
      ['less', ops.less(f64([1, 2, 3]), 2), [1, 0, 0]],
      ['lessEqual', ops.lessEqual(f64([1, 2, 3]), 2), [1, 1, 0]],
      ['equal', ops.equal(f64([1, 2, 3]), 2), [0, 1, 0]],
      ['notEqual', ops.notEqual(f64([1, 2, 3]), 2), [1, 0, 1]],
      ['select', ops.select(f64([1, 0]), f64([1, 2]), 9), [1, 9]],
      ['where', ops.where(f64([1, 0]), f64([1, 2]), 9), [1, 9]],
      ['clip', ops.clip(f64([-5, 0.5, 5]), 0, 1), [0, 0.5, 1]],
      ['relu', ops.relu(f64([-1, 0, 2])), [0, 0, 2]],
      ['leakyRelu', ops.leakyRelu(f64([-1, 2])), [-0.01, 2]],
      ['leakyRelu with slope', ops.leakyRelu(f64([-1, 2]), { slope: 0.5 }), [-0.5, 2]],
      ['sum', ops.sum(A()), 21],
      ['sum axis 0', ops.sum(A(), { axis: 0 }), [5, 7, 9]],
      ['sum axis −1 keepDims', ops.sum(A(), { axis: -1, keepDims: true }), [[6], [15]]],
      [
        'sum of a list of axes',
        ops.sum(
          f64([
            [[1], [2]],
            [[3], [4]],
          ]),
          { axis: [0, 2] },
        ),
        [4, 6],
      ],
      ['mean', ops.mean(A(), { axis: 1 }), [2, 5]],
      ['mean of all', ops.mean(A()), 3.5],
      ['max', ops.max(A(), { axis: 0 }), [4, 5, 6]],
      ['min', ops.min(A(), { axis: 1 }), [1, 4]],
      ['variance', ops.variance(A(), { axis: 0 }), [2.25, 2.25, 2.25]],
      [
        'argmax',
        ops.argmax(
          f64([
            [1, 3, 3],
            [9, 2, 1],
          ]),
        ),
        [1, 0],
      ],
      [
        'argmax axis 0',
        ops.argmax(
          f64([
            [1, 3, 3],
            [9, 2, 1],
          ]),
          { axis: 0 },
        ),
        [1, 0, 0],
      ],
      [
        'argmin',
        ops.argmin(
          f64([
            [1, 3, 3],
            [9, 2, 1],
          ]),
          { keepDims: true },
        ),
        [[0], [2]],
      ],
      ['sumSquares', ops.sumSquares(A()), 91],
      ['norm', ops.norm(f64([3, 4])), 5],
      [
        'norm of rows',
        ops.norm(
          f64([
            [3, 4],
            [0, 0],
          ]),
          { axis: 1 },
        ),
        [5, 0],
      ],
      [
        'matmul',
        ops.matmul(
          A(),
          f64([
            [1, 0],
            [0, 1],
            [1, 1],
          ]),
        ),
        [
          [4, 5],
          [10, 11],
        ],
      ],
      [
        'matmul transposeB',
        ops.matmul(A(), A(), { transposeB: true }),
        [
          [14, 32],
          [32, 77],
        ],
      ],
      [
        'matmul transposeA',
        ops.matmul(A(), A(), { transposeA: true }),
        [
          [17, 22, 27],
          [22, 29, 36],
          [27, 36, 45],
        ],
      ],
      ['dot of vectors', ops.dot(f64([1, 2, 3]), f64([4, 5, 6])), 32],
      ['dot matrix·vector', ops.dot(A(), f64([1, 0, 1])), [4, 10]],
      ['dot vector·matrix', ops.dot(f64([1, 1]), A()), [5, 7, 9]],
      [
        'transpose',
        ops.transpose(A()),
        [
          [1, 4],
          [2, 5],
          [3, 6],
        ],
      ],
      [
        'transpose perm',
        ops.transpose(f64([[[1, 2]], [[3, 4]]]), [1, 2, 0]),
        [
          [
            [1, 3],
            [2, 4],
          ],
        ],
      ],
      [
        'reshape',
        ops.reshape(A(), [3, 2]),
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      ['reshape −1', ops.reshape(A(), [-1]), [1, 2, 3, 4, 5, 6]],
      [
        'broadcastTo',
        ops.broadcastTo(f64([[1], [2]]), [2, 2]),
        [
          [1, 1],
          [2, 2],
        ],
      ],
      ['expandDims', ops.expandDims(f64([1, 2]), -1), [[1], [2]]],
      ['squeeze', ops.squeeze(f64([[[1], [2]]])), [1, 2]],
      ['squeeze axis', ops.squeeze(f64([[[1], [2]]]), { axis: 0 }), [[1], [2]]],
      [
        'slice',
        ops.slice(A(), [0, 1]),
        [
          [2, 3],
          [5, 6],
        ],
      ],
      ['slice with size', ops.slice(A(), [-1, 0], [1, 2]), [[4, 5]]],
      [
        'concat',
        ops.concat([A(), f64([[7, 8, 9]])]),
        [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ],
      ],
      [
        'concat axis 1',
        ops.concat([f64([[1], [2]]), f64([[3], [4]])], { axis: 1 }),
        [
          [1, 3],
          [2, 4],
        ],
      ],
      [
        'stack',
        ops.stack([f64([1, 2]), f64([3, 4])]),
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [
        'stack axis −1',
        ops.stack([f64([1, 2]), f64([3, 4])], { axis: -1 }),
        [
          [1, 3],
          [2, 4],
        ],
      ],
      ['stack of scalars', ops.stack([1, f64(2), 3]), [1, 2, 3]],
      [
        'pad',
        ops.pad(f64([[1, 2]]), [
          [1, 0],
          [0, 1],
        ]),
        [
          [0, 0, 0],
          [1, 2, 0],
        ],
      ],
      [
        'oneHot',
        ops.oneHot(f64([2, 0]), 3),
        [
          [0, 0, 1],
          [1, 0, 0],
        ],
      ],
      [
        'oneHot of a column',
        ops.oneHot(f64([[1], [0]]), 2),
        [
          [0, 1],
          [1, 0],
        ],
      ],
    ]
    for (const [name, result, expected] of rows) {
      expect(result, name).to.be.instanceOf(Tensor)
      expect(value(result), name).to.deep.equal(expected)
    }
  })

  it('transcendental ones agree with Math', () => {
    const x = [-3, -0.5, 0.25, 1, 4]
    const close = (t: Tensor, f: (v: number) => number) =>
      x.forEach((v, i) => expect(t.data[i]).to.be.closeTo(f(v), 1e-14 * Math.max(1, Math.abs(f(v)))))
    close(ops.exp(f64(x)), Math.exp)
    close(ops.sin(f64(x)), Math.sin)
    close(ops.cos(f64(x)), Math.cos)
    close(ops.tanh(f64(x)), Math.tanh)
    close(ops.sigmoid(f64(x)), (v) => 1 / (1 + Math.exp(-v)))
    close(ops.softplus(f64(x)), (v) => Math.log1p(Math.exp(v)))
    close(ops.log(ops.exp(f64(x))), (v) => v)
  })

  it('softmax, logSoftmax and logSumExp along any axis, without overflow', () => {
    const z = f64([
      [1000, 0],
      [1000, -1000],
    ])
    expect(value(ops.softmax(z))).to.deep.equal([
      [1, 0],
      [1, 0],
    ])
    expect(value(ops.softmax(z, { axis: 0 }))).to.deep.equal([
      [0.5, 1],
      [0.5, 0],
    ])
    expect(value(ops.logSoftmax(z))).to.deep.equal([
      [0, -1000],
      [0, -2000],
    ])
    expect(value(ops.logSumExp(z, { axis: 1 }))).to.deep.equal([1000, 1000])
    expect(
      value(
        ops.softmaxCrossEntropy(
          z,
          f64([
            [0, 1],
            [1, 0],
          ]),
        ),
      ),
    ).to.deep.equal([[1000], [0]])
    expect(value(ops.sigmoidCrossEntropy(f64([1000, -1000]), f64([0, 1])))).to.deep.equal([1000, 1000])
  })

  it('2.12 the calories table and the broadcasting examples', () => {
    const table = f64([
      [56, 0, 4.4, 68],
      [1.2, 104, 52, 8],
      [1.8, 135, 99, 0.9],
    ])
    const percentage = ops.div(ops.mul(100, table), ops.sum(table, { axis: 0, keepDims: true }))
    expect(percentage.toArray()[0][0]).to.be.closeTo(94.9, 0.05)
    expect(value(ops.add(f64([[1], [2], [3], [4]]), 100))).to.deep.equal([[101], [102], [103], [104]])
    expect(value(ops.add(A(), f64([[100, 200, 300]])))).to.deep.equal([
      [101, 202, 303],
      [104, 205, 306],
    ])
    expect(value(ops.add(A(), f64([[100], [200]])))).to.deep.equal([
      [101, 102, 103],
      [204, 205, 206],
    ])
  })

  it('2.13 lists and columns never mix', () => {
    expect(() => ops.sub(f64([1, 2, 3, 4, 5]), ops.reshape(f64([1, 2, 3, 4, 5]), [5, 1]))).to.throw(
      ShapeError,
      /sub: shapes \[5\] and \[5, 1\] have different ranks/,
    )
    const list = f64([1, 2, 3, 4, 5])
    expect(ops.dot(list, list).shape).to.deep.equal([])
    expect(ops.dot(ops.reshape(list, [5, 1]), ops.reshape(list, [1, 5])).shape).to.deep.equal([5, 5])
    expect(() => ops.dot(list, ops.reshape(list, [1, 5]))).to.throw(
      ShapeError,
      /dot: cannot multiply \[5\] by \[1, 5\]/,
    )
    expect(() =>
      ops.matmul(ops.reshape(tensor(Array(12).fill(0)), [3, 4]), ops.reshape(tensor(Array(6).fill(0)), [3, 2])),
    ).to.throw(ShapeError, /matmul: cannot multiply \[3, 4\] by \[3, 2\]/)
  })

  it('float32 is the default, numbers adapt, dtypes do not mix', () => {
    expect(ops.add(tensor([1]), 0.1).dtype).to.equal('float32')
    expect(ops.add(0.1, 0.2).item()).to.equal(0.1 + 0.2)
    expect(ops.add(ops.add(0.1, 0.2), tensor([1])).dtype).to.equal('float32')
    expect(ops.add(ops.add(0.1, 0.2), f64([1])).dtype).to.equal('float64')
    expect(() => ops.add(tensor([1]), f64([1]))).to.throw(DTypeError, /add: cannot mix float32 and float64/)
  })

  it('reshape shares memory and survives the original', () => {
    const x = f64([1, 2, 3, 4])
    const y = ops.reshape(x, [2, 2])
    x.dispose()
    expect(value(y)).to.deep.equal([
      [1, 2],
      [3, 4],
    ])
    y.dispose()
    expect(() => y.data).to.throw(DisposedError)
  })

  it('do not touch their arguments', () => {
    const x = f64([1, 2])
    ops.add(x, ops.mul(x, 3))
    expect(value(x)).to.deep.equal([1, 2])
  })
})
