import { expect } from 'chai'
import { native } from '../../../lib/native/native'
import { counter, multiplier, rowSum } from './support'

describe('addon plans', () => {
  for (const mode of ['fused', 'plain'] as const)
    it(`run steps on the calling thread (${mode})`, () => {
      const plan = native.planCompileSync(counter(3), mode)
      const state = native.bufferCreate('float64', 3, new Float64Array([1, 2, 3]))
      const result = native.planRunSync(plan, { states: [state], steps: 3, hyper: new Float64Array([1, 10, 100]) })
      expect(result.status).to.equal('done')
      expect(result.stepsDone).to.equal(3)
      expect([...result.costs]).to.deep.equal([9, 39, 339])
      expect([...result.accumulators]).to.deep.equal([9 + 39 + 339])
      expect([...native.bufferRead(result.fetches[0])]).to.deep.equal([24, 26, 28])
      expect([...native.bufferRead(state)]).to.deep.equal([112, 113, 114])
      expect([result.label, result.value]).to.deep.equal(['', ''])
    })

  it('gather rows and collect fetches', () => {
    const plan = native.planCompileSync(rowSum(), 'fused')
    const data = native.bufferCreate('float32', 12, new Float32Array([...Array(12).keys()]))
    const collect = native.bufferCreate('float32', 4 * 3, null)
    const result = native.planRunSync(plan, {
      inputs: [data],
      gathered: [true],
      rows: new Uint32Array([3, 0, 1, 1]),
      steps: 2,
      collect: [collect],
    })
    expect([...result.costs]).to.deep.equal([9 + 10 + 11 + 0 + 1 + 2, 2 * (3 + 4 + 5)])
    expect(result.fetches).to.have.length(0)
    expect([...native.bufferRead(collect)]).to.deep.equal([13.5, 15, 16.5, 0, 1.5, 3, 4.5, 6, 7.5, 4.5, 6, 7.5])
  })

  it('describe themselves', () => {
    const info = native.planInfo(native.planCompileSync(counter(3), 'fused'))
    expect(info.dtype).to.equal('float64')
    expect(info.instructions).to.be.an('array').that.is.not.empty
    expect(info.arenaBytes).to.be.a('number')
  })

  it('refuse malformed graphs with MYELIN_GRAPH', () => {
    const good = counter(3)
    const bad = [new Uint8Array(0), new Uint8Array(64), good.slice(0, -1), Uint8Array.from([...good, 0])]
    for (const bytes of bad)
      expect(() => native.planCompileSync(bytes, 'fused'))
        .to.throw(Error)
        .with.property('code', 'MYELIN_GRAPH')
  })

  it('answer every single altered byte with an error or a plan', () => {
    const good = multiplier(4)
    let refused = 0
    for (let i = 0; i < good.length; i++)
      for (const flip of [1, 0x80, 0xff]) {
        const bytes = good.slice()
        bytes[i] ^= flip
        try {
          native.planDispose(native.planCompileSync(bytes, 'fused'))
        } catch (error) {
          expect((error as { code: string }).code).to.match(/^MYELIN_(GRAPH|MEMORY)$/)
          refused++
        }
      }
    expect(refused).to.be.greaterThan(good.length)
  })

  it('throw MYELIN_DISPOSED after dispose, which is idempotent', () => {
    const plan = native.planCompileSync(counter(3), 'fused')
    native.planDispose(plan)
    native.planDispose(plan)
    const uses = [() => native.planInfo(plan), () => native.planRunSync(plan, {}), () => native.planRun(plan, {}, null)]
    for (const use of uses)
      expect(use)
        .to.throw(Error, /was disposed/)
        .with.property('code', 'MYELIN_DISPOSED')
  })

  it('know their kernels, threads and version', () => {
    const { kernels, elementwise } = native.kernelNames()
    expect(kernels).to.include('matmul')
    expect(elementwise).to.include('relu')
    const { isa, version } = native.info()
    expect(isa).to.be.a('string').that.is.not.empty
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    expect(version).to.equal(require('../../../package.json').version)
    const threads = native.getThreads()
    native.setThreads(3)
    expect(native.getThreads()).to.equal(3)
    native.setThreads(threads)
  })
})
