import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { DType, Precision } from '../../lib/base/dtype'
import { MyelinError, OptionError, ShapeError } from '../../lib/base/errors'
import { broadcastShapes, normalizeAxes, type Shape } from '../../lib/base/shape'
import * as b from '../../lib/graph/build'
import { encode, encodeKeyed } from '../../lib/graph/encode'
import { gradients } from '../../lib/graph/grad'
import { withLabel } from '../../lib/graph/label'
import { captureNode, hyperNode, inputNode, stateNode } from '../../lib/graph/leaves'
import type { Node, Program } from '../../lib/graph/node'
import { primitives } from '../../lib/graph/primitives'
import { attributesOf, axis, flag, number } from '../../lib/graph/primitives/options'
import { printGraph, toDot } from '../../lib/graph/print'
import { reachable } from '../../lib/graph/reachable'
import { simplify } from '../../lib/graph/simplify'
import { decode, type DecodedGraph } from './decode'
import { interpret, interpretedOps, interpretOp, type Flat } from './interpret'

const program = (more: Partial<Program>): Program => ({
  dtype: 'float64',
  inputs: [],
  states: [],
  hypers: [],
  fetches: [],
  updates: [],
  guards: [],
  costs: [],
  accumulators: [],
  ...more,
})

describe('primitives', () => {
  it('are all documented, each option too: the comments are what editors show', () => {
    const folder = join(__dirname, '../../lib/graph/primitives')
    const text = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n')
    const documented = (name: string, indent: number) => text.includes(`*/\n${' '.repeat(indent)}${name}: `)
    const missing = Object.entries(primitives).flatMap(([name, { options }]) => [
      ...(documented(name, 2) ? [] : [name]),
      ...Object.keys(options ?? {}).flatMap((option) => (documented(option, 6) ? [] : [`${name} { ${option} }`])),
    ])
    expect(missing).to.deep.equal([])
  })

  it('turn what users give as options into attributes', () => {
    const options = { axis: axis(-1), reverse: flag(false), half: flag(true, 'halved'), slope: number(0.5) }
    const attributes = (given?: unknown, shapes: Shape[] = [[2, 3]]) => attributesOf('op', options)(given, shapes)
    expect(attributes()).to.deep.equal({ axis: 1, reverse: 0, halved: 1, slope: 0.5 })
    expect(attributes({ axis: -2, reverse: true, half: false, slope: undefined })).to.deep.equal({
      axis: 0,
      reverse: 1,
      halved: 0,
      slope: 0.5,
    })
    const label = () => withLabel('dense_1', () => attributes({ axis: 2 }))
    expect(label).to.throw(ShapeError, 'op (dense_1): axis 2 does not exist: expected -2…1 for rank 2.')
    expect(() => attributes(undefined, [[]])).to.throw(
      ShapeError,
      'op: axis -1 does not exist: the tensor is a scalar.',
    )
    expect(() => attributes({ axis: 0.5 })).to.throw(OptionError, 'op: expected an integer axis, got 0.5.')
    expect(() => attributes({ reverse: 1 })).to.throw(OptionError, 'op: reverse: expected true or false, got 1.')
    expect(() => attributes({ slope: NaN })).to.throw(OptionError, 'op: slope: expected a finite number, got NaN.')
    expect(() => attributes({ revers: true })).to.throw(
      OptionError,
      "op: unknown option 'revers'. Did you mean 'reverse'?",
    )
  })

  it('are all interpreted by the tests', () => {
    const names = Object.keys(primitives)
    const leaves = ['input', 'state', 'hyper', 'randomUniform']
    expect(names.filter((n) => !leaves.includes(n)).sort()).to.deep.equal([...interpretedOps].sort())
  })

  it('2.13 shapes that do not fit name the op, both shapes and the label', () => {
    const x = inputNode([3, 4])
    const y = inputNode([3, 2])
    expect(() => b.matmul(x, y)).to.throw(ShapeError, /^matmul: cannot multiply \[3, 4\] by \[3, 2\]/)
    expect(() => withLabel('dense_1', () => b.matmul(x, y))).to.throw(ShapeError, /^matmul \(dense_1\)/)
    expect(() => b.sub(inputNode([5]), inputNode([5, 1]))).to.throw(
      ShapeError,
      /sub: shapes \[5\] and \[5, 1\] have different ranks/,
    )
    expect(() => b.add(x, y)).to.throw(ShapeError, /axis 1 has sizes 4 and 2/)
    expect(() => b.matmul(x, inputNode([4]))).to.throw(ShapeError, /expected two matrices/)
    expect(() => b.reshape(x, [5])).to.throw(ShapeError, /12 elements/)
    expect(() => b.transpose(x, [0, 0])).to.throw(ShapeError)
    expect(() => b.slice(x, [2, 0], [2, 2])).to.throw(ShapeError, /not inside/)
    expect(() => b.pad(x, [1, 0], [3, 4])).to.throw(ShapeError, /does not fit/)
    expect(() => b.concat([x, y], 0)).to.throw(ShapeError)
    expect(() => b.broadcast(x, [3, 5])).to.throw(ShapeError)
    expect(() => b.softmax(inputNode([]))).to.throw(ShapeError)
    expect(() => b.softmaxCrossEntropy(x, y)).to.throw(ShapeError)
    expect(() => b.constantArray([1, 2], [3])).to.throw(ShapeError)
    expect(() => b.broadcast(inputNode([]), [1, 1, 1, 1, 1, 1, 1])).to.throw(ShapeError, /at most 6/)
    expect(() => b.createNode('nothing', [])).to.throw(MyelinError, /no primitive 'nothing'/)
    expect(() => b.createNode('add', [x])).to.throw(MyelinError, /takes 2 inputs, got 1/)
  })

  it('2.12 broadcast equal ranks and scalars', () => {
    expect(
      broadcastShapes('add', [
        [4, 1],
        [1, 3],
      ]),
    ).to.deep.equal([4, 3])
    expect(broadcastShapes('add', [[], [2]])).to.deep.equal([2])
    expect(broadcastShapes('select', [[], [4, 1], [1, 3]])).to.deep.equal([4, 3])
    expect(broadcastShapes('add', [[], []])).to.deep.equal([])
  })

  it('axes count from both ends', () => {
    expect(normalizeAxes('sum', [-1, 0], 3)).to.deep.equal([0, 2])
    expect(() => normalizeAxes('sum', 3, 3)).to.throw(ShapeError, /axis 3 does not exist/)
    expect(() => normalizeAxes('sum', [0, -3], 3)).to.throw(OptionError, /given twice/)
    expect(() => normalizeAxes('sum', 0.5, 3)).to.throw(OptionError)
    expect(() => normalizeAxes('sum', 0, 0)).to.throw(ShapeError, /scalar/)
  })
})

