import { expect } from 'chai'
import * as my from '../../../lib'
import { collectGarbage } from '../../garbage'
import { blobs, rejected, thrown } from '../support'

const { layers, sequential } = my

function wide(): my.Model {
  const model = sequential({
    inputShape: [64],
    seed: 1,
    layers: [
      layers.dense({ units: 256, activation: 'tanh' }),
      layers.dense({ units: 256, activation: 'tanh' }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
  })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
  return model
}

/** A network and data that keep a fit busy for a while. */
function busy() {
  const rows = 512
  const x = my.tensor(
    Float32Array.from({ length: rows * 64 }, (_, i) => Math.sin(i)),
    [rows, 64],
  )
  const y = my.tensor(
    Float32Array.from({ length: rows }, (_, i) => i % 2),
    [rows, 1],
  )
  return { x, y, model: wide() }
}

const later = (ms: number) => new Promise((done) => setTimeout(done, ms))

describe('job queue', () => {
  it('answers every one of many predictions in a row, however short the epochs are', async () => {
    const { x, y } = blobs(20)
    const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
    const controller = new AbortController()
    const fit = model.fit(x, y, { epochs: 1e7, batchSize: 10, signal: controller.signal })
    for (let i = 0; i < 30; i++) (await model.predict(x)).dispose()
    controller.abort()
    expect(await rejected(fit)).to.be.instanceOf(my.AbortError)
  })

  it('loses no request, whenever in a run it comes, and a stream of them does not starve the training', async () => {
    const { x, y } = blobs(64)
    const model = tiny()
    const controller = new AbortController()
    const fit = model.fit(x, y, { epochs: 1e7, batchSize: 8, signal: controller.signal })
    const ask = async (requests: number, pauseMs: number) => {
      for (let i = 0; i < requests; i++) {
        await later(Math.random() * pauseMs)
        ;(await model.predict(x)).dispose()
      }
    }
    await ask(100, 3) // alone: no other request makes up for a lost one
    await Promise.all([ask(200, 0), ask(200, 0), ask(200, 2)])
    controller.abort()
    const error = (await rejected(fit)) as my.AbortError<my.History>
    expect(error).to.be.instanceOf(my.AbortError)
    expect(error.history?.epochs.length).to.be.at.least(20)
  })

  for (const callers of [2, 4])
    for (const first of ['fit', 'fitDataset', 'callers'])
      it(`${callers} callers who ask at once again do not stop a fit; first: ${first}`, async () => {
        const { x, y } = blobs(64)
        const model = tiny()
        const controller = new AbortController()
        let [epochs, answers, isOver] = [0, 0, false]
        const ask = () =>
          Array.from({ length: callers }, async () => {
            for (; !isOver; answers++) (await model.predict(x)).dispose()
          })
        const options = { epochs: 1e7, signal: controller.signal, onEpoch: () => void epochs++ }
        const train = () =>
          first === 'fitDataset' ? model.fitDataset(() => [{ x, y }], options) : model.fit(x, y, options)
        const asked = first === 'callers' ? ask() : []
        const fit = rejected(train())
        if (first !== 'callers') asked.push(...ask())
        for (let waited = 0; waited < 200 && (epochs < 100 || answers < 100); waited++) await later(50)
        isOver = true
        controller.abort()
        await Promise.all([...asked, fit])
        expect(epochs, 'epochs').to.be.at.least(100)
        expect(answers, 'answers').to.be.at.least(100)
      })

  it('a step of any length ends between the answers of a caller who asks at once again', async () => {
    // A step must last longer than a slice: 15 ms. The stand-in for a GPU takes a thousand times as long for each.
    const [width, rows] = process.env.MYELIN_DEVICE === 'cuda' ? [128, 512] : [1024, 2048]
    const model = sequential({
      inputShape: [width],
      seed: 1,
      layers: [layers.dense({ units: width, activation: 'tanh' }), layers.dense({ units: width })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const x = my.tensor(new Float32Array(rows * width).fill(0.1), [rows, width])
    const row = my.tensor(new Float32Array(width), [1, width])
    const controller = new AbortController()
    const fit = model.fit(x, x, { epochs: 3, batchSize: 'all', signal: controller.signal }).then(
      (history) => history.epochs.length,
      () => 0,
    )
    let isOver = false
    const asked = (async () => {
      while (!isOver) (await model.predict(row)).dispose()
    })()
    const epochs = await Promise.race([fit, later(20_000)])
    isOver = true
    controller.abort()
    await Promise.all([asked, fit])
    expect(epochs).to.equal(3)
  })

  it('answers predictions from outside at the next step boundary of a fit, to the same history', async () => {
    const { x, y, model } = busy()
    const twin = wide()
    const options = { epochs: 6, batchSize: 4 }
    const undisturbed = await twin.fit(x, y, options)
    let running = true
    const fit = model.fit(x, y, options).finally(() => (running = false))
    let answers = 0
    while (running && answers < 5) {
      await later(5)
      const prediction = await model.predict(x)
      expect(prediction.shape).to.deep.equal([512, 1])
      if (running) answers++
    }
    const history = await fit
    expect(answers).to.be.greaterThan(0)
    expect([...history.batches]).to.deep.equal([...undisturbed.batches])
    expect([...model.getWeights()[0].weight.data]).to.deep.equal([...twin.getWeights()[0].weight.data])
  })

  it('answers while epochs are so short that none lasts until its interruption', async () => {
    const { x, y } = blobs(8)
    const model = tiny()
    const controller = new AbortController()
    const fit = model.fit(x, y, { epochs: 1e6, signal: controller.signal })
    const answers = (async () => {
      for (let i = 0; i < 3; i++) {
        await later(20)
        await model.predict(x)
      }
      return 'answered'
    })()
    const first = await Promise.race([answers, fit, later(20_000)])
    controller.abort()
    expect(await rejected(fit)).to.be.instanceOf(my.AbortError)
    expect(first).to.equal('answered')
  })

  it('a prediction sees the weights of one moment: setWeights during it counts from the next one on', async () => {
    const model = sequential({ inputShape: [1], dtype: 'float64', layers: [layers.dense({ units: 1, name: 'last' })] })
    const set = (value: number) => model.setWeights([{ name: 'last', weight: [[value]], bias: [value] }])
    const x = { data: new Float64Array(1001).fill(1), shape: [1001, 1] }
    for (let n = 0; n < 20; n++) {
      set(1)
      // The last row is computed in a run of its own.
      const prediction = model.predict(x, { batchSize: 1000 })
      for (let turns = 0; turns < n; turns++) await new Promise(setImmediate)
      set(2)
      expect(new Set((await prediction).data).size).to.equal(1)
    }
    expect((await model.predict(x)).data.every((value) => value === 4)).to.equal(true)
    const live = my.memory().liveBuffers
    set(3)
    expect(my.memory().liveBuffers).to.equal(live)
  })

  it('compile during an evaluation: that one ends with the old loss, the next has the new one', async () => {
    const make = () => sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1 })] })
    const first = 'meanSquaredError'
    const second = (yTrue: my.Tensor, yPred: my.Tensor) => my.ops.mean(my.ops.abs(my.ops.sub(yTrue, yPred)))
    const { x, y } = blobs(1001)
    const expected = async (loss: my.LossSpec) => {
      const model = make()
      model.compile({ optimizer: 'adam', loss })
      return (await model.evaluate(x, y, { batchSize: 1000 })).loss
    }
    const [before, after] = [await expected(first), await expected(second)]
    for (let n = 0; n < 10; n++) {
      const model = make()
      model.compile({ optimizer: 'adam', loss: first })
      const evaluation = model.evaluate(x, y, { batchSize: 1000 })
      for (let turns = 0; turns < n; turns++) await new Promise(setImmediate)
      model.compile({ optimizer: 'adam', loss: second })
      const found = [await evaluation, await model.evaluate(x, y, { batchSize: 1000 })]
      // The call takes what is compiled when its turn has come.
      expect(found[0].loss).to.be.oneOf([before, after])
      expect(found[1].loss).to.equal(after)
    }
  })

  describe('compile while the rows of a call are read', () => {
    const { x, y } = blobs(20)
    const meanError = (yTrue: my.Tensor, yPred: my.Tensor) => my.ops.mean(my.ops.abs(my.ops.sub(yTrue, yPred)))
    const compiled = (loss: my.LossSpec) => {
      const model = sequential({
        inputShape: [2],
        seed: 1,
        layers: [layers.dense({ units: 1, activation: 'sigmoid' })],
      })
      model.compile({ optimizer: 'adam', loss })
      return model
    }
    /** The same rows; `then` is called when the last one is read, after all of y. */
    const watched = (then: () => void) => {
      const rows = x.map((row) => [...row])
      const last = rows.length - 1
      return Object.defineProperty(rows, last, { get: () => (then(), x[last]) })
    }
    const calls: [string, (model: my.Model, rows: number[][], targets: number[]) => Promise<number>][] = [
      ['evaluate', async (model, rows, targets) => (await model.evaluate(rows, targets)).loss],
      ['costAndGradients', async (model, rows, targets) => (await model.costAndGradients(rows, targets)).cost],
    ]
    for (const [name, call] of calls)
      it(`${name}: that call keeps the loss that its targets were checked for, the next has the new one`, async () => {
        const far = y.map((value) => 3 * value) // no labels
        const before = await call(compiled(meanError), x, far)
        const after = await call(compiled('binaryCrossentropy'), x, y)
        const model = compiled(meanError)
        const rows = watched(() => model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' }))
        expect(await call(model, rows, far)).to.equal(before)
        expect(await call(model, x, y)).to.equal(after)
      })
  })

  it('runs methods at once inside onEpoch, setWeights too', async () => {
    const { x, y } = blobs(20)
    const model = tiny()
    const losses: number[] = []
    await model.fit(x, y, {
      epochs: 2,
      onEpoch: async () => {
        losses.push((await model.evaluate(x, y)).loss)
        model.setWeights(model.getWeights())
        expect(model.predictSync(x).shape).to.deep.equal([20, 1])
      },
    })
    expect(losses).to.have.length(2)
  })

  it('refuses a second fit and setWeights during a fit', async () => {
    const { x, y } = blobs(20)
    const model = tiny()
    const weights = model.getWeights()
    const fit = model.fit(x, y, { epochs: 3, onEpoch: () => later(5) })
    expect(await rejected(model.fit(x, y))).to.be.instanceOf(my.StateError)
    expect(await rejected(model.trainOnBatch(x, y))).to.be.instanceOf(my.StateError)
    for (const call of [
      () => model.setWeights(weights),
      () => model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' }),
    ])
      expect(thrown(call)).to.be.instanceOf(my.StateError)
    expect((await fit).epochs).to.have.length(3)
    model.setWeights(weights)
  })

  it('refuses a fit inside onEpoch', async () => {
    const { x, y } = blobs(20)
    const model = tiny()
    const error = await rejected(model.fit(x, y, { onEpoch: async () => void (await model.fit(x, y)) }))
    expect(error).to.be.instanceOf(my.StateError)
  })

  it('does not take a job from outside, while a callback waits, for one from inside', async () => {
    const { x, y } = blobs(20)
    const model = tiny()
    const weights = model.getWeights()
    let outside: Error | null = null
    const timer = setTimeout(() => (outside = thrown(() => model.setWeights(weights))), 20)
    await model.fit(x, y, { onEpoch: () => later(60) })
    clearTimeout(timer)
    expect(outside).to.be.instanceOf(my.StateError)
  })

  it('aborts at a step boundary with the history so far, and stays usable', async () => {
    const { x, y, model } = busy()
    const controller = new AbortController()
    const reason = new Error('enough')
    const start = performance.now()
    setTimeout(() => controller.abort(reason), 60)
    const error = (await rejected(
      model.fit(x, y, { epochs: 10_000, batchSize: 16, signal: controller.signal }),
    )) as my.AbortError<my.History>
    expect(performance.now() - start).to.be.lessThan(2000)
    expect(error).to.be.instanceOf(my.AbortError)
    expect(error.name).to.equal('AbortError')
    expect(error.cause).to.equal(reason)
    expect(error.history!.batches.length).to.equal(model.progress.steps)
    expect(Number.isFinite((await model.evaluate(x, y)).loss)).to.equal(true)
    await model.fit(x, y, { batchSize: 'all' })
  })

  it('rejects at once with a signal that is aborted already or while waiting', async () => {
    const { x, y, model } = busy()
    expect(await rejected(model.predict(x, { signal: AbortSignal.abort() }))).to.be.instanceOf(my.AbortError)
    const controller = new AbortController()
    const [first, second] = [model.predict(x), rejected(model.predict(x, { signal: controller.signal }))]
    controller.abort()
    expect(await second).to.be.instanceOf(my.AbortError)
    expect((await first).shape).to.deep.equal([512, 1])
    expect(await rejected(model.fit(x, y, { signal: AbortSignal.abort() }))).to.be.instanceOf(my.AbortError)
  })

  it('dispose aborts a running fit; the model then refuses everything', async () => {
    const { x, y, model } = busy()
    const waiting = rejected(model.fit(x, y, { epochs: 10_000 }))
    await later(30)
    const predicted = rejected(model.predict(x))
    model.dispose()
    model.dispose()
    const error = await waiting
    expect(error).to.be.instanceOf(my.AbortError)
    expect(error.message)
      .to.match(/^fit: the model was disposed (in epoch|before)/)
      .and.not.include('usable')
    expect((await predicted).message).to.equal('predict: the model was disposed.')
    expect(error.cause).to.be.instanceOf(my.DisposedError)
    expect(await rejected(model.predict(x))).to.be.instanceOf(my.DisposedError)
    expect(await rejected(model.fit(x, y))).to.be.instanceOf(my.DisposedError)
    expect(thrown(() => model.getWeights())).to.be.instanceOf(my.DisposedError)
    expect(thrown(() => model.predictSync(x))).to.be.instanceOf(my.DisposedError)
  })

  it('gives all memory back on dispose', async () => {
    const { x, y } = blobs(40)
    tiny().dispose() // initial values warm up a cache of their own
    await collectGarbage()
    const before = my.memory()
    for (let i = 0; i < 3; i++) {
      using model = tiny()
      await model.fit(x, y, { epochs: 2, batchSize: 16, validationData: [x, y] })
      ;(await model.predict(x)).dispose()
    }
    expect(my.memory().liveBytes).to.equal(before.liveBytes)
    expect(my.memory().liveBuffers).to.equal(before.liveBuffers)
  })
})

function tiny(): my.Model {
  const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
  return model
}

describe('tensors given to jobs', () => {
  it('jobs hold their tensors: the owner may dispose them at once', async () => {
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
    const rows = blobs(40)
    const calls: ((x: my.Tensor, y: my.Tensor, w: my.Tensor) => Promise<unknown>)[] = [
      (x, y, sampleWeight) => model.fit(x, y, { sampleWeight, epochs: 3, validationData: [x, y, sampleWeight] }),
      (x, y, sampleWeight) => model.evaluate(x, y, { sampleWeight }),
      (x, y, sampleWeight) => model.trainOnBatch(x, y, { sampleWeight }),
      (x, y) => my.gradientCheck(model, x, y),
      (x) => model.predict(x).then((p) => p.dispose()),
    ]
    const run = async (call: (typeof calls)[number]) => {
      const tensors = [my.tensor(rows.x), my.tensor(rows.y), my.tensor(rows.y)] as const
      const done = call(...tensors)
      for (const t of tensors) t.dispose()
      await done
    }
    // Plans are compiled by the first calls and keep their memory.
    for (const call of calls) await run(call)
    await collectGarbage()
    const start = my.memory().liveBuffers
    for (const call of calls) {
      await run(call)
      expect(my.memory().liveBuffers).to.equal(start)
    }
    model.dispose()
  })
})
