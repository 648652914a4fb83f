import { expect } from 'chai'
import { native } from '../../lib/native/native'
import { layers, losses, sequential, StateError, valueAndGrad } from '../../lib'
import { collectGarbage } from '../garbage'

/** A list whose numbers count how often each was read. */
function counted(length: number): { list: number[]; reads: Uint32Array } {
  const reads = new Uint32Array(length)
  const list = new Proxy(
    Array.from({ length }, (_, i) => i % 2),
    {
      get(target, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads[Number(key)]++
        return Reflect.get(target, key, receiver) as unknown
      },
    },
  )
  return { list, reads }
}

function model() {
  const net = sequential({ inputShape: [3], layers: [layers.dense({ units: 1, activation: 'sigmoid' })], seed: 1 })
  net.compile({ optimizer: 'adam', loss: losses.binaryCrossentropy() })
  return net
}

describe('the way of data and calls through a model', () => {
  it('x and y of { data, shape } are opened and converted once in a fit', async () => {
    const [x, y] = [counted(3 * 50), counted(50)]
    const net = model()
    await net.fit({ data: x.list, shape: [50, 3] }, { data: y.list, shape: [50, 1] }, { epochs: 2, batchSize: 16 })
    // Opening looks at the first number to find the shape.
    expect([...x.reads.slice(1), ...y.reads.slice(1)].every((n) => n === 1)).to.equal(true)
    expect([x.reads[0], y.reads[0]]).to.deep.equal([2, 2])
    net.dispose()
  })

  it('values of y are checked once, and typed arrays are never copied whole', async () => {
    const net = sequential({ inputShape: [3], layers: [layers.dense({ units: 1, activation: 'sigmoid' })], seed: 1 })
    const loss = losses.binaryCrossentropy()
    const rows: number[] = []
    const { checkTargetValues } = loss
    loss.checkTargetValues = (where, values, shape, firstRow = 0) => {
      for (let i = 0; i < values.length; i++) rows.push(firstRow + i)
      checkTargetValues(where, values, shape, firstRow)
    }
    net.compile({ optimizer: 'adam', loss })
    // More than a slice holds.
    const count = 300_000
    const x = new Float32Array(3 * count).fill(0.5)
    const y = Uint8Array.from({ length: count }, (_, i) => i % 2)
    let largest = 0
    const { subarray } = Float32Array.prototype
    x.subarray = (...args): Float32Array<ArrayBuffer> => {
      const part = subarray.apply(x, args) as Float32Array<ArrayBuffer>
      largest = Math.max(largest, part.length)
      return part
    }
    const given = { data: y, shape: [count, 1] }
    await net.fit({ data: x, shape: [count, 3] }, given, { batchSize: 'all', validationData: [[[1, 2, 3]], [1]] })
    expect(rows.length).to.equal(count + 1)
    expect(rows.slice(0, count).every((row, i) => row === i)).to.equal(true)
    expect(largest).to.be.within(1, count)
    net.dispose()
  })

  it('evaluate and predict read every number once', async () => {
    const [x, y] = [counted(3 * 50), counted(50)]
    const net = model()
    await net.evaluate({ data: x.list, shape: [50, 3] }, { data: y.list, shape: [50, 1] })
    expect([...x.reads.slice(1), ...y.reads.slice(1)].every((n) => n === 1)).to.equal(true)
    x.reads.fill(0)
    net.predictSync({ data: x.list, shape: [50, 3] }).dispose()
    expect([...x.reads.slice(1)].every((n) => n === 1)).to.equal(true)
    net.dispose()
  })

  it('an array that is changed or transferred during the call is an error, and the model stays usable', async () => {
    const net = model()
    const y = [0, 1]
    const typed = () => new Float32Array([1, 2, 3, 4, 5, 6])
    const transferred = typed()
    const runs: Promise<unknown>[] = [net.fit({ data: transferred, shape: [2, 3] }, y)]
    structuredClone(transferred, { transfer: [transferred.buffer] })
    await runs[0].catch(() => undefined)
    const list = [
      [1, 2, 3],
      [4, 5, 6],
    ]
    runs.push(net.fit(list, y))
    list.pop()
    for (const run of runs) {
      const error = await run.then(
        () => null,
        (e: Error) => e,
      )
      expect(error).to.be.instanceOf(StateError)
      expect(error?.message).to.match(/^fit: x: the array was changed or transferred/)
    }
    await net.fit({ data: typed(), shape: [2, 3] }, y)
    net.dispose()
  })

  it('valueAndGrad of a model leaves no memory behind', async () => {
    const net = model()
    const ofModel = valueAndGrad(net, 'binaryCrossentropy')
    const step = () => {
      const { grads } = ofModel([[1, 2, 3]], [1])
      for (const { weight, bias } of grads) for (const t of [weight, bias]) t?.dispose()
    }
    step()
    await collectGarbage()
    const { liveBuffers } = native.memory()
    for (let i = 0; i < 20; i++) step()
    expect(native.memory().liveBuffers).to.equal(liveBuffers)
    expect(() => ofModel([[1, 2, 3]], [1], { training: 'no' as never })).to.throw('training')
    net.dispose()
  })

  it('a row of { data, shape } that is nested otherwise is read all the same', async () => {
    const net = model()
    const flat = Array.from({ length: 24 }, (_, i) => i / 24)
    const pairs = Array.from({ length: 12 }, (_, i) => flat.slice(2 * i, 2 * i + 2))
    const expected = net.predictSync({ data: flat, shape: [8, 3] }).toArray() as number[][]
    expect(net.predictSync({ data: pairs, shape: [8, 3] }).toArray()).to.deep.equal(expected)
    expect(() => net.predictSync({ data: pairs, shape: [7, 3] })).to.throw('shape [7, 3] takes 21 numbers, got 24')
    net.dispose()
  })

  it('fit reaches native code through at most 6 frames in 4 files of lib/model', async () => {
    const net = model()
    const { planRun } = native
    const { stackTraceLimit } = Error
    const stacks: string[] = []
    Error.stackTraceLimit = 100
    native.planRun = (...args) => {
      stacks.push(new Error().stack ?? '')
      return planRun(...args)
    }
    try {
      await net.fit([[1, 2, 3]], [1], { epochs: 2 })
    } finally {
      native.planRun = planRun
      Error.stackTraceLimit = stackTraceLimit
      net.dispose()
    }
    expect(stacks).to.have.length(2)
    for (const stack of stacks) {
      const frames = stack.split('\n').filter((line) => /lib[\\/]model[\\/]/.test(line))
      const files = new Set(frames.map((line) => /lib[\\/]model[\\/]([^:]+)/.exec(line)?.[1]))
      expect(frames.length, stack).to.be.at.most(6)
      expect(files.size, stack).to.be.at.most(4)
      expect(frames[frames.length - 1]).to.include('model.ts')
    }
  })
})
