import { expect } from 'chai'
import { grad } from '../../lib/functions/grad'
import { sizeOf } from '../../lib/base/shape'
import * as b from '../../lib/graph/build'
import { gradients } from '../../lib/graph/grad'
import { inputNode } from '../../lib/graph/leaves'
import type { Node } from '../../lib/graph/node'
import { reachable } from '../../lib/graph/reachable'
import { simplify } from '../../lib/graph/simplify'
import { ops } from '../../lib/ops/public'
import { tensor, type Tensor } from '../../lib/tensor/tensor'

const f64 = (values: number[] | number[][]) => tensor(values, undefined, { dtype: 'float64' })
/** dΣf/dx at these x. */
const slope = (f: (x: Tensor) => Tensor, x: Tensor) => [...grad((v: Tensor) => ops.sum(f(v)))(x)[0].data]
const near = (found: readonly number[], expected: readonly number[]) => {
  expect(found.length).to.equal(expected.length)
  found.forEach((v, i) => expect(v, String(found)).to.be.closeTo(expected[i], 1e-12 * Math.max(1, Math.abs(v))))
}

describe('derivatives of the branch that is not taken', () => {
  const positive = (x: Tensor) => ops.greater(x, 0)
  const safe: Record<string, [(x: Tensor) => Tensor, number, number]> = {
    sqrt: [ops.sqrt, -1, 0.25],
    'sqrt at 0': [ops.sqrt, 0, 0.25],
    log: [ops.log, 0, 0.25],
    log1p: [(x) => ops.log1p(ops.sub(x, 1)), 0, 0.25],
    'a quotient': [(x) => ops.div(3, x), 0, -3 / 16],
    power: [(x) => ops.power(x, -1.5), 0, -1.5 * 4 ** -2.5],
    'exponents of their own': [(x) => ops.power(x, ops.mul(x, 0.5)), -1, 4 ** 2 * 0.5 * (Math.log(4) + 1)],
    'a chain': [(x) => ops.mul(x, ops.log(ops.sqrt(x))), 0, 0.5 * (Math.log(4) + 1)],
    'a use beside': [(x) => ops.add(ops.sqrt(x), ops.log(x)), 0, 0.5],
    'NaN of the data': [(x) => ops.tanh(ops.mul(0.1, x)), NaN, 0.1 * (1 - Math.tanh(0.4) ** 2)],
  }
  for (const [name, [f, outside, expected]] of Object.entries(safe))
    it(`select: ${name}`, () => {
      const x = f64([outside, 4, outside])
      near(
        slope((v) => ops.select(positive(v), f(v), 0), x),
        [0, expected, 0],
      )
      near(
        slope((v) => ops.select(ops.equal(positive(v), 0), 0, f(v)), x),
        [0, expected, 0],
      )
    })

  it('where exp overflows', () => {
    const softplus = (x: Tensor) => ops.select(ops.greater(x, 30), x, ops.log(ops.add(1, ops.exp(x))))
    near(slope(softplus, f64([-1, 0, 1000])), [1 / (1 + Math.E), 0.5, 1])
    expect(slope(softplus, tensor([0, 200]))).to.deep.equal([0.5, 1])
  })
  it('of both sides, one inside the other, and in other shapes', () => {
    const x = f64([[-4, 0, 4]])
    const root = (v: Tensor) =>
      ops.select(positive(v), ops.sqrt(v), ops.select(ops.less(v, 0), ops.sqrt(ops.neg(v)), v))
    near(slope(root, x), [-0.25, 1, 0.25])
    const moved = (v: Tensor) => ops.transpose(ops.reshape(ops.sqrt(v), [3, 1]))
    near(
      slope((v) => ops.select(positive(v), moved(v), 0), x),
      [0, 0, 0.25],
    )
    const joined = (v: Tensor) => ops.concat([ops.sqrt(v), ops.log(v)])
    near(
      slope((v) => ops.select(ops.concat([positive(v), positive(v)]), joined(v), 0), x),
      [0, 0, 0.5],
    )
  })
  it('where operands repeat: in the rows that take none of them', () => {
    const rows = f64([[0], [4]])
    const chosen = f64([
      [0, 0, 0],
      [0, 1, 1],
    ])
    near(
      slope((v) => ops.select(chosen, ops.sqrt(v), 0), rows),
      [0, 0.5],
    )
    near(
      slope((v) => ops.select(f64([[0], [1]]), ops.mul(ops.sqrt(v), f64([[1, 2, 3]])), 0), rows),
      [0, 1.5],
    )
    const table = f64([[0, 4]])
    near(
      slope((v) => ops.select(f64([[0, 1]]), ops.div(v, ops.mul(v, v)), 0), table),
      [0, -1 / 16],
    )
    near(
      slope((v) => ops.select(0, ops.sqrt(v), 1), f64([0, 4])),
      [0, 0],
    )
  })
  it('where bounds are chosen: maximum, minimum, clip, relu', () => {
    near(
      slope((v) => ops.maximum(ops.log(v), -10), f64([0, 4])),
      [0, 0.25],
    )
    near(
      slope((v) => ops.minimum(10, ops.div(1, v)), f64([0, 4])),
      [0, -1 / 16],
    )
    near(
      slope((v) => ops.clip(ops.sqrt(v), 0.5, 1), f64([0, 0.25 + 0.11, 4])),
      [0, 0.5 / 0.6, 0],
    )
    near(
      slope((v) => ops.relu(ops.sub(ops.sqrt(v), 1)), f64([0, 4])),
      [0, 0.25],
    )
    near(
      slope((v) => ops.leakyRelu(ops.log(v)), f64([4])),
      [0.25],
    )
  })
  it('a value that is used outside of the branch too keeps its derivative', () => {
    near(
      slope((v) => ops.add(ops.select(positive(v), ops.sqrt(v), 0), ops.exp(v)), f64([0, 4])),
      [1, 0.25 + Math.exp(4)],
    )
    const shared = (v: Tensor) => {
      const root = ops.sqrt(v)
      return ops.add(ops.select(ops.greater(v, 1), root, 0), ops.select(ops.greater(v, 3), ops.mul(2, root), 0))
    }
    near(slope(shared, f64([0, 2, 4])), [0, 0.5 / Math.sqrt(2), 0.75])
    expect(slope(ops.sqrt, f64([0]))).to.deep.equal([Infinity])
  })
  it('of derivatives', () => {
    const f = (v: Tensor) => ops.sum(ops.select(positive(v), ops.power(v, 2.5), 0))
    const first = (v: Tensor) => ops.sum(grad(f)(v)[0])
    near([...grad(first)(f64([0, 4]))[0].data], [0, 2.5 * 1.5 * 2])
    // Where the derivative that comes in is 0 by chance, not by choice.
    const g = (v: Tensor) => ops.sum(ops.select(positive(v), ops.square(ops.log(v)), 0))
    near([...grad((v: Tensor) => ops.sum(grad(g)(v)[0]))(f64([0, 1]))[0].data], [0, 2])
  })
  it('costs one choice for a chain, and none where rules hand on', () => {
    const selects = (f: (x: Node) => Node) => {
      const x = inputNode([7])
      return reachable(simplify(gradients(b.sum(f(x)), [x]))).filter(({ op }) => op === 'select').length
    }
    const when = (x: Node, y: Node) => b.select(b.greater(x, 0), y, 0)
    expect(selects((x) => when(x, b.sqrt(b.log(b.exp(x)))))).to.equal(2)
    expect(selects((x) => when(x, b.add(b.mul(x, 3), 1)))).to.equal(1)
    expect(selects((x) => b.relu(b.mul(x, b.tanh(x))))).to.equal(1)
    const drop = (x: Node) => b.select(b.greater(0.5, b.randomUniform(x.shape, 0)), x, 0)
    expect(selects((x) => drop(b.relu(b.mul(x, b.tanh(x)))))).to.equal(2)
  })
  it('costs no more with the number of slices that choose', () => {
    const [small, large] = [16, 128].map((n) => {
      const x = inputNode([n, 2])
      const all = b.tanh(x)
      const rows = Array.from({ length: n }, (_, i) => b.slice(all, [i, 0], [1, 2]))
      const y = rows.map((row) => b.sum(b.select(b.greater(row, 0), b.exp(row), 0))).reduce((p, q) => b.add(p, q))
      return reachable(simplify(gradients(y, [x]))).reduce((sum, { shape }) => sum + sizeOf(shape), 0) / n
    })
    expect(large).to.be.at.most(2 * small)
  })
})

