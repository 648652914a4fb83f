import { expect } from 'chai'
import { ShapeError, StateError } from '../../lib/base/errors'
import * as b from '../../lib/graph/build'
import { gradients } from '../../lib/graph/grad'
import { inputNode } from '../../lib/graph/leaves'
import type { Node } from '../../lib/graph/node'
import { primitives } from '../../lib/graph/primitives'
import { simplify } from '../../lib/graph/simplify'
import { cases, derivativesOf, generator, inputNodesOf, inputsOf, isFixed, nameOf, type OpCase } from '../ops/cases'
import { distance } from '../ops/distance'
import { interpret } from './interpret'

const epsilon = 1e-5

/** Σ weights·y with fixed random weights: a scalar whose derivative shows every entry of dy/dx. */
function weighted(y: Node, seed: number): Node {
  const random = generator(seed)
  const weights = Array.from({ length: y.shape.reduce((n, d) => n * d, 1) }, () => random() * 2 - 1)
  return b.sum(b.mul(y, b.constantArray(weights, y.shape)))
}

function feed(inputs: Node[], values: number[][]): Map<Node, number[]> {
  return new Map(inputs.map((n, i) => [n, values[i]]))
}

/** Central differences of a scalar node by every entry of every input. */
function numeric(cost: Node, inputs: Node[], values: number[][]): number[] {
  const at = (i: number, j: number, step: number) => {
    const moved = values.map((v) => [...v])
    moved[i][j] += step
    return interpret([cost], feed(inputs, moved))[0][0]
  }
  return values.flatMap((v, i) => v.map((_, j) => (at(i, j, epsilon) - at(i, j, -epsilon)) / (2 * epsilon)))
}

function checkCase(c: OpCase): void {
  const inputs = inputNodesOf(c)
  const values = inputsOf(c)
  const cost = weighted(c.build(...inputs), 7)
  const analytic = derivativesOf(cost, inputs)
  analytic.forEach((g, i) => expect(g.shape).to.deep.equal(inputs[i].shape))
  const flatten = (nodes: Node[]) => interpret(nodes, feed(inputs, values)).flat()
  // A selected condition is no input of the derivative, nor are row numbers: their own entries stay zero.
  const expected = numeric(cost, inputs, values)
  let at = 0
  values.forEach(({ length }, i) => {
    if (isFixed(c, i)) expected.fill(0, at, at + length)
    at += length
  })
  expect(distance(flatten(analytic), expected)).to.be.at.most(1e-7)
  expect(distance(flatten(simplify(analytic)), flatten(analytic))).to.be.at.most(1e-14)
  if (c.flat) expect(flatten(analytic).every((v) => v === 0)).to.equal(true)
  else if (values.some((v) => v.length > 1)) expect(flatten(analytic).some((v) => v !== 0)).to.equal(true)
}

