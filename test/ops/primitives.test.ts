import { expect } from 'chai'
import { MyelinError, ops, OptionError, tensor, type Tensor } from '../../lib'
import * as b from '../../lib/graph/build'
import { encode } from '../../lib/graph/encode'
import { gradients } from '../../lib/graph/grad'
import { hyperNode, inputNode, stateNode } from '../../lib/graph/leaves'
import { emptyProgram, type Node } from '../../lib/graph/node'
import { primitives } from '../../lib/graph/primitives'
import { native } from '../../lib/native/native'
import { interpret } from '../graph/interpret'
import {
  attributesOfCase,
  cases,
  checkedElsewhere,
  derivativesOf,
  generator,
  inputNodesOf,
  inputsOf,
  isFixed,
  nameOf,
  type OpCase,
} from './cases'
import { distance, worst } from './distance'
import { philoxUniform } from './philox'
import { expectRegistered } from './registered'
import { compile } from './run'

const epsilon = 1e-5

function setUp(c: OpCase) {
  const inputs = inputNodesOf(c)
  const values = inputsOf(c)
  const feeds = new Map(inputs.map((n, i) => [n, values[i]]))
  return { inputs, values, feeds, result: c.build(...inputs) }
}

/** Σ weights·y: a scalar whose derivative shows every entry of dy/dx. */
function weighted(y: Node): Node {
  const random = generator(7)
  const weights = Array.from({ length: y.shape.reduce((n, d) => n * d, 1) }, () => random() * 2 - 1)
  return b.sum(b.mul(y, b.constantArray(weights, y.shape)))
}