describe('norm', () => {
  it('neither overflows nor underflows where it is in the range itself', () => {
    for (const [dtype, sizes] of [
      ['float32', [1e-30, 1e-20, 1e-16, 1, 1e16, 1e20, 1e37]],
      ['float64', [1e-300, 1e-200, 1e-16, 1, 1e16, 1e200, 1e307]],
    ] as const)
      for (const size of sizes) {
        const x = tensor([[3 * size, -4 * size]], undefined, { dtype })
        expect(ops.norm(x).item() / size, `${dtype} ${size}`).to.be.closeTo(5, 1e-6)
        for (const weight of [1e-3, 1, 7]) {
          const [dx] = grad((v: Tensor) => ops.mul(weight, ops.sum(ops.norm(v, { axis: 1 }))))(x)
          near(
            [...dx.data].map((v) => Math.round((v / weight) * 1e5) / 1e5),
            [0.6, -0.8],
          )
        }
      }
  })
  it('of rows of all sizes at once, of zeros, infinities and NaN', () => {
    const rows = f64([
      [3e200, 4e200],
      [3, 4],
      [0, 0],
      [3e-200, 4e-200],
    ])
    const found = [...ops.norm(rows, { axis: 1 }).data]
    ;[5e200, 5, 0, 5e-200].forEach((v, i) => expect(found[i]).to.be.closeTo(v, 1e-15 * v))
    near(
      [...grad((v: Tensor) => ops.sum(ops.norm(v, { axis: 1 })))(rows)[0].data],
      [0.6, 0.8, 0.6, 0.8, 0, 0, 0.6, 0.8],
    )
    expect(ops.norm(f64([Infinity, 1])).item()).to.equal(Infinity)
    expect(ops.norm(f64([NaN, 1])).item()).to.be.NaN
    expect(ops.norm(f64([[3, 4]]), { axis: 1, keepDims: true }).shape).to.deep.equal([1, 1])
  })
})