describe('simplify', () => {
  const x = inputNode([2, 3])
  const only = (node: Node) => simplify([node])[0]

  it('removes round trips', () => {
    expect(only(b.createNode('neg', [b.createNode('neg', [x])]))).to.equal(x)
    expect(only(b.transpose(b.transpose(x)))).to.equal(x)
    expect(only(b.reshape(b.reshape(x, [6]), [2, 3]))).to.equal(x)
    expect(only(b.createNode('mul', [x, b.constant(1, [2, 3])]))).to.equal(x)
    expect(only(b.createNode('add', [b.constant(0, [1, 3]), x]))).to.equal(x)
    expect(only(b.createNode('power', [x, b.constant(1)]))).to.equal(x)
    expect(only(b.createNode('div', [x, b.constant(1)]))).to.equal(x)
    expect(only(b.custom(x, [], () => []))).to.equal(x)
  })

  it('keeps the shape when a neutral element was the wider operand', () => {
    const row = inputNode([1, 3])
    const result = only(b.createNode('mul', [row, b.constant(1, [4, 3])]))
    expect([result.op, result.shape, result.inputs[0]]).to.deep.equal(['broadcast', [4, 3], row])
  })

  it('keeps x·0 and x−x, which are NaN for infinite x', () => {
    expect(only(b.mul(x, 0)).op).to.equal('mul')
    expect(only(b.sub(x, x)).op).to.equal('sub')
  })

  it('folds constants', () => {
    const node = only(b.add(b.mul(2, 3), b.exp(0)))
    expect([node.op, node.attrs.value]).to.deep.equal(['constant', [7]])
    const sum = only(b.sum(b.constant(0.5, [4, 3]), [0]))
    expect([sum.op, sum.shape, sum.attrs.value]).to.deep.equal(['constant', [3], [2]])
  })

  it('merges equal nodes, not random streams, other attributes or leaves', () => {
    const count = (node: Node) => reachable(simplify([node])).length
    expect(count(b.add(b.exp(x), b.exp(x)))).to.equal(3)
    expect(count(b.add(b.randomUniform([2], 1), b.randomUniform([2], 1)))).to.equal(2)
    expect(count(b.add(b.randomUniform([2], 1), b.randomUniform([2], 2)))).to.equal(3)
    expect(count(b.add(b.leakyRelu(x, 0.1), b.leakyRelu(x, 0.2)))).to.equal(4)
    expect(count(b.add(inputNode([2]), inputNode([2])))).to.equal(3)
    const capture = {}
    expect(count(b.add(captureNode(capture, [2]), captureNode(capture, [2])))).to.equal(2)
    expect(count(b.add(captureNode({}, [2]), captureNode({}, [2])))).to.equal(3)
    expect(count(b.div(b.div(x, 0), b.div(x, -0)))).to.equal(6)
  })

  it('turns sums over axes of size 1 into reshapes and folds transposes into matmul', () => {
    const thin = inputNode([4, 1, 3])
    const summed = only(b.createNode('sum', [thin], { axes: [1], keepDims: 0 }))
    expect([summed.op, summed.shape]).to.deep.equal(['reshape', [4, 3]])
    const product = only(b.matmul(b.transpose(x), b.transpose(inputNode([4, 2]))))
    expect([product.op, product.attrs, product.inputs[0]]).to.deep.equal(['matmul', { transA: 1, transB: 1 }, x])
  })

  it('reads spread operands from their source', () => {
    const row = inputNode([1, 3])
    const node = only(b.mul(b.broadcast(row, [2, 3]), x))
    expect(node.inputs).to.deep.equal([row, x])
  })

  it('keeps values and derivatives of a small network, with fewer nodes', () => {
    const [input, w, bias, y] = [inputNode([4, 3]), inputNode([2, 3]), inputNode([2]), inputNode([4, 2])]
    const z = b.add(b.matmul(input, b.transpose(w)), b.reshape(bias, [1, 2]))
    const loss = b.div(b.sum(b.softmaxCrossEntropy(z, y)), 4)
    const cost = b.add(loss, b.mul(0.1, b.sumSquares(w)))
    const roots = [cost, ...gradients(cost, [w, bias])]
    const value = (n: number) => Array.from({ length: n }, (_, i) => Math.sin(i + n))
    const feeds = new Map<Node, number[]>([
      [input, value(12)],
      [w, value(6)],
      [bias, value(2)],
      [y, [1, 0, 0, 1, 1, 0, 0, 1]],
    ])
    const simple = simplify(roots)
    interpret(simple, feeds).forEach((v, i) =>
      v.forEach((e, j) => expect(e).to.be.closeTo(interpret([roots[i]], feeds)[0][j], 1e-14)),
    )
    expect(reachable(simple).length).to.be.below(reachable(roots).length)
  })
})

