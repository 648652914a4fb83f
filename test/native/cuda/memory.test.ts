/** Memory of the GPU: its limit, what happens where it does not suffice, and that it comes back. */
import { expect } from 'chai'
import * as my from '../../../lib'
import { native } from '../../../lib/native/native'
import { collectGarbage } from '../../garbage'
import { flat, modelOn, x, y } from './network'
import { isStandIn } from './support'

/** Of an amount in an error. */
function bytesOf(amount: string): number {
  const [value, unit] = amount.split(' ')
  return Number(value) * { bytes: 1, kB: 1e3, MB: 1e6 }[unit]!
}

describe('memory of cuda', () => {
  const used = () => native.deviceCounters('cuda').usedBytes
  const failure = async (work: () => unknown) => {
    try {
      await work()
    } catch (error) {
      return error as Error
    }
    throw new Error('expected an exception')
  }

  /** Leaves `bytes` of memory, by the limit or (on the stand-in) by the size of the device. */
  const leave = (how: 'limit' | 'device', bytes: number) => {
    if (how === 'limit') my.setMemoryLimit('cuda', used() + bytes)
    else process.env.EMU_MEMORY = String(used() + bytes)
  }
  const leaveAll = () => {
    my.setMemoryLimit('cuda', Infinity)
    delete process.env.EMU_MEMORY
  }
  afterEach(leaveAll)

  for (const how of isStandIn ? (['limit', 'device'] as const) : (['limit'] as const))
    it(`a fit that does not fit (${how}) leaves the model as it was, and it, others and new ones go on`, async () => {
      await collectGarbage()
      const [model, other] = [1, 2].map(() => modelOn({ device: 'cuda', metrics: [] }))
      const small = { epochs: 1, batchSize: 8 }
      for (const each of [model, other]) await each.fit(x, y, small)
      const many = Array.from({ length: 6_000 }, (_, i) => [Math.sin(i), 1, 2])
      const targets = many.map(() => [0, 1])
      const bytes = model.toBytes()
      leave(how, 400_000) // room for the rows, and not for what a step on all of them needs
      for (const batchSize of [6_000, 3_000]) {
        const error = await failure(() => model.fit(many, targets, { batchSize, epochs: 1 }))
        expect(error).to.be.instanceOf(my.DeviceError)
        const [, asked, free] = /out of memory: asked for ([\d.]+ \w+), ([\d.]+ \w+) are free/.exec(error.message)!
        expect(bytesOf(asked)).to.be.greaterThan(bytesOf(free))
        expect(bytesOf(free)).to.be.at.most(400_000)
        expect(error.message).to.match(how === 'limit' ? /within the limit of/ : /are free; use smaller batches/)
        expect(Buffer.compare(model.toBytes(), bytes)).to.equal(0)
      }
      const twin = await my.loadModel(bytes, { device: 'cuda' })
      for (const each of [model, other, twin]) {
        await each.fit(x, y, small)
        expect((await each.predict(x)).data.every(Number.isFinite)).to.equal(true)
        expect(each.predictSync(x).shape).to.deep.equal([37, 2])
      }
      expect(flat(twin.getWeights())).to.deep.equal(flat(model.getWeights()))
      leaveAll()
      await model.fit(many, targets, { batchSize: 6_000, epochs: 1 })
      expect(model.progress.steps).to.equal(11)
    })

  it('beyond the limit is a DeviceError with the bytes asked and free, and everything stays usable', async () => {
    const model = modelOn({ device: 'cuda' })
    await model.fit(x, y, { epochs: 1, batchSize: 8 })
    const weights = flat(model.getWeights())
    await collectGarbage() // of earlier tests: what is freed later would be free within the limit
    leave('limit', 100_000)
    const big = await failure(() =>
      my.sequential({ inputShape: [1000], device: 'cuda', layers: [my.layers.dense({ units: 1000 })] }),
    )
    expect(big).to.be.instanceOf(my.DeviceError)
    expect(big.message).to.match(
      /dense_1\.weight: cuda:0: out of memory: asked for 4\.0 MB, \d{2,3}\.\d kB are free within the limit/,
    )
    const many = Array.from({ length: 20_000 }, (_, i) => [i, 1, 2])
    const predicting = await failure(() => model.predict(many))
    expect(predicting).to.be.instanceOf(my.DeviceError)
    expect(predicting.message).to.match(/predict: cuda:0: out of memory/)
    const plan = await failure(() =>
      model.costAndGradients(
        many,
        many.map(() => [0, 1]),
      ),
    )
    expect(plan).to.be.instanceOf(my.DeviceError)

    expect(flat(model.getWeights())).to.deep.equal(weights)
    my.setMemoryLimit('cuda', Infinity)
    expect((await model.predict(many)).shape).to.deep.equal([20_000, 2])
    await model.fit(x, y, { epochs: 1, batchSize: 8 })
  })

  it('a model that does not fit stays where it is', async () => {
    const model = my.sequential({ inputShape: [300], device: 'cpu', layers: [my.layers.dense({ units: 300 })] })
    const before = flat(model.getWeights())
    my.setMemoryLimit('cuda', used() + 50_000)
    const error = await failure(() => model.to('cuda'))
    expect(error).to.be.instanceOf(my.DeviceError)
    expect(model.device).to.equal('cpu')
    expect(flat(model.getWeights())).to.deep.equal(before)
    my.setMemoryLimit('cuda', Infinity)
    await model.to('cuda')
    expect(flat(model.getWeights())).to.deep.equal(before)
    await collectGarbage()
    const held = used()
    model.dispose()
    expect(held - used()).to.equal(4 * (300 * 300 + 300))
  })

  it('is given back where a model is disposed while it moves, and the event loop goes on', async () => {
    await collectGarbage()
    const before = used()
    const layer = my.layers.dense({ units: 2000, kernelInitializer: 'ones' })
    const model = my.sequential({ inputShape: [2000], device: 'cpu', layers: [layer] })
    let turns = 0
    const count = () => void (turns++ === 0 ? setImmediate(count) : model.dispose())
    setImmediate(count)
    const error = await failure(() => model.to('cuda'))
    expect(error).to.be.instanceOf(my.AbortError)
    expect(error.message).to.equal('to: the model was disposed.')
    expect(turns).to.equal(2)
    expect(used()).to.equal(before)
  })

  it('is given back with the models that used it', async () => {
    await collectGarbage()
    const before = used()
    const model = modelOn({ device: 'cuda' })
    await model.fit(x, y, { epochs: 2, batchSize: 8, validationData: [x, y] })
    await model.predict(x)
    expect(used()).to.be.greaterThan(before)
    model.dispose()
    expect(used()).to.equal(before)
  })

  it('limits that make no sense are refused', () => {
    for (const bytes of [0, -1, 1.5, NaN, '9' as never])
      expect(() => my.setMemoryLimit('cuda', bytes)).to.throw(my.OptionError, /setMemoryLimit: bytes/)
    expect(() => my.setMemoryLimit('cpu' as never, 1e9)).to.throw(my.DeviceError, /setMemoryLimit.*"cpu"/)
    expect(() => my.setMemoryLimit('cuda:9', 1e9)).to.throw(my.DeviceError, /cuda:9/)
  })
})
