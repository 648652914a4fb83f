import { expect } from 'chai'
import { sizeOf, type Shape } from '../../lib/base/shape'
import * as b from '../../lib/graph/build'
import { gradients } from '../../lib/graph/grad'
import { withLabel } from '../../lib/graph/label'
import { inputNode } from '../../lib/graph/leaves'
import type { Node } from '../../lib/graph/node'
import { reachable } from '../../lib/graph/reachable'
import { simplify } from '../../lib/graph/simplify'
import { grad } from '../../lib/functions/grad'
import * as ops from '../../lib/ops'
import { tensor, type Tensor } from '../../lib/tensor/tensor'
import { interpret } from './interpret'

interface Block {
  begin: readonly number[]
  size: Shape
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Blocks of a value of n rows and n columns, or of one axis of n². */
const layouts: Record<string, { shape: (n: number) => Shape; blocks: (n: number) => Block[] }> = {
  'steps of a window': {
    shape: (n) => [2, n * n, 3],
    blocks: (n) => range(n * n).map((s) => ({ begin: [0, s, 0], size: [2, 1, 3] })),
  },
  'every other step, backwards': {
    shape: (n) => [n * n],
    blocks: (n) => range((n * n) >> 1).map((s) => ({ begin: [n * n - 2 * s - 1], size: [1] })),
  },
  'windows that overlap': {
    shape: (n) => [n * n, 2],
    blocks: (n) => range(n * n - 2).map((s) => ({ begin: [s, 0], size: [3, 2] })),
  },
  'one block, again and again': {
    shape: (n) => [n * n, 2],
    blocks: (n) => range(n * n).map(() => ({ begin: [1, 0], size: [2, 1] })),
  },
  'patches of a picture': {
    shape: (n) => [n, n],
    blocks: (n) => range(n * n).map((i) => ({ begin: [i % n, Math.floor(i / n)], size: [1, 1] })),
  },
  'patches that overlap': {
    shape: (n) => [n, n],
    blocks: (n) => range((n - 1) ** 2).map((i) => ({ begin: [i % (n - 1), Math.floor(i / (n - 1))], size: [2, 2] })),
  },
  'a diagonal': { shape: (n) => [n, n], blocks: (n) => range(n).map((i) => ({ begin: [i, i], size: [1, 1] })) },
  'blocks askew': {
    shape: (n) => [n, n],
    blocks: (n) => range(n - 2).map((i) => ({ begin: [i, 0], size: [1 + (i % 2), 1 + (i % 3)] })),
  },
}

/** Small whole numbers, which sums of any order have exactly. */
const factors = (shape: Shape, seed: number) => range(sizeOf(shape)).map((i) => ((7 * i + 3 * seed) % 11) - 5)

/** Σ factors·block over all blocks. */
const weighted = (x: Node, blocks: Block[]) =>
  blocks
    .map(({ begin, size }, i) => b.sum(b.mul(b.slice(x, begin, size), b.constantArray(factors(size, i), size))))
    .reduce((sum, term) => b.add(sum, term))

/** The factor of every element of x in that sum. */
function expected(shape: Shape, blocks: Block[]): number[] {
  const result = Array<number>(sizeOf(shape)).fill(0)
  blocks.forEach(({ begin, size }, k) =>
    factors(size, k).forEach((factor, i) => {
      let [rest, at, stride] = [i, 0, 1]
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += (begin[axis] + (rest % size[axis])) * stride
        rest = Math.floor(rest / size[axis])
        stride *= shape[axis]
      }
      result[at] += factor
    }),
  )
  return result
}

/** Elements that a graph computes. */
const work = (roots: Node[]) => reachable(simplify(roots)).reduce((sum, { shape }) => sum + sizeOf(shape), 0)

