import { expect } from 'chai'
import { DTypeError, grad, ops, OptionError, tensor, type Tensor } from '../../lib'
import * as b from '../../lib/graph/build'
import { TraceContext } from '../../lib/graph/context'
import { encode } from '../../lib/graph/encode'
import { emptyProgram, type Node } from '../../lib/graph/node'
import { currentStreams, RandomStreams, withRandomStreams } from '../../lib/graph/random-streams'
import { native } from '../../lib/native/native'
import { nodeOf } from '../../lib/tensor/tensor'
import { worst } from './distance'
import { philoxUniform } from './philox'

const seed = 0x0123456789abcdefn

/** Traces `draw` as part of a program and runs some steps of it: the numbers of each step and tensor. */
function steps(draw: () => Tensor[], count: number, firstStep = 1): number[][][] {
  const context = new TraceContext('float64', { convertCaptures: true })
  const fetches = withRandomStreams(new RandomStreams(context), draw).map((t) => nodeOf(t)!)
  const { bytes, captures } = encode({ ...emptyProgram('float64'), fetches })
  expect(captures).to.have.length(0)
  const plan = native.planCompileSync(bytes, 'fused')
  return Array.from({ length: count }, (_, i) =>
    native.planRunSync(plan, { seed, firstStep: firstStep + i }).fetches.map((f) => Array.from(native.bufferRead(f))),
  )
}

describe('random numbers of a program', () => {
  it('are new in each step and for each call: streams 2^16, 2^16 + 1, …, in the order of the calls', () => {
    const draw = () => [ops.randomUniform([3, 2]), ops.randomUniform([6]), ops.randomUniform([6], { min: -1, max: 3 })]
    const found = steps(draw, 2, 7)
    found.forEach((numbers, i) => {
      const [first, second, third] = [0, 1, 2].map((k) => philoxUniform(6, seed, BigInt(7 + i), 2 ** 16 + k))
      expect(numbers).to.deep.equal([first, second, third.map((u) => 4 * u - 1)])
    })
    expect(steps(draw, 2, 7)).to.deep.equal(found)
  })

  it('normal ones take two streams', () => {
    const [[normal, uniform]] = steps(() => [ops.randomNormal([5], { mean: 1, std: 2 }), ops.randomUniform([5])], 1)
    const [u, v] = [0, 1].map((k) => philoxUniform(5, seed, 1n, 2 ** 16 + k))
    const expected = u.map((x, i) => 1 + 2 * Math.sqrt(-2 * Math.log(1 - x)) * Math.cos(2 * Math.PI * v[i]))
    expect(worst(normal, expected)).to.be.at.most(1e-14)
    expect(uniform).to.deep.equal(philoxUniform(5, seed, 1n, 2 ** 16 + 2))
  })

  it('with a seed are constants; outside of a program they are numbers at once', () => {
    const constant = withRandomStreams(new RandomStreams(new TraceContext('float32')), () =>
      ops.randomUniform([4], { seed: 1 }),
    )
    expect([...constant.data]).to.deep.equal([...ops.randomUniform([4], { seed: 1 }).data])
    expect(currentStreams()).to.equal(undefined)
    expect(ops.randomUniform([4]).data).to.have.length(4)
    expect(() =>
      withRandomStreams(new RandomStreams(new TraceContext('float32')), () => {
        throw new Error('mine')
      }),
    ).to.throw('mine')
    expect(currentStreams()).to.equal(undefined)
  })

  it('take part in derivatives, also of functions inside of the program', () => {
    const inner = () => {
      const noisy = (x: Tensor) => ops.sum(ops.mul(x, ops.randomUniform([3])))
      const [dx] = grad(noisy)(tensor([1, 1, 1], { dtype: 'float64' }))
      return [nodeOf(dx) ? dx : ops.randomUniform([1])]
    }
    // The tensor is a capture: its derivative is the random numbers themselves.
    expect(steps(inner, 2).map(([dx]) => dx)).to.deep.equal(
      [1n, 2n].map((step) => philoxUniform(3, seed, step, 2 ** 16)),
    )
  })

  it('are different numbers, also after simplification', () => {
    const [[difference]] = steps(() => [ops.sub(ops.randomUniform([8]), ops.randomUniform([8]))], 1)
    expect(difference.some((d) => d !== 0)).to.equal(true)
  })

  it('wrong options are errors', () => {
    const draw = (options: object, op: 'randomUniform' | 'randomNormal' = 'randomUniform') =>
      withRandomStreams(new RandomStreams(new TraceContext('float64')), () => ops[op]([2], options))
    expect(() => draw({ stream: 3 })).to.throw(OptionError, 'randomUniform: stream: expected a seed beside it.')
    expect(() => draw({ dtype: 'float32' }, 'randomNormal')).to.throw(DTypeError, 'randomNormal: cannot mix float64')
    expect(draw({ dtype: 'float64' }).dtype).to.equal('float64')
    expect(() => draw({ dtype: 'int32' })).to.throw(DTypeError, "expected dtype 'float32' or 'float64', got \"int32\"")
    expect(() => draw({ min: 1, max: 0 })).to.throw(OptionError, 'min < max')
    expect(() => draw({ sed: 1 })).to.throw(OptionError, "Did you mean 'seed'")
  })

  it('a program has room for many of them', () => {
    const streams = new RandomStreams(new TraceContext('float32'))
    const far = streams.take(2 ** 24 - 2 ** 16)
    expect(far).to.equal(2 ** 16)
    expect(() => streams.take(1)).to.throw('more than 16711680 places')
    const node: Node = b.randomUniform([1], 2 ** 24 - 1)
    expect(node.attrs.stream).to.equal(2 ** 24 - 1)
  })
})