describe('gradients', () => {
  describe('of every primitive equal central differences', () => {
    for (const c of cases.filter((c) => !c.large)) it(nameOf(c), () => checkCase(c))
  })

  describe('of gradients equal central differences of the first', () => {
    for (const c of cases.filter((c) => !c.large && c.note !== 'odd sizes'))
      it(nameOf(c), () => {
        const inputs = inputNodesOf(c)
        const values = inputsOf(c, 2)
        const first = derivativesOf(weighted(c.build(...inputs), 7), inputs)
        const cost = first.map((g, i) => weighted(g, 20 + i)).reduce((x, y) => b.add(x, y))
        const second = interpret(derivativesOf(cost, inputs), feed(inputs, values)).flat()
        const expected = numeric(cost, inputs, values)
        if (inputs.every((_, i) => !isFixed(c, i))) expect(distance(second, expected)).to.be.at.most(1e-6)
      })
  })

  it('2.5 2.6 J = 3(a + bc) at 5, 3, 2', () => {
    const [a, bb, c] = [inputNode([]), inputNode([]), inputNode([])]
    const u = b.mul(bb, c)
    const v = b.add(a, u)
    const J = b.mul(3, v)
    const derivatives = gradients(J, [v, a, u, bb, c])
    const feeds = new Map([
      [a, [5]],
      [bb, [3]],
      [c, [2]],
    ])
    expect(interpret([u, v, J], feeds).flat()).to.deep.equal([6, 11, 33])
    expect(interpret(derivatives, feeds).flat()).to.deep.equal([3, 3, 3, 6, 9])
  })

  it('are zeros for what the result does not depend on', () => {
    const [x, other] = [inputNode([2]), inputNode([3])]
    expect(interpret(gradients(b.sum(x), [other, x]), new Map())).to.deep.equal([
      [0, 0, 0],
      [1, 1],
    ])
  })

  it('add up where a value is used twice', () => {
    const x = inputNode([])
    const [g] = gradients(b.add(b.mul(x, x), b.mul(4, x)), [x])
    expect(interpret([g], new Map([[x, [3]]]))).to.deep.equal([[10]])
  })

  it('take a dy for results that are not scalars', () => {
    const x = inputNode([2, 2])
    const dy = b.constantArray([1, 2, 3, 4], [2, 2])
    expect(interpret(gradients(b.mul(2, x), [x], dy), new Map())).to.deep.equal([[2, 4, 6, 8]])
    expect(() => gradients(b.mul(2, x), [x])).to.throw(ShapeError, /result is one number, got shape \[2, 2\]/)
    expect(() => gradients(b.mul(2, x), [x], b.constant(1))).to.throw(
      ShapeError,
      /expected dy of shape \[2, 2\], got \[\]/,
    )
  })

  it('at kinks: relu and leakyRelu 1, abs 0; ties share', () => {
    const at = (build: (x: Node) => Node, ...values: number[]) => {
      const x = inputNode([values.length])
      return interpret(gradients(b.sum(build(x)), [x]), new Map([[x, values]]))[0]
    }
    expect(at(b.relu, -1, 0, 1)).to.deep.equal([0, 1, 1])
    expect(at((x) => b.leakyRelu(x, 0.1), -1, 0, 1)).to.deep.equal([0.1, 1, 1])
    expect(at(b.abs, -1, 0, 1)).to.deep.equal([-1, 0, 1])
    expect(at((x) => b.maximum(x, 0), -1, 0, 1)).to.deep.equal([0, 0.5, 1])
    expect(at((x) => b.minimum(x, 0), -1, 0, 1)).to.deep.equal([1, 0.5, 0])
    expect(at((x) => b.max(x), 2, 5, 5, 1)).to.deep.equal([0, 0.5, 0.5, 0])
    expect(at((x) => b.power(x, 0), 0)).to.deep.equal([0])
    expect(at((x) => b.power(x, 2), 0)).to.deep.equal([0])
  })

  it('of power by its exponent is finite at base 0', () => {
    const [x, p] = [inputNode([2]), inputNode([2])]
    const g = gradients(b.sum(b.power(x, p)), [x, p])
    const [dx, dp] = interpret(
      g,
      new Map([
        [x, [0, 0]],
        [p, [0, 2]],
      ]),
    )
    expect(dx).to.deep.equal([0, 0])
    expect(dp.every((v) => v === 0)).to.equal(true)
  })

  it('3.4 sigmoid and cross-entropy stay finite far out', () => {
    const [z, y] = [inputNode([2]), inputNode([2])]
    const cost = b.sum(b.sigmoidCrossEntropy(z, y))
    const [dz] = gradients(cost, [z])
    expect(
      interpret(
        [cost, dz],
        new Map([
          [z, [1000, -1000]],
          [y, [0, 1]],
        ]),
      ),
    ).to.deep.equal([[2000], [1, -1]])
  })

  describe('custom', () => {
    const x = inputNode([2])
    const double = () => b.custom(b.mul(2, x), [x], (dy) => [b.mul(10, dy)])

    it('replaces the derived gradient and keeps the value', () => {
      const y = double()
      const [g] = gradients(b.sum(y), [x])
      expect(interpret([y, g], new Map([[x, [1, 2]]]))).to.deep.equal([
        [2, 4],
        [10, 10],
      ])
    })
    it('null means none', () => {
      const y = b.custom(b.mul(2, x), [x], () => [null])
      expect(interpret(gradients(b.sum(y), [x]), new Map([[x, [1, 2]]]))).to.deep.equal([[0, 0]])
    })
    it('refuses to be differentiated twice', () => {
      const y = b.custom(b.mul(x, x), [x], (dy) => [b.mul(dy, b.mul(2, x))])
      const [g] = gradients(b.sum(y), [x])
      expect(() => gradients(b.sum(g), [x])).to.throw(StateError, /Gradients of gradients do not work through custom/)
    })
    it('is checked: number of entries and their shapes', () => {
      const few = b.custom(b.mul(2, x), [x], () => [])
      expect(() => gradients(b.sum(few), [x])).to.throw(ShapeError, /one entry per input \(1\), got 0/)
      const wrong = b.custom(b.mul(2, x), [x], (dy) => [b.sum(dy)])
      expect(() => gradients(b.sum(wrong), [x])).to.throw(ShapeError, /has shape \[\], expected \[2\]/)
    })
    it('stopGradient lets nothing through', () => {
      const y = b.mul(x, b.stopGradient(x))
      expect(interpret(gradients(b.sum(y), [x]), new Map([[x, [3, 4]]]))).to.deep.equal([[3, 4]])
    })
  })

  it('every primitive has a derivative rule', () => {
    for (const [op, p] of Object.entries(primitives)) expect(p.vjp, op).to.be.a('function')
  })
})