describe('derivatives of many slices of one value', () => {
  for (const [name, { shape, blocks }] of Object.entries(layouts)) {
    it(`${name}: their sum`, () => {
      const x = inputNode(shape(6))
      const found = gradients(weighted(x, blocks(6)), [x])
      expect(interpret(found, new Map())[0]).to.deep.equal(expected(x.shape, blocks(6)))
    })
    it(`${name}: at the cost of the slices, not of their number times the value`, () => {
      const [small, large] = [8, 32].map((n) => {
        const x = inputNode(shape(n))
        return work(gradients(weighted(x, blocks(n)), [x])) / sizeOf(x.shape)
      })
      // Per element of the value: twice as much is rounding at the edges; paddings take 16 times as much.
      expect(large).to.be.at.most(2 * small)
    })
  }

  it('beside other uses, and of derivatives', () => {
    const x = inputNode([3])
    const at = (i: number) => b.slice(x, [i], [1])
    // x0²·x1 + x1·x2 + Σx
    const y = b.add(b.add(b.mul(b.mul(at(0), at(0)), at(1)), b.mul(at(1), at(2))), b.sum(x))
    const [first] = gradients(y, [x])
    const feeds = new Map([[x, [2, 3, 5]]])
    expect(interpret([first], feeds)[0]).to.deep.equal([13, 10, 4])
    expect(interpret(gradients(b.sum(first), [x]), feeds)[0]).to.deep.equal([10, 5, 1])
  })

  it('slices of slices, of what is reshaped and transposed anew each time', () => {
    const ways: ((x: Node, i: number, j: number) => Node)[] = [
      (x, i, j) => b.slice(b.slice(x, [i, 0], [1, x.shape[1]]), [0, j], [1, 1]),
      (x, i, j) => b.slice(b.reshape(b.slice(x, [i, 0], [1, x.shape[1]]), [x.shape[1]]), [j], [1]),
      (x, i, j) => b.slice(b.transpose(x), [j, i], [1, 1]),
    ]
    for (const way of ways) {
      const [small, large] = [8, 32].map((n) => {
        const x = inputNode([n, n])
        const terms = range(n * n).map((i) => b.mul(b.sum(way(x, i % n, Math.floor(i / n))), i))
        const found = gradients(
          terms.reduce((sum, term) => b.add(sum, term)),
          [x],
        )
        expect(interpret(found, new Map())[0]).to.deep.equal(range(n * n).map((i) => (i % n) * n + Math.floor(i / n)))
        return work(found) / n ** 2
      })
      expect(large).to.be.at.most(2 * small)
    }
  })

  it('a slice by which is differentiated sees its own uses alone', () => {
    const x = inputNode([2])
    const [left, again] = [b.slice(x, [0], [1]), b.slice(x, [0], [1])]
    const y = b.sum(b.add(b.mul(3, left), b.mul(5, again)))
    expect(interpret(gradients(y, [left, again, x]), new Map())).to.deep.equal([[3], [5], [8, 0]])
  })

  it('sums are named after the uses, not after the value', () => {
    const w = withLabel('dense.weight', () => inputNode([3]))
    const use = withLabel('dense', () => b.sum(b.mul(w, 2)))
    const penalty = withLabel('penalty', () => b.sum(b.mul(w, w)))
    const [g] = gradients(b.add(use, penalty), [w])
    expect([g.op, g.label]).to.deep.equal(['add', 'dense'])
  })

  it('rows that are taken from one table in many goes are added in one', () => {
    const table = tensor([1, 2, 3, 4, 5, 6], [3, 2], { dtype: 'float64' })
    const pick = (t: Tensor, ids: number[]) =>
      ops.sum(ops.mul(ops.take(t, tensor(ids, { dtype: 'int32' })), ids[0] + 1))
    const f = (t: Tensor) => ops.add(ops.add(pick(t, [0, 2]), pick(t, [2, 2])), ops.sum(ops.take(t, 1)))
    expect(grad(f)(table)[0].toArray()).to.deep.equal([
      [1, 1],
      [1, 1],
      [7, 7],
    ])
    const [small, large] = [64, 1024].map((n) => {
      const x = inputNode([n, 2])
      const rows = range(n).map(() => b.sum(b.take(x, inputNode([], '', 'int32'))))
      return (
        work(
          gradients(
            rows.reduce((sum, row) => b.add(sum, row)),
            [x],
          ),
        ) / n
      )
    })
    expect(large).to.be.at.most(2 * small)
  })
})
