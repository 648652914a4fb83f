/**
 * Many steps in one run: tables and rings on the device, captured steps, guards, cancelling, and what requests refuse.
 */
import { expect } from 'chai'
import type { DType } from '../../../lib/base/dtype'
import * as b from '../../../lib/graph/build'
import { encode } from '../../../lib/graph/encode'
import { hyperNode, inputNode, stateNode } from '../../../lib/graph/leaves'
import { emptyProgram } from '../../../lib/graph/node'
import type { NativeBuffer, RunRequest, RunResult } from '../../../lib/native/contract'
import { native } from '../../../lib/native/native'
import { upload } from './support'

const rows = 23
const batch = 4

/** One step of a toy: takes `batch` rows, moves the state, has costs, a total and a fetch, and a guard on the cost. */
function toy(dtype: DType) {
  const x = inputNode([batch, 3], 'x')
  const scale = inputNode([3], 'scale')
  const w = stateNode([3], 'w')
  const rate = hyperNode('rate')
  const noise = b.randomUniform([batch, 3], 2)
  const product = b.mul(b.add(x, noise), b.reshape(b.mul(w, scale), [1, 3]))
  const cost = b.sumSquares(product)
  return encode({
    ...emptyProgram(dtype),
    inputs: [x, scale],
    states: [w],
    hypers: [rate],
    fetches: [product],
    updates: [{ state: w, value: b.sub(w, b.mul(rate, b.sum(product, [0]))) }],
    guards: [cost],
    costs: [cost, b.sum(w)],
    accumulators: [b.sum(product, [0])],
  }).bytes
}

interface World {
  plan: ReturnType<typeof native.planCompileSync>
  state: NativeBuffer
  inputs: NativeBuffer[]
  collect: NativeBuffer
}

function world(device: string, dtype: DType, steps: number): World {
  return {
    plan: native.planCompileSync(toy(dtype), 'fused', device),
    state: upload(dtype, [0.5, -1, 2], device),
    inputs: [
      upload(
        dtype,
        Array.from({ length: rows * 3 }, (_, i) => Math.sin(i)),
        device,
      ),
      upload(dtype, [1, 0.5, 0.25], device),
    ],
    collect: native.bufferCreate(dtype, (steps * batch + 1) * 3, null, device),
  }
}

const requestOf = (w: World, steps: number, more: RunRequest = {}): RunRequest => ({
  states: [w.state],
  inputs: w.inputs,
  gathered: [true, false],
  rows: Uint32Array.from({ length: steps * batch }, (_, i) => (i * 7) % rows),
  steps,
  hyper: Float64Array.from({ length: steps }, (_, i) => 0.01 / (1 + i)),
  seed: 99n,
  firstStep: 5,
  ...more,
})

/** Synchronous runs keep no working memory; these do, and with it what was captured. */
const run = (w: World, request: RunRequest) => native.planRun(w.plan, request, null).promise

const close = (found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12) => {
  expect(found.length).to.equal(expected.length)
  for (let i = 0; i < found.length; i++) expect(found[i], `[${i}]`).to.be.closeTo(expected[i], tolerance)
}

