import { expect } from 'chai'
import { OptionError } from '../../lib/base/errors'
import { getThreads, setThreads } from '../../lib/native/runtime'

describe('runtime', () => {
  it('setThreads takes 1…256', () => {
    const before = getThreads()
    setThreads(3)
    expect(getThreads()).to.equal(3)
    setThreads(before)
    for (const bad of [0, 257, 1.5, NaN, '2' as never]) expect(() => setThreads(bad)).to.throw(OptionError, /1 to 256/)
  })
})
