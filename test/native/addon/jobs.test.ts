import { expect } from 'chai'
import { collectGarbage } from '../../garbage'
import type { NativeBuffer } from '../../../lib/native/contract'
import { native } from '../../../lib/native/native'
import { counter, multiplier } from './support'

const ones = (steps: number) => new Float64Array(steps).fill(1)

describe('addon jobs', () => {
  let state: NativeBuffer
  beforeEach(() => {
    state = native.bufferCreate('float64', 1, null)
  })

  it('give what a synchronous run gives', async () => {
    const plan = native.planCompileSync(counter(1), 'fused')
    const result = await native.planRun(plan, { states: [state], steps: 4, hyper: ones(4) }, null).promise
    expect({ ...result, costs: [...result.costs], accumulators: [...result.accumulators], fetches: 0 }).to.deep.equal({
      status: 'done',
      stepsDone: 4,
      costs: [1, 2, 3, 4],
      accumulators: [10],
      fetches: 0,
      label: '',
      value: '',
    })
    expect(native.bufferRead(result.fetches[0])[0]).to.equal(6)
  })

  it('report every cost once and in order, about every 20 ms', async () => {
    const plan = native.planCompileSync(multiplier(128), 'fused')
    const matrix = native.bufferCreate('float32', 128 ** 2, new Float32Array(128 ** 2).fill(1))
    const seen: number[] = []
    const counts: number[] = []
    const start = performance.now()
    const steps = 2000
    const { promise } = native.planRun(plan, { states: [matrix], steps }, (done, costs) => {
      seen.push(...costs)
      counts.push(done)
      expect(done).to.equal(seen.length)
    })
    const result = await promise
    const elapsed = performance.now() - start
    expect(seen).to.deep.equal([...result.costs])
    expect(counts.at(-1)).to.equal(steps)
    expect(counts.length).to.be.at.most(elapsed / 20 + 2)
  })

  it('cross into JavaScript as often for ten times the steps', async () => {
    const plan = native.planCompileSync(counter(1), 'fused')
    const crossings = async (steps: number) => {
      const start = performance.now()
      const before = native.crossings()
      await native.planRun(plan, { states: [state], steps, hyper: ones(steps) }, () => {}).promise
      return native.crossings() - before - Math.floor((performance.now() - start) / 20)
    }
    expect(await crossings(10)).to.be.within(1, 4)
    expect(await crossings(100)).to.be.within(1, 4)
    expect(await crossings(10_000)).to.be.within(1, 4)
  })

  it('end at a step boundary when cancelled, and leave states usable', async () => {
    const plan = native.planCompileSync(counter(1), 'fused')
    const steps = 1_000_000
    const job = native.planRun(plan, { states: [state], steps, hyper: ones(steps) }, null)
    job.cancel()
    job.cancel()
    const result = await job.promise
    expect(result.status).to.equal('cancelled')
    expect(result.costs.length).to.equal(result.stepsDone)
    expect(native.bufferRead(state)[0]).to.equal(result.stepsDone)
    const again = await native.planRun(plan, { states: [state], hyper: ones(1) }, null).promise
    expect(again.status).to.equal('done')
    job.cancel()
  })

  it('are cancelled within half a second in the middle of long work', async () => {
    const plan = native.planCompileSync(multiplier(256), 'fused')
    const matrix = native.bufferCreate('float32', 256 ** 2, new Float32Array(256 ** 2).fill(1))
    let cancelledAt = 0
    const job = native.planRun(plan, { states: [matrix], steps: 1_000_000 }, () => {
      if (cancelledAt) return
      cancelledAt = performance.now()
      job.cancel()
    })
    const result = await job.promise
    expect(result.status).to.equal('cancelled')
    expect(performance.now() - cancelledAt).to.be.below(500)
  })

  it('reject with what onProgress threw, after stopping', async () => {
    const plan = native.planCompileSync(multiplier(128), 'fused')
    const matrix = native.bufferCreate('float32', 128 ** 2, new Float32Array(128 ** 2).fill(1))
    const mine = new Error('mine')
    let calls = 0
    const { promise } = native.planRun(plan, { states: [matrix], steps: 1_000_000 }, () => {
      calls++
      throw mine
    })
    expect(await promise.catch((error) => error)).to.equal(mine)
    expect(calls).to.equal(1)
  })

  it('reject requests that do not fit the plan with MYELIN_GRAPH', async () => {
    const plan = native.planCompileSync(counter(1), 'fused')
    const error = await native
      .planRun(plan, { states: [state], steps: 2, hyper: ones(1) }, null)
      .promise.catch((e) => e)
    expect(error).to.be.instanceOf(Error).with.property('code', 'MYELIN_GRAPH')
  })

  it('hold what they use: plan and buffers may be disposed while they run', async () => {
    await collectGarbage() // what earlier tests left must not go meanwhile
    const before = native.memory().liveBytes
    const plan = native.planCompileSync(counter(1000), 'fused')
    const large = native.bufferCreate('float64', 1000, null)
    const steps = 2000
    const { promise } = native.planRun(plan, { states: [large], steps, hyper: ones(steps) }, null)
    native.bufferDispose(large)
    native.planDispose(plan)
    const result = await promise
    expect(result.costs[steps - 1]).to.equal(1000 * steps)
    for (const fetch of result.fetches) native.bufferDispose(fetch)
    expect(native.memory().liveBytes).to.equal(before)
  })

  it('run several at once, more than there are threads', async () => {
    const plan = native.planCompileSync(counter(1), 'fused')
    const states = Array.from({ length: 12 }, () => native.bufferCreate('float64', 1, null))
    const steps = 1000
    const jobs = states.map((s) => native.planRun(plan, { states: [s], steps, hyper: ones(steps) }, null))
    const results = await Promise.all(jobs.map((job) => job.promise))
    expect(results.map((r) => r.costs[steps - 1])).to.deep.equal(Array(12).fill(steps))
    expect(states.map((s) => native.bufferRead(s)[0])).to.deep.equal(Array(12).fill(steps))
  })

  it('stop before the commit of a step that is not finite, and name the value', async () => {
    const plan = native.planCompileSync(multiplier(4), 'fused')
    const data = new Float32Array(16).fill(3e38)
    const matrix = native.bufferCreate('float32', 16, data)
    const result = await native.planRun(plan, { states: [matrix], steps: 3 }, null).promise
    expect(result.status).to.equal('nonFinite')
    expect(result.stepsDone).to.equal(0)
    expect(result.label).to.equal('product')
    expect(result.value).to.match(/matmul/)
    expect([...native.bufferRead(matrix)]).to.deep.equal([...data])
  })
})
