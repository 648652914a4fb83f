/** Vectors instead of loops, primitives, broadcasting and shapes. */
import { expect } from 'chai'
import { assertShape, grad, layers, ops, sequential, ShapeError, tensor, type Tensor, type Value } from '../../../lib'
import { primitives } from '../../../lib/graph/primitives'
import { close, normal, thrown } from './support'

const f64 = { dtype: 'float64' } as const
const filled = (value: number) => (shape: number[]) =>
  tensor(new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(value), shape)
const zeros = filled(0)
const ones = filled(1)

describe('2.10 vectorised against an explicit loop', () => {
  const n = 1_000_000
  const numbers = Float32Array.from({ length: n }, (_, i) => Math.sin(i))
  const vector = tensor(numbers)

  /** The result and the milliseconds of the fastest of 15 rounds: others may be using the processor. */
  const fastest = <T>(run: () => T) => {
    let best = Infinity
    let result = run()
    for (let round = 0; round < 15; round++) {
      const begin = performance.now()
      result = run()
      best = Math.min(best, performance.now() - begin)
    }
    return { best, result }
  }

  it('the exponential of 10⁶ numbers is faster vectorised, with the same values', () => {
    const loop = fastest(() => {
      const result = new Float32Array(n)
      for (let i = 0; i < n; i++) result[i] = Math.exp(numbers[i])
      return result
    })
    const vectorised = fastest(() => ops.exp(vector))
    expect(vectorised.best, `loop ${loop.best} ms`).to.be.below(loop.best)
    const { data } = vectorised.result
    for (const i of [0, 1, 12_345, n - 1]) expect(data[i] / loop.result[i]).to.be.closeTo(1, 3e-7)
  })

  it('w·x of 10⁶ numbers equals its loop', () => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += numbers[i] * numbers[i]
    expect(ops.dot(vector, vector).item() / sum).to.be.closeTo(1, 1e-5)
  })
})

describe('2.11 tensor primitives', () => {
  const m = tensor([
    [1, -2, 3],
    [4, 0.5, -6],
  ])
  it('have the values of NumPy', () => {
    expect(ops.matmul(m, m, { transposeB: true }).toArray()).to.deep.equal([
      [14, -15],
      [-15, 52.25],
    ])
    expect(ops.dot(tensor([1, 2, 3]), tensor([4, 5, 6])).item()).to.equal(32)
    expect(ops.dot(m, tensor([1, 2, 3])).toArray()).to.deep.equal([6, -13])
    expect(ops.sum(m, { axis: 0 }).toArray()).to.deep.equal([5, -1.5, -3])
    expect(ops.sum(m, { axis: 1, keepDims: true }).toArray()).to.deep.equal([[2], [-1.5]])
    expect(ops.abs(m).toArray()).to.deep.equal([
      [1, 2, 3],
      [4, 0.5, 6],
    ])
    expect(ops.maximum(m, 1).toArray()).to.deep.equal([
      [1, 1, 3],
      [4, 1, 1],
    ])
    expect(ops.power(m, 2).toArray()).to.deep.equal([
      [1, 4, 9],
      [16, 0.25, 36],
    ])
    expect(ops.transpose(m).toArray()).to.deep.equal([
      [1, 4],
      [-2, 0.5],
      [3, -6],
    ])
    const compared = (op: (x: Value, y: Value) => Tensor) => op(tensor([1, 2, 3]), 2).toArray()
    expect(
      [ops.greater, ops.greaterEqual, ops.less, ops.lessEqual, ops.equal, ops.notEqual].map(compared),
    ).to.deep.equal([
      [0, 0, 1],
      [0, 1, 1],
      [1, 0, 0],
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 1],
    ])
    expect(ops.argmax(m, { axis: 1 }).toArray()).to.deep.equal([2, 0])
    expect(ops.argmax(m, { axis: 0 }).toArray()).to.deep.equal([1, 1, 0])
    expect(ops.argmax(tensor([3, 7, 7, 1])).item(), 'the first of equals').to.equal(1)
    expect([ops.sum(m).item(), ops.mean(m).item()]).to.deep.equal([0.5, Math.fround(0.5 / 6)])
    close(ops.mean(m, { axis: 0 }), [2.5, -0.75, -1.5], 0)
    close(ops.exp(tensor([0, 1, -1], { dtype: 'float64' })), [1, Math.E, 1 / Math.E], 1e-15)
    close(ops.log(tensor([1, Math.E, 10], { dtype: 'float64' })), [0, 1, Math.LN10], 1e-15)
  })

  it('reshape copies nothing', () => {
    const flat = ops.reshape(m, [3, 2])
    expect(flat.toArray()).to.deep.equal([
      [1, -2],
      [3, 4],
      [0.5, -6],
    ])
    expect(flat.data).to.equal(m.data)
  })
})

