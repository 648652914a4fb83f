/** Every primitive on the GPU against the CPU: values, derivatives, random numbers; and that it ran there. */
import { expect } from 'chai'
import * as b from '../../../lib/graph/build'
import { native } from '../../../lib/native/native'
import { betweenBackends, cases, inputNodesOf, inputsOf, nameOf, sumTolerance } from '../../ops/cases'
import { worst } from '../../ops/distance'
import { philoxUniform } from '../../ops/philox'
import { expectRegistered } from '../../ops/registered'
import { chosen, compile, expectLaunches, thorough, withDerivatives } from './support'

describe('primitives on cuda', () => {
  it('are registered by both backends: all of the table, the same names and arities, float32 and float64', () => {
    for (const device of ['cpu', 'cuda']) expectRegistered(device)
    const [cpu, cuda] = [native.kernelNames('cpu'), native.kernelNames('cuda')]
    expect(cuda.elementwise).to.deep.equal(cpu.elementwise)
    expect(cuda.arities).to.deep.equal(cpu.arities)
    expect([...cuda.kernels].sort()).to.deep.equal([...cpu.kernels].sort())
  })

  for (const c of chosen)
    it(nameOf(c), () => {
      const values = inputsOf(c)
      const { inputs, nodes } = withDerivatives(c)
      for (const dtype of ['float64', 'float32'] as const) {
        const expected = compile(nodes, inputs, dtype, 'fused', 'cpu').run(values)
        for (const mode of thorough ? (['fused', 'plain'] as const) : (['fused'] as const)) {
          const onGpu = compile(nodes, inputs, dtype, mode, 'cuda')
          const before = native.deviceCounters('cuda')
          const found = onGpu.run(values)
          const after = native.deviceCounters('cuda')
          found.forEach((array, i) => {
            const bound = i > 0 ? sumTolerance[dtype] : (betweenBackends[c.op]?.[dtype] ?? 0)
            expect(worst(array, expected[i]), `${dtype} ${mode} ${i}`).to.be.at.most(bound)
          })
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
      const inputs = inputNodesOf(c)
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
