/** Every primitive on the GPU against the CPU: values, derivatives, random numbers; and that it ran there. */
import { expect } from 'chai'
import * as b from '../../lib/graph/build'
import { gradients } from '../../lib/graph/grad'
import type { Node } from '../../lib/graph/node'
import { inputNode } from '../../lib/graph/trace'
import { native } from '../../lib/native'
import { cases, generator, inputsOf, nameOf } from '../ops/cases'
import { worst } from '../ops/distance'
import { philoxUniform } from '../ops/philox'
import { compile, expectLaunches, thorough } from './support'

/** Both sides round alike but for the order of long sums; relative to max(1, |value|). */
const tolerance = { float32: 3e-6, float64: 2e-14 } as const

/** Σ weights·y: a scalar whose derivative shows every entry of dy/dx. */
function weighted(y: Node): Node {
  const random = generator(7)
  const weights = Array.from({ length: y.shape.reduce((n, d) => n * d, 1) }, () => random() * 2 - 1)
  return b.sum(b.mul(y, b.constantArray(weights, y.shape)))
}

/** The first case of every op in the quick run. */
const chosen = cases.filter((c, i) => thorough || cases.findIndex((other) => other.op === c.op) === i)

describe('primitives on cuda', () => {
  it('are registered by both backends under the same names', () => {
    const [cpu, cuda] = [native.kernelNames('cpu'), native.kernelNames('cuda')]
    expect(cuda.elementwise).to.deep.equal(cpu.elementwise)
    expect([...cuda.kernels].sort()).to.include.members([...cpu.kernels].sort())
  })

  for (const c of chosen)
    it(nameOf(c), () => {
      const inputs = c.shapes.map((shape) => inputNode(shape))
      const values = inputsOf(c)
      const result = c.build(...inputs)
      const nodes = [result, ...gradients(weighted(result), inputs)]
      for (const dtype of ['float64', 'float32'] as const) {
        const expected = compile(nodes, inputs, dtype, 'fused', 'cpu').run(values)
        for (const mode of thorough ? (['fused', 'plain'] as const) : (['fused'] as const)) {
          const onGpu = compile(nodes, inputs, dtype, mode, 'cuda')
          const before = native.deviceCounters('cuda')
          const found = onGpu.run(values)
          const after = native.deviceCounters('cuda')
          found.forEach((array, i) =>
            expect(worst(array, expected[i]), `${dtype} ${mode} ${i}`).to.be.at.most(tolerance[dtype]),
          )
          const { instructions, launches, device } = native.planInfo(onGpu.plan)
          expect(device).to.equal('cuda:0')
          expectLaunches(instructions, launches)
          // Beside the instructions a step has two kernels: one begins it, one ends it.
          expect(after.launches - before.launches).to.equal(launches.reduce((x, y) => x + y, 2))
          expect(after.hostKernelCalls - before.hostKernelCalls).to.equal(0)
        }
      }
    })

  it('randomUniform gives the numbers of the CPU, bit for bit', () => {
    const seed = 0x0123456789abcdefn
    for (const count of [1, 21, 4099])
      for (const dtype of ['float32', 'float64'] as const) {
        const [found] = compile([b.randomUniform([count], 5)], [], dtype, 'fused', 'cuda').run([], seed)
        expect(found).to.deep.equal(philoxUniform(count, seed, 1n, 5))
      }
  })

  it('NaN goes through every op that has it on the CPU', () => {
    for (const c of cases.filter((k, i) => cases.findIndex((other) => other.op === k.op) === i)) {
      const inputs = c.shapes.map((shape) => inputNode(shape))
      const poisoned = inputsOf(c).map((v) => v.map(() => NaN))
      const [cpu, cuda] = (['cpu', 'cuda'] as const).map((device) =>
        compile([c.build(...inputs)], inputs, 'float64', 'fused', device)
          .run(poisoned)[0]
          .map(Number.isNaN),
      )
      expect(cuda, nameOf(c)).to.deep.equal(cpu)
    }
  })
})