describe('2.12 broadcasting', () => {
  it('apples have 94.9 % of their calories from carbohydrates', () => {
    const A = tensor([
      [56, 0, 4.4, 68],
      [1.2, 104, 52, 8],
      [1.8, 135, 99, 0.9],
    ])
    const percentage = ops.div(ops.mul(100, A), ops.sum(A, { axis: 0, keepDims: true }))
    expect(percentage.data[0]).to.be.closeTo(94.9, 0.05)
    close(ops.sum(percentage, { axis: 0 }), [100, 100, 100, 100], 1e-4)
  })

  it('a column and a number, a matrix with a row and with a column', () => {
    expect(ops.add(tensor([[1], [2], [3], [4]]), 100).toArray()).to.deep.equal([[101], [102], [103], [104]])
    const M = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(ops.add(M, tensor([[100, 200, 300]])).toArray()).to.deep.equal([
      [101, 202, 303],
      [104, 205, 306],
    ])
    expect(ops.add(M, tensor([[100], [200]])).toArray()).to.deep.equal([
      [101, 102, 103],
      [204, 205, 206],
    ])
  })

  it('derivatives sum back to the shape of the operand', () => {
    const f = (m: Tensor, row: Tensor, column: Tensor, s: Value) =>
      ops.sum(ops.mul(ops.mul(ops.mul(m, row), column), s))
    const square = tensor([
      [1, 2],
      [3, 4],
    ])
    const [dm, dRow, dColumn, ds] = grad(f)(square, tensor([[5, 6]]), tensor([[7], [8]]), 2)
    expect(dm.toArray()).to.deep.equal([
      [70, 84],
      [80, 96],
    ])
    expect(dRow.toArray()).to.deep.equal([[62, 92]])
    expect(dColumn.toArray()).to.deep.equal([[34], [78]])
    expect(ds).to.equal(5 * 31 + 6 * 46)
  })
})