/** Runs a decoded graph with the test interpreter. */
function runDecoded(graph: DecodedGraph, inputs: number[][]): number[][] {
  const values: Flat[] = []
  for (const node of graph.nodes)
    values.push(
      node.op === 'input'
        ? { shape: node.shape, data: inputs[node.attrs.slot as number] }
        : interpretOp(
            node.op,
            node.inputs.map((id) => values[id]),
            node.attrs,
            node.shape,
          ),
    )
  return graph.fetches.map((id) => values[id].data)
}

describe('encode', () => {
  it('writes what docs/internals/encoded-graph.md describes', () => {
    const x = inputNode([2, 3], 'x')
    const w = stateNode([1, 3], 'w')
    const rate = hyperNode('rate')
    const cost = b.sum(withLabel('layer_1', () => b.mul(x, w)))
    const [g] = gradients(cost, [w])
    const graph = decode(
      encode(
        program({
          dtype: 'float32',
          inputs: [x],
          states: [w],
          hypers: [rate],
          fetches: [cost],
          updates: [{ state: w, value: b.sub(w, b.mul(rate, g)) }],
          guards: [g],
          costs: [cost],
          accumulators: [cost],
        }),
      ).bytes,
    )
    expect([graph.dtype, graph.inputs, graph.states, graph.hypers]).to.deep.equal(['float32', 1, 1, 1])
    const op = (id: number) => graph.nodes[id].op
    expect(graph.nodes.filter((n) => n.op === 'input')).to.deep.equal([
      { op: 'input', label: 'x', dtype: 'float32', shape: [2, 3], inputs: [], attrs: { slot: 0 } },
    ])
    expect(graph.nodes.find((n) => n.label === 'layer_1')?.op).to.equal('mul')
    expect(graph.fetches.map(op)).to.deep.equal(['sum'])
    expect(graph.updates.map(([state, value]) => [op(state), op(value)])).to.deep.equal([['state', 'sub']])
    expect([graph.costs, graph.accumulators]).to.deep.equal([graph.fetches, graph.fetches])
    expect(graph.guards).to.have.length(1)
    graph.nodes.forEach((node, id) => expect(node.inputs.every((input) => input < id)).to.equal(true))
  })

  it('keeps values', () => {
    const [x, y] = [inputNode([2, 3]), inputNode([1, 3])]
    const node = b.custom(b.add(b.tanh(b.mul(x, y)), b.constantArray([1, 2, 3], [1, 3])), [x], () => [null])
    const { bytes } = encode(program({ inputs: [x, y], fetches: [node, b.transpose(node)] }))
    const data = [
      [1, -2, 3, 0.5, 0, -1],
      [0.1, 0.2, 0.3],
    ]
    const feeds = new Map([
      [x, data[0]],
      [y, data[1]],
    ])
    expect(decode(bytes).nodes.some((n) => n.op === 'custom')).to.equal(false)
    expect(runDecoded(decode(bytes), data)).to.deep.equal(interpret([node, b.transpose(node)], feeds))
  })

  it('appends captures after the declared inputs, and refuses strangers', () => {
    const x = inputNode([2])
    const tensor = { some: 'tensor' }
    const node = b.add(b.mul(captureNode(tensor, [2]), x), captureNode(tensor, [2]))
    const { bytes, captures } = encode(program({ inputs: [x], fetches: [node] }))
    expect(captures).to.deep.equal([tensor])
    expect(decode(bytes).inputs).to.equal(2)
    expect(() => encode(program({ fetches: [node] }))).to.throw(MyelinError, /outside of its function/)
    expect(() => encode(program({ fetches: [stateNode([1])] }))).to.throw(MyelinError, /outside of its function/)
  })

  it('grows with the program, and does not share bytes between programs', () => {
    const x = inputNode([2])
    const values = Array.from({ length: 30000 }, (_, i) => i)
    const big = b.sum(b.constantArray(values, [30000]))
    const first = encode(program({ inputs: [x], fetches: [b.mul(big, x)] })).bytes
    const copy = first.slice()
    const label = 'Schicht-ä-層'
    const second = encode(program({ inputs: [x], fetches: [withLabel(label, () => b.exp(x))] })).bytes
    expect(first).to.deep.equal(copy)
    expect(decode(first).nodes.find((n) => n.op === 'constant')?.attrs.value).to.deep.equal(values)
    expect(decode(second).nodes[1].label).to.equal(label)
  })

  it('writes unused declared leaves, so that every slot has a shape', () => {
    const [x, y, s] = [inputNode([2]), inputNode([7]), stateNode([3])]
    const graph = decode(encode(program({ inputs: [x, y], states: [s], fetches: [b.exp(x)] })).bytes)
    expect(graph.nodes.map((n) => n.shape)).to.deep.equal([[2], [7], [3], [2]])
  })

  it('has one key for one structure: labels and lifted numbers do not count', () => {
    const make = (label: string, factor: number, shape = [2]) => {
      const x = inputNode(shape)
      const node = withLabel(label, () => b.mul(factor, b.exp(x)))
      return encodeKeyed(program({ inputs: [x], fetches: [node] }))
    }
    expect(make('a', 3).key).to.equal(make('b', 4).key)
    expect(make('a', 3).captures).to.deep.equal([3])
    expect(make('a', 3).key).not.to.equal(make('a', 3, [3]).key)
  })

  it('says what its products are computed in, and has another key for each', () => {
    const x = inputNode([2, 2])
    const make = (dtype: DType, precision?: Precision) =>
      encodeKeyed({ ...program({ inputs: [x], fetches: [b.matmul(x, x)] }), dtype, precision })
    const of = (dtype: DType, precision?: Precision) => decode(make(dtype, precision).encoded().bytes).precision
    expect([of('float32'), of('float32', 'float32'), of('float64', 'float64')]).to.deep.equal(['full', 'full', 'full'])
    expect([of('float32', 'tf32'), of('float32', 'bf16')]).to.deep.equal(['tf32', 'bf16'])
    const keys = ([undefined, 'tf32', 'bf16'] as const).map((precision) => make('float32', precision).key)
    expect(new Set(keys).size).to.equal(3)
  })
})

