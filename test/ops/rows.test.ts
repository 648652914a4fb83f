import { expect } from 'chai'
import { DTypeError, grad, ops, OptionError, ShapeError, tensor, trace, type Tensor, valueAndGrad } from '../../lib'
import { generator } from './cases'

const whole = (data: Parameters<typeof tensor>[0]) => tensor(data, { dtype: 'int32' })
const table = () => tensor([1, 2, 3, 4, 5, 6], [3, 2])

describe('int32 tensors in ops', () => {
  it('take: rows by number, of any shape; one number is one row', () => {
    expect(ops.take(table(), whole([2, 0, 2])).toArray()).to.deep.equal([
      [5, 6],
      [1, 2],
      [5, 6],
    ])
    expect(ops.take(table(), whole([[1], [0]])).shape).to.deep.equal([2, 1, 2])
    expect(ops.take(table(), 1).toArray()).to.deep.equal([3, 4])
    expect(ops.take(tensor([7, 8, 9]), whole([[0, 2]])).toArray()).to.deep.equal([[7, 9]])
    expect(ops.take(tensor([[0.1]], { dtype: 'float64' }), 0).dtype).to.equal('float64')
  })

  it('scatterAdd: rows added at their numbers', () => {
    expect(ops.scatterAdd(whole([2, 0, 2]), table(), 4).toArray()).to.deep.equal([
      [3, 4],
      [0, 0],
      [6, 8],
      [0, 0],
    ])
    expect(ops.scatterAdd(whole([[0, 1]]), tensor([[5, 7]]), 2).toArray()).to.deep.equal([5, 7])
    expect(ops.scatterAdd(1, tensor([5, 7]), 2).toArray()).to.deep.equal([
      [0, 0],
      [5, 7],
    ])
  })

  it('their derivatives are each other', () => {
    const ids = whole([2, 0, 2])
    const weights = tensor([1, 10, 100, 1000, 10000, 100000], [3, 2])
    const [dTable] = grad((t: Tensor) => ops.sum(ops.mul(ops.take(t, ids), weights)))(table())
    expect(dTable.toArray()).to.deep.equal([
      [100, 1000],
      [0, 0],
      [10001, 100010],
    ])
    const [dRows] = grad((x: Tensor) => ops.sum(ops.mul(ops.scatterAdd(ids, x, 3), weights)))(table())
    expect(dRows.toArray()).to.deep.equal([
      [10000, 100000],
      [1, 10],
      [10000, 100000],
    ])
  })

  it('cast: to int32 without the fraction, the nearest for what is beyond, 0 for NaN; and back', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = tensor([1.9, -1.9, NaN, Infinity, -1e20, 2 ** 31, -(2 ** 31), 100000.5], { dtype })
      const cast = ops.cast(x, 'int32')
      expect(cast.dtype).to.equal('int32')
      expect([...cast.data]).to.deep.equal([1, -1, 0, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31), 100000])
    }
    const back = ops.cast(whole([16777217, -3]), 'float64')
    expect([back.dtype, ...back.data]).to.deep.equal(['float64', 16777217, -3])
    expect([...ops.cast(whole([16777217, -3]), 'float32').data]).to.deep.equal([16777216, -3])
    expect(ops.cast(tensor([1.5]), 'float64').toString()).to.equal('Tensor float64 [1] [1.5]')
    expect(ops.cast(-2.5, 'int32').toArray()).to.equal(-2)
    expect(ops.cast(whole([4]), 'int32').toArray()).to.deep.equal([4])
  })

  it('cast in traced functions: no derivative, and one floating dtype only', () => {
    const halves = (x: Tensor) => ops.sum(ops.mul(x, ops.cast(ops.cast(x, 'int32'), 'float64')))
    const { value, grads } = valueAndGrad(halves)(tensor([1.5, -2.5], { dtype: 'float64' }))
    expect([value, grads[0].toArray()]).to.deep.equal([1.5 + 5, [1, -2]])
    const other = (x: Tensor) => ops.sum(ops.cast(ops.cast(x, 'int32'), 'float32'))
    expect(() => grad(other)(tensor([1], { dtype: 'float64' }))).to.throw(DTypeError, 'cast: cannot mix float64 and')
    const same = (x: Tensor) => ops.sum(ops.cast(x, 'float64'))
    expect(grad(same)(tensor([1], { dtype: 'float64' }))[0].toArray()).to.deep.equal([1])
  })

  it('comparisons are exact over all of int32, also with plain numbers', () => {
    const random = generator(8)
    const edge = [0, -1, 65535, 65536, -65536, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 2]
    const some = () =>
      random() < 0.5 ? edge[Math.floor(random() * edge.length)] : Math.floor(random() * 2 ** 32) - 2 ** 31
    const left = Array.from({ length: 300 }, some)
    const right = left.map((v, i) => (i % 3 ? some() : v))
    const numbers = [...edge, 0.5, -0.5, 2 ** 24 + 0.5, 2 ** 40, -(2 ** 40), Infinity, -Infinity, NaN]
    const comparisons = {
      equal: (x: number, y: number) => x === y,
      notEqual: (x: number, y: number) => x !== y,
      greater: (x: number, y: number) => x > y,
      greaterEqual: (x: number, y: number) => x >= y,
      less: (x: number, y: number) => x < y,
      lessEqual: (x: number, y: number) => x <= y,
    }
    for (const [op, holds] of Object.entries(comparisons) as [
      keyof typeof comparisons,
      (x: number, y: number) => boolean,
    ][]) {
      const between = ops[op](whole(left), whole(right))
      expect(between.dtype, op).to.equal('float32')
      expect([...between.data], op).to.deep.equal(left.map((x, i) => Number(holds(x, right[i]))))
      for (const y of numbers) {
        expect([...ops[op](whole(left), y).data], `${op} ${y}`).to.deep.equal(left.map((x) => Number(holds(x, y))))
        expect([...ops[op](y, whole(left)).data], `${y} ${op}`).to.deep.equal(left.map((x) => Number(holds(y, x))))
      }
    }
    // Nobody chose the dtype of a mask: it adapts.
    expect(ops.mul(ops.equal(whole([1, 2]), 2), tensor([5, 6], { dtype: 'float64' })).dtype).to.equal('float64')
    expect(ops.equal(whole([[1], [2]]), whole([[2, 1]])).toArray()).to.deep.equal([
      [0, 1],
      [1, 0],
    ])
  })

  it('oneHot takes them, and what only moves numbers keeps them', () => {
    expect(ops.oneHot(whole([2, 0]), 3).toArray()).to.deep.equal([
      [0, 0, 1],
      [1, 0, 0],
    ])
    expect(() => ops.oneHot(whole([3]), 3)).to.throw(OptionError, 'got 3 in row 0')
    const x = whole([
      [1, 2],
      [3, 4],
    ])
    const moved = [
      ops.reshape(x, [4]),
      ops.transpose(x),
      ops.slice(x, [0, 1]),
      ops.pad(x, [
        [0, 1],
        [0, 0],
      ]),
      ops.concat([x, x]),
      ops.stack([x, x]),
    ]
    for (const t of moved) expect([t.dtype, t.data.constructor.name]).to.deep.equal(['int32', 'Int32Array'])
    expect(ops.transpose(x).toArray()).to.deep.equal([
      [1, 3],
      [2, 4],
    ])
  })

  it('errors name what was expected, what came, and what to do', () => {
    const ids = whole([0, 1])
    const refused: [() => unknown, new (...args: never[]) => Error, string][] = [
      [
        () => ops.add(ids, 1),
        DTypeError,
        'add: expected a float32 or float64 tensor as operand 1, got int32. Convert it',
      ],
      [
        () => ops.matmul(table(), whole([[1], [2]])),
        DTypeError,
        'matmul: expected a float32 or float64 tensor as operand 2',
      ],
      [
        () => ops.take(table(), tensor([0])),
        DTypeError,
        "take: expected row numbers of dtype int32, got float32. Convert them: ops.cast(ids, 'int32')",
      ],
      [() => ops.take(table(), 0.5), DTypeError, 'take: expected a whole number as row number, got 0.5'],
      [
        () => ops.take(table(), whole([0, 3])),
        OptionError,
        'take: expected row numbers 0…2 for 3 rows, got 3 at place 1.',
      ],
      [() => ops.take(table(), -1), OptionError, 'take: expected row numbers 0…2 for 3 rows, got -1 at place 0.'],
      [() => ops.take(1, ids), ShapeError, 'take: expected a table of at least one axis, got a scalar.'],
      [() => ops.take(ids, ids), DTypeError, 'take: expected a float32 or float64 tensor as operand 1'],
      [
        () => ops.scatterAdd(ids, table(), 2),
        ShapeError,
        'scatterAdd: expected a row for each of the numbers [2], got rows of shape [3, 2].',
      ],
      [
        () => ops.scatterAdd(ids, tensor([1, 2]), 1),
        OptionError,
        'scatterAdd: expected row numbers 0…0 for 1 rows, got 1 at place 1.',
      ],
      [
        () => ops.scatterAdd(ids, tensor([1, 2]), 0),
        OptionError,
        'scatterAdd: count: expected a positive integer, got 0.',
      ],
      [() => ops.equal(ids, tensor([0, 1])), DTypeError, 'equal: expected an int32 tensor, got floating numbers.'],
      [
        () => ops.cast(ids, 'int8' as never),
        DTypeError,
        "cast: expected dtype 'float32', 'float64' or 'int32', got \"int8\"",
      ],
      [
        () => grad((t: Tensor, i: Tensor<'int32'>) => ops.sum(ops.take(t, i)))(table(), ids),
        DTypeError,
        'grad: argument 1 is int32, and whole numbers have no derivatives.',
      ],
      [
        () => grad((t: Tensor) => ops.cast(ops.sum(t), 'int32') as never)(table()),
        DTypeError,
        'grad: expected a function with a floating result, got int32.',
      ],
    ]
    for (const [call, kind, message] of refused) expect(call).to.throw(kind as ErrorConstructor, message)
  })

  it('arguments and captures of traced functions may be int32', () => {
    const f = (t: Tensor, i: Tensor<'int32'>) => ops.sum(ops.square(ops.take(t, i)))
    const [g] = grad(f, { wrt: 0 })(table(), whole([1, 1]))
    expect(g.toArray()).to.deep.equal([
      [0, 0],
      [12, 16],
      [0, 0],
    ])
    const ids = whole([2, 2])
    const graph = trace((x: Tensor) => ops.sum(ops.take(x, ids)), [[3, 2]])
    expect(graph.toString()).to.match(/%1 = input\(\) int32 \[2\]/)
    const values = graph.evaluate([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    const captured = values.find(({ name }) => name === '%1')!
    expect([captured.value, captured.derivative]).to.deep.equal([[2, 2], undefined])
    expect(values[0].derivative).to.deep.equal([
      [0, 0],
      [0, 0],
      [2, 2],
    ])
    expect(graph.toDot()).to.contain('int32 [2]')
  })

  it('rows that a trace cannot look at are NaN', () => {
    const outside = (t: Tensor) => ops.sum(ops.take(t, ops.cast(ops.mul(3, t), 'int32')))
    expect(valueAndGrad(outside)(tensor([1, 0, 0])).value).to.be.NaN
    const beyond = (t: Tensor) => ops.sum(ops.scatterAdd(ops.cast(ops.mul(2, t), 'int32'), t, 2))
    expect(valueAndGrad(beyond)(tensor([1, 0, 0])).value).to.be.NaN
  })
})
