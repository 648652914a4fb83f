/** On the stand-in the order of threads and blocks is a setting: nothing may depend on it. */
import { expect } from 'chai'
import { inputsOf, nameOf } from '../../ops/cases'
import { skip } from '../../skip'
import { child, chosen, compile, isStandIn, thorough, withDerivatives } from './support'

describe('thread order', () => {
  const orders: Record<string, string>[] = [
    { EMU_ORDER: 'forward' },
    { EMU_ORDER: 'reverse' },
    ...(thorough ? [1, 2, 3] : [1]).map((seed) => ({ EMU_ORDER: 'random', EMU_SEED: String(seed) })),
  ]

  it('any of them gives the same bits of every primitive and its derivative, and so does a second run', function () {
    if (!isStandIn) return skip(this, 'only the stand-in runtime has a choice of thread orders')
    const before = { ...process.env }
    try {
      for (const c of chosen) {
        const { inputs, nodes } = withDerivatives(c)
        for (const dtype of ['float32', 'float64'] as const) {
          const { run } = compile(nodes, inputs, dtype, 'fused', 'cuda')
          // The runtime reads its environment at every launch.
          const results = [...orders, ...orders].map((order) => {
            Object.assign(process.env, order)
            return run(inputsOf(c))
          })
          for (const result of results.slice(1)) expect(result, `${nameOf(c)} ${dtype}`).to.deep.equal(results[0])
        }
      }
    } finally {
      for (const key of ['EMU_ORDER', 'EMU_SEED'])
        if (before[key] === undefined) delete process.env[key]
        else process.env[key] = before[key]
    }
  })

  it('any of them gives the same bits of whole trainings', function () {
    if (!isStandIn) return skip(this, 'only the stand-in runtime has a choice of thread orders')
    const results = orders.map((env) => {
      const { status, stdout, stderr } = child('bits', env)
      expect(status, stderr).to.equal(0)
      return JSON.parse(stdout) as { devices: string[]; bits: string }
    })
    expect(new Set(results[0].devices)).to.deep.equal(new Set(['cuda:0']))
    expect(new Set(results.map(({ bits }) => bits)).size).to.equal(1)
  })
})