describe('pictures of a graph', () => {
  const a = inputNode([], 'a')
  const J = withLabel('cost', () => b.mul(3, b.add(a, b.constant(2))))

  it('as text', () => {
    expect(printGraph([J], { names: new Map([[J, 'J']]), values: new Map([[J, '21']]) }).split('\n')).to.deep.equal([
      '%0 = input() []  # a',
      '%1 = constant(value=[2]) []  # cost',
      '%2 = add(%0, %1) []  # cost',
      '%3 = constant(value=[3]) []  # cost',
      'J = mul(%3, %2) []  # cost; = 21',
      'return J',
    ])
  })

  it('2.7 as DOT, every node with its name, value and derivative', () => {
    const dot = toDot([J], {
      names: new Map([
        [a, 'a'],
        [J, 'J'],
      ]),
      values: new Map([
        [a, '5'],
        [J, '21'],
      ]),
      derivatives: new Map([
        [a, '3'],
        [J, '1'],
      ]),
    })
    expect(dot).to.match(/^digraph \{/)
    expect(dot).to.include('label="a\\\\n= 5\\\\nd = 3"'.replace(/\\\\/g, '\\'))
    expect(dot).to.include('J = ×')
    expect((dot.match(/->/g) ?? []).length).to.equal(5)
    expect(toDot([inputNode([], 'say "hi"')])).to.include('say \\"hi\\"')
  })
})
