import { expect } from 'chai'
import * as my from '../../../lib'
import { blobs, rejected } from '../support'
import { collectGarbage } from '../../garbage'

const { layers, sequential } = my

const { x } = blobs(23)
const y = x.map((_, i) => i % 4)
const values = (t: my.Tensor) => [...t.data]

describe('fitDataset', () => {
  async function* stream(size: number) {
    for (let i = 0; i < x.length; i += size) yield { x: x.slice(i, i + size), y: y.slice(i, i + size) }
  }
  const plain = () => {
    const model = sequential({ inputShape: [2], seed: 3, layers: [layers.dense({ units: 4, activation: 'softmax' })] })
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
    return model
  }

  it('does what fit does with the same batches in the same order', async () => {
    const [a, b] = [plain(), plain()]
    const fromStream = await a.fitDataset(() => stream(6), { epochs: 3, validationData: [x, y] })
    const fromMemory = await b.fit(x, y, { epochs: 3, batchSize: 6, shuffle: false, validationData: [x, y] })
    expect(fromStream.epochs).to.deep.equal(fromMemory.epochs)
    expect([...fromStream.batches]).to.deep.equal([...fromMemory.batches])
    expect(values(a.getWeights()[0].weight)).to.deep.equal(values(b.getWeights()[0].weight))
  })

  it('ends in an AbortError where the source listens to the same signal and ends, or throws', async () => {
    for (const end of [() => undefined, () => Promise.reject(new Error('the source stops'))]) {
      const controller = new AbortController()
      async function* source() {
        yield { x: x.slice(0, 4), y: y.slice(0, 4) }
        if (!controller.signal.aborted) controller.abort()
        await end()
      }
      const error = await rejected(plain().fitDataset(source, { epochs: 3, signal: controller.signal }))
      expect(error).to.be.instanceOf(my.AbortError)
      expect((error as my.AbortError).history).to.be.instanceOf(my.History)
    }
  })

  it('lets the stream clean up after a batch that cannot be used', async () => {
    let cleaned = 0
    function* bad() {
      try {
        yield { x: x.slice(0, 4), y: y.slice(0, 4) }
        yield { x: x.slice(0, 4), y: y.slice(0, 3) }
        yield { x: x.slice(0, 4), y: y.slice(0, 4) }
      } finally {
        cleaned++
      }
    }
    expect(await rejected(plain().fitDataset(bad))).to.be.instanceOf(my.ShapeError)
    expect(cleaned).to.equal(1)
  })

  it('refuses batches with entries that would count for nothing, and what is no iterator', async () => {
    const batch = { x: x.slice(0, 2), y: y.slice(0, 2) }
    const cases: [unknown, string][] = [
      [[{ ...batch, sampleWeights: [1, 0] }], "unknown option 'sampleWeights'. Did you mean 'sampleWeight'?"],
      [
        [{ ...batch, classWeight: { 0: 2 } }],
        "epoch 1, batch 1: { x, y, sampleWeight? }: unknown option 'classWeight'",
      ],
      [{ [Symbol.iterator]: () => ({}) }, 'source() must return an (async) iterable'],
      [
        { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) },
        'next() of the stream must give { value, done }',
      ],
    ]
    for (const [stream, message] of cases) {
      const model = plain()
      const error = await rejected(model.fitDataset(() => stream as []))
      expect(error).to.be.instanceOf(my.OptionError)
      expect(error.message).to.include(message)
      expect(model.progress.steps).to.equal(0)
    }
  })

  it('cuts epochs at stepsPerEpoch and lets the stream clean up', async () => {
    let cleaned = 0
    let read = 0
    async function* endless() {
      try {
        for (;;) {
          read++
          yield { x: x.slice(0, 4), y: y.slice(0, 4) }
        }
      } finally {
        cleaned++
      }
    }
    const history = await plain().fitDataset(endless, { epochs: 2, stepsPerEpoch: 5 })
    expect(history.batches).to.have.length(10)
    expect(read).to.equal(10)
    expect(cleaned).to.equal(2)
  })

  it('names the bad batch, passes errors of the stream on, and can be aborted', async () => {
    const bad = async function* () {
      yield { x: x.slice(0, 4), y: y.slice(0, 4) }
      yield { x: [[1, NaN]], y: [0] }
    }
    const error = await rejected(plain().fitDataset(bad))
    expect(error).to.be.instanceOf(my.NonFiniteError)
    expect(error.message).to.include('batch 2')
    const failing = async function* () {
      yield { x: x.slice(0, 4), y: y.slice(0, 4) }
      throw new Error('disk')
    }
    expect((await rejected(plain().fitDataset(failing))).message).to.equal('disk')
    expect(await rejected(plain().fitDataset((() => 3) as never))).to.be.instanceOf(my.OptionError)
    expect(await rejected(plain().fitDataset(async function* () {}))).to.be.instanceOf(my.OptionError)
    const controller = new AbortController()
    const endless = async function* () {
      for (;;) yield { x, y }
    }
    const aborted = (await rejected(
      plain().fitDataset(endless, { signal: controller.signal, onBatch: () => controller.abort() }),
    )) as my.AbortError<my.History>
    expect(aborted).to.be.instanceOf(my.AbortError)
    expect(aborted.history!.batches.length).to.be.greaterThan(0)
  })

  describe('over a stream that stalls', () => {
    const first = { x: x.slice(0, 4), y: y.slice(0, 4) }
    const never = new Promise<never>(() => undefined)
    async function* stalls(batch = first) {
      yield batch
      await never
    }
    /** Pulls the next batch at once, and never comes back from its end. */
    const neverReturns = () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: first }),
        return: () => never,
      }),
    })
    const later = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

    /** The error of a fit, which must come soon and leave a model that works; predict answers meanwhile too. */
    async function failure(model: my.Model, fit: Promise<unknown>): Promise<Error> {
      const error = rejected(fit)
      await inTime(model.predict(x))
      const found = await inTime(error)
      if (!model.disposed) await inTime(model.fit(x, y))
      return found
    }

    const inTime = <T>(work: Promise<T>): Promise<T> =>
      Promise.race([work, later(5000).then(() => Promise.reject(new Error('hangs')))])

    it('abort and dispose come through, in next() and in return()', async () => {
      for (const source of [stalls, neverReturns])
        for (const end of ['abort', 'dispose'] as const) {
          const model = plain()
          const controller = new AbortController()
          const stop = () => (end === 'abort' ? controller.abort('enough') : model.dispose())
          const onBatch = () => void setTimeout(stop, 20)
          const fit = model.fitDataset(source, { signal: controller.signal, onBatch })
          const error = await failure(model, fit)
          expect(error).to.be.instanceOf(my.AbortError)
          expect((error as my.AbortError<my.History>).history!.batches.length).to.be.at.least(1)
        }
    })

    it('errors come through: a cost that is not finite, a callback, a batch that cannot be used', async () => {
      const found = (source: my.BatchSource, options: my.FitDatasetOptions = {}) => {
        const model = plain()
        return failure(model, model.fitDataset(source, options))
      }
      expect(await found(() => stalls({ x: [[3e38, 3e38]], y: [0] }))).to.be.instanceOf(my.NonFiniteError)
      const mine = new Error('mine')
      const onBatch = () => {
        throw mine
      }
      for (const source of [stalls, neverReturns]) expect(await found(source, { onBatch })).to.equal(mine)
      expect(await found(() => stalls({ x: [[1, 2, 3]], y: [0] }))).to.be.instanceOf(my.ShapeError)
    })

    it('abort ends the wait for a return() after the last step of an epoch', async () => {
      const model = plain()
      const controller = new AbortController()
      const fit = model.fitDataset(neverReturns, { stepsPerEpoch: 1, signal: controller.signal })
      setTimeout(() => controller.abort(), 20)
      expect(await failure(model, fit)).to.be.instanceOf(my.AbortError)
    })

    it('what comes late is freed', async () => {
      const model = plain()
      await model.fit(x, y)
      let go: () => void = () => undefined
      const late = new Promise<void>((done) => (go = done))
      async function* source() {
        yield first
        await late
        yield first
      }
      const controller = new AbortController()
      await collectGarbage()
      const before = my.memory().liveBuffers
      const fit = rejected(model.fitDataset(source, { signal: controller.signal }))
      setTimeout(() => controller.abort(), 20)
      expect(await fit).to.be.instanceOf(my.AbortError)
      go()
      await later(20)
      expect(my.memory().liveBuffers).to.equal(before)
    })
  })
})
