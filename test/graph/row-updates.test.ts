import { expect } from 'chai'
import { DTypeError, MyelinError, ShapeError } from '../../lib/base/errors'
import * as b from '../../lib/graph/build'
import { encode } from '../../lib/graph/encode'
import { gradients } from '../../lib/graph/grad'
import { inputNode, stateNode } from '../../lib/graph/leaves'
import { emptyProgram } from '../../lib/graph/node'
import { native } from '../../lib/native/native'
import { worst } from '../ops/distance'
import { compile } from '../ops/run'
import { decode } from './decode'
import { byHand, embeddingStep, rows, start, upload, values } from './row-updates'

describe('updates of rows', () => {
  it('cross to the core with the numbers of their rows; other updates without', () => {
    const ids = inputNode([3], 'ids', 'int32')
    const [table, other] = [stateNode([5, 2], 'table'), stateNode([], 'other')]
    const graph = decode(
      encode({
        ...emptyProgram('float32'),
        inputs: [ids],
        states: [table, other],
        updates: [
          { state: other, value: b.add(other, 1) },
          { state: table, value: b.take(table, ids), rows: ids },
        ],
      }).bytes,
    )
    const named = graph.updates.map((update) => update.map((id) => id !== undefined && graph.nodes[id].op))
    expect(named).to.deep.equal([
      ['state', 'add', false],
      ['state', 'take', 'input'],
    ])
    const dtypes = new Map(graph.nodes.map(({ op, label, dtype }) => [label || op, dtype]))
    expect([dtypes.get('ids'), dtypes.get('table'), dtypes.get('take')]).to.deep.equal(['int32', 'float32', 'float32'])
  })

  for (const mode of ['fused', 'plain'] as const) {
    it(`write the rows that are named, once each, from the old ones (${mode})`, () => {
      const plan = native.planCompileSync(embeddingStep(), mode)
      const ids = [3, 0, 3, 8, 0, 3]
      const { inputs, states } = upload('cpu', ids)
      const first = byHand(ids, start(), Array<number>(start().length).fill(0))
      const second = byHand(ids, first.table, first.squares)
      const { status, costs, fetches } = native.planRunSync(plan, { inputs, states, steps: 2 })
      expect(status).to.equal('done')
      expect(worst(costs, [first.cost, second.cost])).to.be.at.most(1e-14)
      expect(worst(values(states[0]), second.table)).to.be.at.most(1e-15)
      expect(worst(values(states[1]), second.squares)).to.be.at.most(1e-14)
      expect(worst(values(fetches[0]), second.dense)).to.be.at.most(1e-15)
    })

    it(`are not made where a number is outside of the table (${mode})`, () => {
      const plan = native.planCompileSync(embeddingStep(), mode)
      for (const bad of [-1, rows, 2 ** 31 - 1]) {
        const { inputs, states } = upload('cpu', [3, 0, bad, 8, 0, 3])
        const { status, stepsDone, value } = native.planRunSync(plan, { inputs, states })
        expect([status, stepsDone, value]).to.deep.equal(['nonFinite', 0, 'take [6,4]'])
        expect(values(states[0])).to.deep.equal(start())
      }
    })
  }

  it('sumDuplicates: sums where a number stands first, zeros where it stands again; no derivative', () => {
    const [ids, x] = [inputNode([4], '', 'int32'), inputNode([4, 2])]
    const sums = b.sumDuplicates(ids, x)
    const data = [
      [7, -2, 7, 7],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ]
    for (const mode of ['fused', 'plain'] as const)
      expect(compile([sums], [ids, x], 'float32', mode)(data)).to.deep.equal([[13, 16, 3, 4, 0, 0, 0, 0]])
    expect(() => gradients(b.sum(sums), [x])).to.throw(MyelinError, 'have no derivative')
  })
})

describe('dtypes of nodes', () => {
  const [ids, x] = [inputNode([3], 'ids', 'int32'), inputNode([3])]

  it('follow from the operands', () => {
    const whole = [
      b.cast(x),
      b.reshape(ids, [1, 3]),
      b.slice(ids, [0], [2]),
      b.pad(ids, [1], [5]),
      b.concat([ids, ids], 0),
    ]
    expect(whole.map((node) => node.dtype)).to.deep.equal(whole.map(() => 'int32'))
    const floating = [b.cast(ids), b.take(x, ids), b.equal(ids, ids), b.greater(ids, 2), b.scatterAdd(ids, x, 4)]
    expect(floating.map((node) => node.dtype)).to.deep.equal(floating.map(() => undefined))
  })

  it('that do not fit are errors, which name op, operand and both', () => {
    const refused: [() => unknown, string][] = [
      [() => b.exp(ids), "exp: expected a float32 or float64 tensor, got int32. Convert it: ops.cast(x, 'float32')."],
      [
        () => b.add(x, ids),
        'add: expected a float32 or float64 tensor as operand 2, got int32. Convert it: ops.cast(x',
      ],
      [() => b.take(x, x), 'take: expected an int32 tensor as operand 2, got floating numbers. Convert it: ops.cast(x'],
      [() => b.concat([ids, x], 0), 'concat: expected an int32 tensor as operand 2, got floating numbers.'],
      [
        () => b.equal(x, ids),
        "equal: expected an int32 tensor, got floating numbers. Convert it: ops.cast(x, 'int32').",
      ],
      [
        () => b.broadcast(inputNode([1], '', 'int32'), [3]),
        'broadcast: expected a float32 or float64 tensor, got int32.',
      ],
      [() => b.select(ids, x, x), 'select: expected a float32 or float64 tensor as operand 1, got int32.'],
      [() => gradients(b.sum(b.take(x, ids)), [ids]), 'grad: whole numbers (int32) have no derivatives.'],
    ]
    for (const [call, message] of refused) expect(call).to.throw(DTypeError, message)
    expect(() => b.take(inputNode([]), ids)).to.throw(ShapeError, 'take: expected a table of at least one axis')
    expect(() => b.scatterAdd(ids, inputNode([2]), 4)).to.throw(
      ShapeError,
      'expected a row for each of the numbers [3]',
    )
    expect(() => b.sumDuplicates(ids, inputNode([2]))).to.throw(ShapeError, 'expected numbers [n] and a row for each')
  })
})
