import { expect } from 'chai'
import { atOnce } from '../../lib/base/slices'
import { sorted } from '../../lib/base/sorted'

describe('sorted', () => {
  it('orders as Array.prototype.sort does, equal items as they stood', () => {
    const numbers = (count: number) => Array.from({ length: count }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0)
    for (const count of [0, 1, 2, 4096, 4097, 30_000]) {
      const items = numbers(count).map((n, place) => ({ key: n % 100, place }))
      const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
      const given = [...items]
      expect(atOnce(sorted(items, compare))).to.deep.equal([...items].sort(compare))
      expect(items).to.deep.equal(given)
    }
  })
})
