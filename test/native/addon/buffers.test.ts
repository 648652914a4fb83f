import { expect } from 'chai'
import { native } from '../../../lib/native/native'
import { base64, child, counter } from './support'
import { collectGarbage } from '../../garbage'

describe('addon buffers', () => {
  it('round trip both types, and are copies on both sides', () => {
    for (const [dtype, Type] of [
      ['float32', Float32Array],
      ['float64', Float64Array],
    ] as const) {
      const data = new Type([1, -0, NaN, Infinity, 0.1])
      const buffer = native.bufferCreate(dtype, 5, data)
      const expected = [...data]
      data.fill(9)
      const first = native.bufferRead(buffer)
      expect(first).to.be.instanceOf(Type)
      expect([...first]).to.deep.equal(expected)
      first.fill(7)
      expect([...native.bufferRead(buffer)]).to.deep.equal(expected)
      expect(Object.is(native.bufferRead(buffer)[1], -0)).to.equal(true)
    }
  })

  it('start with zeros, can be written, cloned and be empty', () => {
    const buffer = native.bufferCreate('float32', 4, null)
    expect([...native.bufferRead(buffer)]).to.deep.equal([0, 0, 0, 0])
    native.bufferWrite(buffer, new Float32Array([1, 2, 3, 4]))
    const clone = native.bufferClone(buffer)
    native.bufferWrite(buffer, new Float32Array(4))
    expect([...native.bufferRead(clone)]).to.deep.equal([1, 2, 3, 4])
    expect(native.bufferRead(native.bufferCreate('float64', 0, null)).length).to.equal(0)
  })

  it('can be reserved, and written and read in parts', () => {
    const buffer = native.bufferReserve('float32', 5)
    native.bufferWrite(buffer, new Float32Array([3, 4, 5]), 2)
    native.bufferWrite(buffer, new Float32Array([1, 2]), 0)
    native.bufferWrite(buffer, new Float32Array(0), 5)
    expect([...native.bufferRead(buffer)]).to.deep.equal([1, 2, 3, 4, 5])
    expect([...native.bufferRead(buffer, 3)]).to.deep.equal([4, 5])
    expect([...native.bufferRead(buffer, 1, 2)]).to.deep.equal([2, 3])
    expect(native.bufferRead(buffer, 5).length).to.equal(0)
    expect(() => native.bufferRead(buffer, 6)).to.throw(TypeError, /bufferRead: from/)
    expect(() => native.bufferRead(buffer, 2, 4)).to.throw(TypeError, /bufferRead: count/)
    expect(() => native.bufferRead(buffer, -1)).to.throw(TypeError, /bufferRead: from/)
    expect(() => native.bufferWrite(buffer, new Float32Array(2), 4)).to.throw(TypeError, /at most 1 elements/)
    expect(() => native.bufferWrite(buffer, new Float32Array(1), 6)).to.throw(TypeError, /bufferWrite: from/)
    expect([...native.bufferRead(buffer)]).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('take views into larger and shared array buffers', () => {
    const view = new Float64Array(new Float64Array([1, 2, 3, 4]).buffer, 8, 2)
    expect([...native.bufferRead(native.bufferCreate('float64', 2, view))]).to.deep.equal([2, 3])
    const shared = new Float32Array(new SharedArrayBuffer(8))
    shared[1] = 5
    expect([...native.bufferRead(native.bufferCreate('float32', 2, shared))]).to.deep.equal([0, 5])
  })

  it('refuse a detached array by its length', () => {
    const data = new Float32Array(4)
    structuredClone(data.buffer, { transfer: [data.buffer] })
    expect(() => native.bufferCreate('float32', 4, data)).to.throw(TypeError, /got Float32Array\(0\)/)
  })

  it('survive a large read', () => {
    const count = 2 ** 24 + 1
    const buffer = native.bufferCreate('float64', count, null)
    const array = native.bufferRead(buffer)
    native.bufferDispose(buffer)
    expect(array.length).to.equal(count)
    expect(array[count - 1]).to.equal(0)
  })

  it('count their memory and give it back on dispose, once', async () => {
    await collectGarbage()
    const before = native.memory()
    const buffer = native.bufferCreate('float64', 1000, null)
    const during = native.memory()
    expect(during.liveBuffers - before.liveBuffers).to.equal(1)
    expect(during.liveBytes - before.liveBytes).to.be.at.least(8000)
    expect(during.peakBytes).to.be.at.least(during.liveBytes)
    native.bufferDispose(buffer)
    native.bufferDispose(buffer)
    expect(native.memory().liveBytes).to.equal(before.liveBytes)
    expect(native.memory().liveBuffers).to.equal(before.liveBuffers)
  })

  it('throw MYELIN_DISPOSED on every use after dispose', () => {
    const gone = native.bufferCreate('float64', 3, null)
    native.bufferDispose(gone)
    const plan = native.planCompileSync(counter(3), 'fused')
    const uses = [
      () => native.bufferRead(gone),
      () => native.bufferWrite(gone, new Float64Array(3)),
      () => native.bufferClone(gone),
      () => native.planRunSync(plan, { states: [gone], hyper: new Float64Array(1) }),
      () => native.planRun(plan, { states: [gone], hyper: new Float64Array(1) }, null),
    ]
    for (const use of uses)
      expect(use)
        .to.throw(Error, /was disposed/)
        .with.property('code', 'MYELIN_DISPOSED')
  })

  it('that no machine can hold are a MYELIN_MEMORY error', () => {
    for (const count of [2 ** 45, 2 ** 49])
      expect(() => native.bufferCreate('float64', count, null))
        .to.throw(Error)
        .with.property('code', 'MYELIN_MEMORY')
  })

  it('and plans, forgotten, are freed by the garbage collector: live memory returns to where it was', async () => {
    const outcome = await child('gc', { graph: base64(counter(20_000)), n: 20_000 }, ['--expose-gc'])
    expect(outcome.stderr).to.equal('')
    const { before, during, after } = JSON.parse(outcome.stdout)
    expect(during.liveBytes).to.be.greaterThan(before.liveBytes)
    expect(after.liveBytes).to.equal(before.liveBytes)
    expect(after.liveBuffers).to.equal(before.liveBuffers)
  })

  it('are freed while a loop goes on that never gives the event loop a turn', async () => {
    const rounds = 3000
    const outcome = await child('loop', { graph: base64(counter(20_000)), n: 20_000, rounds })
    expect(outcome.stderr).to.equal('')
    const { most, failures } = JSON.parse(outcome.stdout)
    // In all, 2 × 480 MB were made.
    expect(most).to.be.lessThan(200e6)
    expect(failures).to.equal(rounds)
  })
})
