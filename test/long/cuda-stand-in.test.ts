// The stand-in CUDA runtime under sanitizers: they must see through its fibers, without false alarms.
import { skip } from '../skip'
import { expect } from 'chai'
import { barriers, buildKernelCheck, buildSelfTest, canBuild, runSelfTest as run } from '../cuda-on-cpu/self-test/build'

describe('the stand-in CUDA runtime under sanitizers', function () {
  before(function () {
    if (!canBuild) skip(this, 'there is no g++ to build the stand-in runtime with')
  })

  it('ThreadSanitizer: correct kernels are quiet, and every missing barrier is named', async () => {
    const program = await buildSelfTest('thread')
    for (const order of ['forward', 'reverse', 'random']) {
      const { failed, said } = run(program, [], { EMU_ORDER: order })
      expect(failed, said).to.equal(false)
    }
    for (let removed = 1; removed <= barriers; removed++) {
      const { failed, said } = run(program, ['kernels', String(removed)])
      expect(failed, `without barrier ${removed}: ${said}`).to.equal(true)
      expect(said).to.match(/data race[^]*kernels\.h:\d+/)
    }
  })

  it('AddressSanitizer: correct kernels are quiet, and an access out of bounds is named', async () => {
    const program = await buildSelfTest('address')
    for (const order of ['forward', 'random']) {
      const { failed, said } = run(program, [], { EMU_ORDER: order })
      expect(failed, said).to.equal(false)
    }
    for (const fault of ['beyond', 'beyond-shared']) {
      const { failed, said } = run(program, [fault])
      expect(failed, said).to.equal(true)
      expect(said).to.match(/heap-buffer-overflow[^]*kernels\.h:\d+/)
    }
  })

  for (const sanitizer of ['address', 'thread']) {
    it(`the kernels of the CUDA library are quiet: ${sanitizer} sanitizer`, () => {
      const { failed, said } = run(buildKernelCheck(sanitizer), ['forward', 'random:3'])
      expect(failed, said).to.equal(false)
      expect(said).to.contain('all well')
    })
  }
})
