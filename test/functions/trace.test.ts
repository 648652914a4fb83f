import { expect } from 'chai'
import { OptionError, ShapeError } from '../../lib/base/errors'
import { trace } from '../../lib/functions/trace'
import * as ops from '../../lib/ops'
import type { Tensor, Value } from '../../lib/tensor/tensor'

const J = (a: Value, b: Value, c: Value) => ops.mul(3, ops.add(a, ops.named('u', ops.mul(b, c))))

describe('trace', () => {
  it('2.7 shows names, values and derivatives', () => {
    const graph = trace(J, [[], [], []])
    expect(graph.toString()).to.include('u = mul(b, c) []')
    const dot = graph.toDot({ at: [5, 3, 2] })
    for (const text of [
      'label="a\\n= 5\\nd = 3"',
      'u = ×\\n= 6\\nd = 3',
      '= 11\\nd = 3',
      '= 33\\nd = 1',
      'label="b\\n= 3\\nd = 6"',
      'label="c\\n= 2\\nd = 9"',
    ])
      expect(dot).to.include(text)
  })

  it('describes and evaluates nodes', () => {
    const graph = trace((x: Tensor, w: Tensor) => ops.mul(x, w), [[2], [2]], { names: ['x', 'w'] })
    expect(graph.nodes).to.deep.equal([
      { name: 'x', op: 'input', shape: [2], inputs: [], label: 'x' },
      { name: 'w', op: 'input', shape: [2], inputs: [], label: 'w' },
      { name: '%2', op: 'mul', shape: [2], inputs: ['x', 'w'], label: '' },
    ])
    expect(graph.shape).to.deep.equal([2])
    const values = graph.evaluate([1, 2], [3, 4])
    expect(values.map((n) => n.value)).to.deep.equal([
      [1, 2],
      [3, 4],
      [3, 8],
    ])
    expect(values[2].derivative).to.equal(undefined)
    expect(() => graph.evaluate([1, 2])).to.throw(OptionError, /expected 2 arguments, got 1/)
    expect(() => graph.evaluate([1, 2], [3])).to.throw(ShapeError, /argument 1: expected shape \[2\], got \[1\]/)
  })

  it('wrong arguments', () => {
    expect(() => trace(J, undefined as never)).to.throw(OptionError, /list of shapes/)
    expect(() => trace(J, [[], [0], []])).to.throw(ShapeError, /argument 1/)
    expect(() => trace(3 as never, [])).to.throw(OptionError)
  })
})
