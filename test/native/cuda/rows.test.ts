/** Whole numbers on the GPU, and steps that change rows of their states only: the bits of the CPU. */
import { expect } from 'chai'
import * as b from '../../../lib/graph/build'
import { encode } from '../../../lib/graph/encode'
import { inputNode, stateNode } from '../../../lib/graph/leaves'
import { emptyProgram } from '../../../lib/graph/node'
import { native } from '../../../lib/native/native'
import { embeddingStep, rows, start, upload, values } from '../../graph/row-updates'
import { expectLaunches } from './support'

function train(device: string, ids: readonly number[], steps: number) {
  const plan = native.planCompileSync(embeddingStep(), 'fused', device)
  const { inputs, states } = upload(device, ids)
  const { status, stepsDone, costs, fetches, value } = native.planRunSync(plan, { inputs, states, steps })
  if (device !== 'cpu') expectLaunches(native.planInfo(plan).instructions, native.planInfo(plan).launches)
  return { status, stepsDone, costs: [...costs], value, states: states.map(values), fetches: fetches.map(values) }
}

describe('rows by number on cuda', () => {
  it('steps have the bits of the CPU, the first one and those that are replayed', () => {
    for (const ids of [
      [3, 0, 3, 8, 0, 3],
      [5, 5, 5, 5, 5, 5],
      [0, 1, 2, 3, 4, 5],
    ]) {
      const [cpu, cuda] = [train('cpu', ids, 5), train('cuda', ids, 5)]
      expect(cuda.states).to.deep.equal(cpu.states)
      expect(cuda.fetches).to.deep.equal(cpu.fetches)
      expect(cuda.costs.length).to.equal(5)
    }
  })

  it('a number outside of the table ends the run before anything is written', () => {
    for (const bad of [-1, rows, 2 ** 31 - 1]) {
      const { status, stepsDone, value, states } = train('cuda', [3, 0, bad, 8, 0, 3], 3)
      expect([status, stepsDone, value]).to.deep.equal(['nonFinite', 0, 'take [6,4]'])
      expect(states[0]).to.deep.equal(start())
    }
  })

  it('whole numbers are gathered, moved, kept, added up, collected and handed back', () => {
    const ids = inputNode([2, 3], 'ids', 'int32')
    const kept = stateNode([2, 3], 'kept', 'int32')
    const turned = b.transpose(ids)
    const program = {
      ...emptyProgram('float32'),
      inputs: [ids],
      states: [kept],
      fetches: [turned, b.concat([ids, kept], 1)],
      updates: [{ state: kept, value: ids }],
      accumulators: [b.slice(ids, [0, 0], [2, 1])],
    }
    const { bytes } = encode(program)
    const data = Int32Array.of(0, 1, 2, 10, 11, 12, 2 ** 24 + 1, -21, 2 ** 31 - 1)
    const run = (device: string, collected: boolean) => {
      const state = native.bufferCreate('int32', 6, Int32Array.of(1, 2, 3, 4, 5, 6), device)
      const collect = [12, 24].map((n) => native.bufferCreate('int32', n, null, device))
      const result = native.planRunSync(native.planCompileSync(bytes, 'fused', device), {
        inputs: [native.bufferCreate('int32', 9, data, device)],
        gathered: [true],
        rows: Uint32Array.of(2, 0, 1, 1),
        states: [state],
        steps: 2,
        ...(collected ? { collect } : {}),
      })
      return [...(collected ? collect : result.fetches), state].map(values).concat([[...result.accumulators]])
    }
    for (const collected of [false, true]) expect(run('cuda', collected)).to.deep.equal(run('cpu', collected))
    expect(run('cuda', true)[0].slice(0, 6)).to.deep.equal([2 ** 24 + 1, 0, -21, 1, 2 ** 31 - 1, 2])
  })
})