describe('5.16 primitives', () => {
  it('the table, the cases and the core know the same ops', () => {
    const names = Object.keys(primitives)
    const tested = new Set([...cases.map((c) => c.op), ...checkedElsewhere])
    expect([...tested].sort()).to.deep.equal([...names].sort())
    expectRegistered('cpu')
  })

  describe('that declare options are functions of `ops`', () => {
    for (const [name, { elementwise, arity, options }] of Object.entries(primitives)) {
      if (options === undefined) continue
      const op = Reflect.get(ops, name) as (...args: unknown[]) => Tensor
      const own = cases.filter((c) => c.op === name && !c.large && c.shapes.length === arity)

      it(`${name}: the value of the op, with every option of the cases`, () => {
        expect(own).not.to.deep.equal([])
        for (const c of own) {
          const values = inputsOf(c)
          const tensors = c.shapes.map((shape, i) => tensor(values[i], shape, { dtype: 'float64' }))
          const inputs = c.shapes.map((shape) => inputNode(shape))
          const node = b.createNode(name, inputs, attributesOfCase(c))
          const [expected] = interpret([node], new Map(inputs.map((n, i) => [n, values[i]])))
          const result = c.options ? op(...tensors, c.options) : op(...tensors)
          expect(result.shape).to.deep.equal(node.shape)
          expect(worst([...result.data], expected)).to.be.at.most(2e-14)
        }
        if (elementwise) expect(op(...[0.5, 0.25, 2].slice(0, arity)).shape).to.deep.equal([])
      })

      it(`${name}: refuses what is missing, unknown or of another kind`, () => {
        expect(() => op()).to.throw(MyelinError, new RegExp(`^${name}: expected a tensor or a number, got undefined`))
        const tensors = own[0].shapes.map((shape, i) => tensor(inputsOf(own[0])[i], shape))
        const names = Object.keys(options)
        if (names.length === 0) return
        const wrong: [unknown, RegExp][] = [
          [3, /: expected an options object, got 3\.$/],
          [{ [`${names[0]}s`]: 1 }, new RegExp(`: unknown option '${names[0]}s'\\. Did you mean '${names[0]}'`)],
          ...names.map((option): [unknown, RegExp] => [{ [option]: 'much' }, /expected .+, got "much"\.$/]),
        ]
        for (const [given, message] of wrong) {
          expect(() => op(...tensors, given)).to.throw(OptionError, message)
          expect(() => op(...tensors, given)).to.throw(OptionError, new RegExp(`^${name}: `))
        }
      })
    }
  })

  it('every case with options has a primitive that declares them, and every option a case', () => {
    for (const [name, { options }] of Object.entries(primitives)) {
      const used = cases.filter((c) => c.op === name).flatMap((c) => Object.keys(c.options ?? {}))
      expect([...new Set(used)].sort(), name).to.deep.equal(Object.keys(options ?? {}).sort())
    }
  })

  for (const c of cases)
    describe(nameOf(c), () => {
      it('has the values of plain JavaScript in float64', () => {
        const { inputs, values, feeds, result } = setUp(c)
        const [expected] = interpret([result], feeds)
        expect(worst(compile([result], inputs, 'float64', 'fused')(values)[0], expected)).to.be.at.most(2e-14)
        expect(worst(compile([result], inputs, 'float64', 'plain')(values)[0], expected)).to.be.at.most(2e-14)
      })

      it('has the same values in float32', () => {
        const { inputs, values, result } = setUp(c)
        const rounded = values.map((v) => Array.from(Float32Array.from(v)))
        const [expected] = compile([result], inputs, 'float64', 'plain')(rounded)
        for (const mode of ['fused', 'plain'] as const)
          expect(worst(compile([result], inputs, 'float32', mode)(rounded)[0], expected)).to.be.at.most(3e-6)
      })

      if (c.compose)
        it('equals its composition', () => {
          const { inputs, values, result } = setUp(c)
          const [value, composed] = compile([result, c.compose!(...inputs)], inputs, 'float64', 'fused')(values)
          expect(worst(value, composed)).to.be.at.most(1e-13)
        })

      it('has a derivative that fits central differences', () => {
        const { inputs, values, result } = setUp(c)
        const cost = weighted(result)
        const costAt = compile([cost], inputs, 'float64', 'fused')
        const analytic = compile(derivativesOf(cost, inputs), inputs, 'float64', 'fused')(values)
        const moves = (i: number) => !isFixed(c, i)

        const random = generator(3)
        const direction = values.map((v, i) => v.map(() => (moves(i) ? random() * 2 - 1 : 0)))
        const along = (t: number) => costAt(values.map((v, i) => v.map((x, j) => x + t * direction[i][j])))[0][0]
        const slope = (along(epsilon) - along(-epsilon)) / (2 * epsilon)
        const dot = analytic.flatMap((g, i) => g.map((x, j) => x * direction[i][j])).reduce((x, y) => x + y, 0)
        expect(distance([dot], [slope])).to.be.at.most(1e-7)

        if (!c.large) {
          const entry = (i: number, j: number, t: number) =>
            costAt(values.map((v, k) => v.map((x, l) => (k === i && l === j ? x + t : x))))[0][0]
          const numeric = values.map((v, i) =>
            v.map((_, j) => (moves(i) ? (entry(i, j, epsilon) - entry(i, j, -epsilon)) / (2 * epsilon) : 0)),
          )
          expect(distance(analytic.flat(), numeric.flat())).to.be.at.most(1e-7)
        }
        if (c.flat) expect(analytic.flat().every((x) => x === 0)).to.equal(true)
      })

      it('has the same derivative fused and plain', () => {
        const { inputs, values, result } = setUp(c)
        const cost = weighted(result)
        const nodes = [cost, ...derivativesOf(cost, inputs)]
        const fused = compile(nodes, inputs, 'float64', 'fused')(values).flat()
        const plain = compile(nodes, inputs, 'float64', 'plain')(values).flat()
        expect(worst(fused, plain)).to.be.at.most(1e-13)
      })
    })

  it('randomUniform is Philox4x32-10, the same in both dtypes and plans', () => {
    const seed = 0x0123456789abcdefn
    const shape = [3, 7]
    const expected = philoxUniform(21, seed, 1n, 5)
    for (const dtype of ['float32', 'float64'] as const)
      for (const mode of ['fused', 'plain'] as const)
        expect(compile([b.randomUniform(shape, 5)], [], dtype, mode, seed)([])[0]).to.deep.equal(expected)
    expect(expected.every((u) => u >= 0 && u < 1)).to.equal(true)
    expect(compile([b.randomUniform(shape, 6)], [], 'float64', 'fused', seed)([])[0]).not.to.deep.equal(expected)
  })

  it('custom and stopGradient have the value of their input', () => {
    const x = inputNode([3])
    const y = b.custom(b.mul(2, x), [x], (dy) => [b.mul(10, dy)])
    const values = compile([y, ...gradients(b.sum(y), [x])], [x], 'float64', 'fused')([[1, 2, 3]])
    expect(values).to.deep.equal([
      [2, 4, 6],
      [10, 10, 10],
    ])
  })

  it('state and hyper: a step reads both and commits the update', () => {
    for (const mode of ['fused', 'plain'] as const) {
      const w = stateNode([2], 'w')
      const rate = hyperNode('rate')
      const next = b.sub(w, b.mul(rate, b.mul(2, w)))
      const cost = b.sumSquares(w)
      const { bytes } = encode({
        ...emptyProgram('float64'),
        states: [w],
        hypers: [rate],
        updates: [{ state: w, value: next }],
        costs: [cost],
      })
      const buffer = native.bufferCreate('float64', 2, Float64Array.of(1, 2))
      const run = native.planRunSync(native.planCompileSync(bytes, mode), {
        states: [buffer],
        hyper: Float64Array.of(0.25, 0.5),
        steps: 2,
      })
      expect([run.status, [...run.costs]]).to.deep.equal(['done', [5, 1.25]])
      expect([...native.bufferRead(buffer)]).to.deep.equal([0, 0])
    }
  })

  it('NaN goes through every op', () => {
    const leaves = ['input', 'state', 'hyper', 'constant', 'randomUniform']
    const comparing = ['greater', 'greaterEqual', 'equal', 'argmax', 'select', 'power']
    for (const c of cases.filter((k) => !leaves.includes(k.op) && !comparing.includes(k.op) && !k.flat)) {
      const { inputs, values, result } = setUp(c)
      const poisoned = values.map((v) => v.map(() => NaN))
      for (const dtype of ['float32', 'float64'] as const) {
        const [out] = compile([result], inputs, dtype, 'fused')(poisoned)
        expect(out.some(Number.isNaN), `${nameOf(c)} ${dtype}`).to.equal(true)
      }
    }
    const x = inputNode([])
    const only = (node: Node) => compile([node], [x], 'float64', 'fused')([[NaN]])[0][0]
    expect(only(b.select(1, x, 2))).to.be.NaN
    expect(only(b.select(0, x, 2))).to.equal(2)
    expect(only(b.maximum(x, 1))).to.be.NaN
    expect(only(b.maximum(1, x))).to.be.NaN
    expect(only(b.power(x, 2))).to.be.NaN
  })

  it('2.2 stays finite far out', () => {
    const [z, y] = [inputNode([2]), inputNode([2])]
    const cost = b.sigmoidCrossEntropy(z, y)
    const nodes = [cost, ...gradients(b.sum(cost), [z]), b.sigmoid(z), b.softplus(z)]
    for (const dtype of ['float32', 'float64'] as const)
      expect(
        compile(
          nodes,
          [z, y],
          dtype,
          'fused',
        )([
          [1000, -1000],
          [0, 1],
        ]),
      ).to.deep.equal([
        [1000, 1000],
        [1, -1],
        [1, 0],
        [1000, 0],
      ])
    const [s, t] = [inputNode([1, 3]), inputNode([1, 3])]
    const loss = b.softmaxCrossEntropy(s, t)
    const values = compile(
      [loss, b.softmax(s), ...gradients(b.sum(loss), [s])],
      [s, t],
      'float64',
      'fused',
    )([
      [1000, 0, -1000],
      [0, 0, 1],
    ])
    expect(values).to.deep.equal([[2000], [1, 0, 0], [1, 0, -1]])
  })
})
