/** On the stand-in the order of threads and blocks is a setting: nothing may depend on it. */
import { skip } from '../skip'
import { expect } from 'chai'
import { child, isStandIn, thorough } from './support'

describe('thread order', () => {
  const orders: Record<string, string>[] = [
    { EMU_ORDER: 'forward' },
    { EMU_ORDER: 'reverse' },
    ...(thorough ? [1, 2, 3] : [1]).map((seed) => ({ EMU_ORDER: 'random', EMU_SEED: String(seed) })),
  ]

  it('any of them gives the same bits', function () {
    if (!isStandIn) return skip(this, 'only the stand-in runtime has a choice of thread orders')
    const results = orders.map((env) => {
      const { status, stdout, stderr } = child('train', env, ['cuda'])
      expect(status, stderr).to.equal(0)
      return JSON.parse(stdout) as { device: string; bits: string }
    })
    expect(results[0].device).to.equal('cuda:0')
    expect(new Set(results.map(({ bits }) => bits)).size).to.equal(1)
  })
})