describe('2.12 every element-wise op broadcasts, and its derivative sums back', () => {
  const draw = normal(212)
  const [rows, columns] = [3, 4]
  const shapes = { row: [1, columns], column: [rows, 1], scalar: [] }
  const positive = (n: number) => Float64Array.from({ length: n }, () => 0.5 + Math.abs(draw()))
  type Op = (x: Value, y: Value) => Tensor
  const pairs: Record<string, Op> = {
    add: ops.add,
    sub: ops.sub,
    mul: ops.mul,
    div: ops.div,
    power: ops.power,
    maximum: ops.maximum,
    minimum: ops.minimum,
    greater: ops.greater,
    greaterEqual: ops.greaterEqual,
    equal: ops.equal,
    sigmoidCrossEntropy: ops.sigmoidCrossEntropy,
    'select, where it is': (x, y) => ops.select(ops.greater(x, 1), x, y),
    'select, by it': (x, y) => ops.select(ops.greater(y, 1), x, ops.neg(x)),
  }
  /** An operand repeated to [rows, columns] by hand. */
  const repeated = (small: Tensor) =>
    tensor(
      Float64Array.from({ length: rows * columns }, (_, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns]
        return small.data[small.rank === 0 ? 0 : small.shape[0] === 1 ? column : row]
      }),
      [rows, columns],
      f64,
    )
  /** Derivatives by a repeated operand, summed back to the places they came from, by hand. */
  const summed = (wide: Tensor, shape: readonly number[]) => {
    const sums = new Float64Array(shape.reduce((n, d) => n * d, 1))
    wide.data.forEach(
      (d, i) => (sums[shape.length === 0 ? 0 : shape[0] === 1 ? i % columns : Math.floor(i / columns)] += d),
    )
    return sums
  }

  it('covers all of them', () => {
    const names = Object.keys(pairs).map((name) => name.split(',')[0])
    const wide = Object.entries(primitives).filter(([, p]) => p.elementwise && p.arity! > 1)
    expect([...new Set(names)].sort()).to.deep.equal(wide.map(([name]) => name).sort())
  })

  for (const [name, op] of Object.entries(pairs))
    it(name, () => {
      const weights = tensor(positive(rows * columns), [rows, columns], f64)
      for (const [kind, shape] of Object.entries(shapes))
        for (const swapped of [false, true]) {
          const big = tensor(positive(rows * columns), [rows, columns], f64)
          const small = tensor(positive(shape.reduce((n, d) => n * d, 1)), shape, f64)
          const f = (x: Tensor, y: Tensor) => (swapped ? op(y, x) : op(x, y))
          expect([...f(big, small).data], kind).to.deep.equal([...f(big, repeated(small)).data])
          const cost = (x: Tensor, y: Tensor) => ops.sum(ops.mul(weights, f(x, y)))
          const [dBig, dSmall] = grad(cost)(big, small)
          const [wideBig, wideSmall] = grad(cost)(big, repeated(small))
          expect(dSmall.shape).to.deep.equal(shape)
          close(dBig, wideBig, 1e-13)
          close(dSmall, [...summed(wideSmall, shape)], 1e-13)
        }
    })
})

describe('2.13 shapes are checked', () => {
  it('matmul names itself and both shapes', () => {
    const error = thrown(() => ops.matmul(zeros([3, 4]), zeros([3, 2])))
    expect(error).to.be.instanceOf(ShapeError)
    expect(error.message).to.include('matmul').and.include('[3, 4]').and.include('[3, 2]')
  })

  it('lists and columns never mix', () => {
    const mixed = thrown(() => ops.sub(zeros([5]), zeros([5, 1])))
    expect(mixed).to.be.instanceOf(ShapeError)
    expect(mixed.message).to.include('sub').and.include('[5]').and.include('[5, 1]')
    expect(ops.dot(ones([5]), ones([5])).shape).to.deep.equal([])
    expect(ops.matmul(ones([5, 1]), ones([1, 5])).shape).to.deep.equal([5, 5])
  })

  it('assertShape', () => {
    assertShape(zeros([3, 4]), [3, null])
    for (const wanted of [[4, null], [3, 4, 1], [12]]) {
      const error = thrown(() => assertShape(zeros([3, 4]), wanted))
      expect(error).to.be.instanceOf(ShapeError)
      expect(error.message).to.include('[3, 4]')
    }
  })

  it('an error inside a network names the layer', () => {
    const bad = () =>
      sequential({
        inputShape: [3],
        layers: [layers.lambda((t) => ops.matmul(t, zeros([4, 2])), { name: 'mixer' }), layers.dense({ units: 1 })],
      })
    expect(thrown(bad)).to.be.instanceOf(ShapeError)
    expect(thrown(bad).message).to.match(
      /matmul \(mixer\): cannot multiply \[(\d+), 3\] by \[4, 2\].* tried with \1 examples/,
    )
  })
})