describe('steps on cuda', () => {
  for (const steps of [1, 2, 63, 200])
    it(`${steps} of them do what they do on the CPU`, () => {
      const run = (device: string) => {
        const w = world(device, 'float64', steps)
        const result = native.planRunSync(w.plan, requestOf(w, steps, { collect: [w.collect], collectRow: 1 }))
        return { result, state: native.bufferRead(w.state), collected: native.bufferRead(w.collect) }
      }
      const [cpu, cuda] = [run('cpu'), run('cuda')]
      expect([cuda.result.status, cuda.result.stepsDone]).to.deep.equal(['done', steps])
      close(cuda.result.costs, cpu.result.costs)
      close(cuda.result.accumulators, cpu.result.accumulators)
      close(cuda.state, cpu.state)
      close(cuda.collected, cpu.collected)
      expect(cuda.result.fetches).to.deep.equal([])
    })

  it('hand the fetches of the last step back in the memory of the CPU', () => {
    const run = (device: string) => {
      const w = world(device, 'float32', 3)
      const { fetches } = native.planRunSync(w.plan, requestOf(w, 3))
      return fetches.map((buffer) => [...native.bufferRead(buffer)])
    }
    close(run('cuda')[0], run('cpu')[0], 1e-5)
  })

  it('are captured once and replayed, also in later runs with other rows and data', async () => {
    const w = world('cuda', 'float64', 10)
    const before = native.deviceCounters('cuda')
    await run(w, requestOf(w, 10, { collect: [w.collect] }))
    const other = upload('float64', new Float64Array(rows * 3).fill(0.1), 'cuda')
    const later = requestOf(w, 10, { collect: [w.collect], inputs: [other, w.inputs[1]] })
    await run(w, later)
    const after = native.deviceCounters('cuda')
    expect(after.captures - before.captures).to.equal(1)
    // The first step of a run goes kernel by kernel.
    expect(after.graphLaunches - before.graphLaunches).to.equal(18)
    // Ordinary memory is in the graph by its address: another array, another capture.
    const scale = upload('float64', [1, 1, 1], 'cuda')
    await run(w, { ...later, inputs: [other, scale] })
    expect(native.deviceCounters('cuda').captures - after.captures).to.equal(1)
  })

  it('wait for the device once a chunk, not once a step', async () => {
    const w = world('cuda', 'float64', 200)
    const request = requestOf(w, 200, { collect: [w.collect] })
    await run(w, request)
    const before = native.deviceCounters('cuda').waits
    await run(w, request)
    // Chunks grow from 1 to 64 steps unless steps are slow, and four copies go up or down.
    expect(native.deviceCounters('cuda').waits - before).to.be.at.most(100)
  })

  it('end before the first one that is not finite, and say where it began', () => {
    const run = (device: string) => {
      const w = world(device, 'float64', 100)
      const hyper = Float64Array.from({ length: 100 }, (_, i) => (i === 36 ? 1e200 : 0.001))
      const result = native.planRunSync(w.plan, requestOf(w, 100, { hyper, collect: [w.collect] }))
      return { result, state: [...native.bufferRead(w.state)] }
    }
    const [cpu, cuda] = [run('cpu'), run('cuda')]
    const picture = ({ status, stepsDone, label, value }: RunResult) => ({ status, stepsDone, label, value })
    expect(cuda.result.status).to.equal('nonFinite')
    expect(cuda.result.stepsDone).to.equal(37)
    expect(picture(cuda.result)).to.deep.equal(picture(cpu.result))
    expect(cuda.result.costs.length).to.equal(2 * 37)
    close(cuda.result.accumulators, cpu.result.accumulators)
    cuda.state.forEach((v, i) => expect(v / cpu.state[i]).to.be.closeTo(1, 1e-12))
  })

  it('end at a boundary when cancelled, and report what they did', async () => {
    const steps = 100_000
    const w = world('cuda', 'float64', 0)
    const costs: number[] = []
    let reports = 0
    const job = native.planRun(w.plan, requestOf(w, steps), (done, more) => {
      costs.push(...more)
      expect(costs.length).to.equal(2 * done)
      if (++reports === 2) job.cancel()
    })
    const result = await job.promise
    expect(result.status).to.equal('cancelled')
    expect(result.stepsDone).to.be.within(1, steps - 1)
    expect(result.costs.length).to.equal(2 * result.stepsDone)
    expect([...result.costs.subarray(0, costs.length)]).to.deep.equal(costs)
    const again = world('cpu', 'float64', 0)
    const part = requestOf(again, steps)
    const same = native.planRunSync(again.plan, {
      ...part,
      steps: result.stepsDone,
      rows: part.rows!.subarray(0, result.stepsDone * batch),
      hyper: part.hyper!.subarray(0, result.stepsDone),
    })
    close(native.bufferRead(w.state), native.bufferRead(again.state), 1e-9)
    close(result.accumulators, same.accumulators, 1e-6)
  })

  it('of two runs at once do not meet', async () => {
    const alone = () => {
      const w = world('cuda', 'float64', 0)
      return { w, request: requestOf(w, 150) }
    }
    const [a, c, reference] = [alone(), alone(), alone()]
    const results = await Promise.all([a, c].map(({ w, request }) => native.planRun(w.plan, request, null).promise))
    const expected = native.planRunSync(reference.w.plan, reference.request)
    for (const result of results) expect([...result.costs]).to.deep.equal([...expected.costs])
    for (const { w } of [a, c])
      expect([...native.bufferRead(w.state)]).to.deep.equal([...native.bufferRead(reference.w.state)])
  })

  it('refuse buffers of another device, by name', () => {
    const [cpu, cuda] = [world('cpu', 'float64', 1), world('cuda', 'float64', 1)]
    const wrong: [RunRequest, RegExp][] = [
      [{ states: [cpu.state] }, /state 0 is in the memory of cpu; the plan runs on cuda:0/],
      [{ inputs: [cpu.inputs[0], cuda.inputs[1]] }, /input 0 is in the memory of cpu/],
      [{ inputs: [cuda.inputs[0], cpu.inputs[1]] }, /input 1 is in the memory of cpu/],
      [{ collect: [cpu.collect] }, /collect 0 is in the memory of cpu/],
    ]
    for (const [more, message] of wrong)
      expect(() => native.planRunSync(cuda.plan, requestOf(cuda, 1, more))).to.throw(Error, message)
    expect(() => native.planRunSync(cpu.plan, requestOf(cpu, 1, { states: [cuda.state] }))).to.throw(
      /state 0 is in the memory of cuda:0; the plan runs on cpu/,
    )
  })

  it('copies between devices keep the values', () => {
    const data = Float64Array.from({ length: 1000 }, (_, i) => i / 7)
    const host = native.bufferCreate('float64', 1000, data)
    const device = native.bufferClone(host, 'cuda')
    const copies = [device, native.bufferClone(device), native.bufferClone(device, 'cpu'), native.bufferClone(host)]
    for (const buffer of copies) expect([...native.bufferRead(buffer)]).to.deep.equal([...data])
    native.bufferWrite(
      device,
      data.map((v) => -v),
    )
    expect(native.bufferRead(device)[999]).to.equal(-999 / 7)
    expect([...native.bufferRead(native.bufferCreate('float32', 3, null, 'cuda'))]).to.deep.equal([0, 0, 0])
    expect(native.bufferRead(native.bufferCreate('float32', 0, null, 'cuda')).length).to.equal(0)
  })
})
