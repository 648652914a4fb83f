import { inspect } from 'node:util'
import { expect } from 'chai'
import * as my from '../../lib'
import { blobs, rejected, thrown } from './support'

const { layers, optimizers, ops, sequential, valueAndGrad } = my

function deep(dtype: my.DType = 'float64'): my.Model {
  const model = sequential({
    inputShape: [2],
    seed: 3,
    dtype,
    layers: [
      layers.dense({ units: 3, activation: 'relu' }),
      layers.dropout({ keepProb: 0.5 }),
      layers.dense({ units: 4, activation: 'softmax' }),
    ],
  })
  model.compile({
    optimizer: optimizers.gradientDescent({ learningRate: 0.1 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy', 'f1', 'auc'],
  })
  return model
}

const { x } = blobs(23)
const y = x.map((_, i) => i % 4)
const values = (t: my.Tensor) => [...t.data]

describe('model', () => {
  it('3.1 names layers, counts parameters and shows shapes in its summary', () => {
    const model = sequential({
      inputShape: [3],
      seed: 1,
      layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    const text = model.summary()
    for (const part of ['dense_1', 'dense_2', '[4, 3]', '[4]', '[1, 4]', '[1]', '[m, 4]', 'total parameters: 21'])
      expect(text).to.include(part)
    expect(inspect(model), 'what console.log shows').to.equal(text)
    expect(model.layers.map((l) => l.name)).to.deep.equal(['dense_1', 'dense_2'])
    expect(model.layers[1]).to.deep.include({ kind: 'dense', activation: 'sigmoid', inputShape: [4], outputShape: [1] })
  })

  it('compile returns the model itself', () => {
    using model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
    expect(model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })).to.equal(model)
  })

  it('precision: the dtype unless chosen; shown, kept in files, and without any effect on the CPU', async () => {
    const input = Array.from({ length: 40 }, (_, i) => Array.from({ length: 20 }, (_, j) => Math.sin(i * 20 + j)))
    const run = async (precision?: my.Precision, dtype?: my.DType) => {
      const model = sequential({
        inputShape: [20],
        seed: 1,
        device: 'cpu',
        dtype,
        precision,
        layers: [layers.dense({ units: 24, activation: 'relu' }), layers.dense({ units: 20 })],
      })
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      const { batches } = await model.fit(input, input, { epochs: 2, batchSize: 20 })
      return { model, bits: [...batches, ...values(await model.predict(input))] }
    }
    const [full, tf32, bf16] = [await run(), await run('tf32'), await run('bf16')]
    expect(tf32.bits).to.deep.equal(full.bits)
    expect(bf16.bits).to.deep.equal(full.bits)
    const wide = await run(undefined, 'float64')
    const models = [full, tf32, bf16, wide].map(({ model }) => model)
    expect(models.map((m) => m.precision)).to.deep.equal(['float32', 'tf32', 'bf16', 'float64'])
    const totals = models.map((m) => m.summary().split('\n').at(-1))
    expect(totals[0]).to.match(/, float32$/)
    expect(totals[2]).to.match(/, float32, products in bf16 on a GPU$/)
    expect(totals[3]).to.match(/, float64$/)
    for (const m of models) expect((await my.loadModel(m.toBytes())).precision).to.equal(m.precision)
  })

  it('draws a seed if unset and shows it: the same seed gives the same weights', () => {
    const make = (seed?: number | bigint) => sequential({ inputShape: [5], seed, layers: [layers.dense({ units: 3 })] })
    const first = make()
    const again = make(first.seed)
    expect(values(again.getWeights()[0].weight)).to.deep.equal(values(first.getWeights()[0].weight))
    expect(make().seed).to.not.equal(first.seed)
  })

  it('weights of different layers differ, and copies share nothing', () => {
    const model = sequential({
      inputShape: [4],
      seed: 1,
      layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 4 })],
    })
    const [a, b] = model.getWeights()
    expect(values(a.weight)).to.not.deep.equal(values(b.weight))
    model.setWeights([
      { name: 'dense_2', weight: a.weight, bias: [1, 2, 3, 4] },
      { name: 'dense_1', weight: b.weight, bias: b.bias },
    ])
    const [c, d] = model.getWeights()
    expect(values(c.weight)).to.deep.equal(values(b.weight))
    expect(values(d.bias)).to.deep.equal([1, 2, 3, 4])
    a.weight.dispose()
    expect(values(model.getWeights()[1].weight)).to.deep.equal(values(d.weight))
  })

  it('predicts the same for any chunk size, and synchronously', async () => {
    const model = deep()
    const whole = await model.predict(x)
    expect(whole.shape).to.deep.equal([23, 4])
    for (const batchSize of [1, 7, 23]) {
      const chunked = values(await model.predict(x, { batchSize }))
      values(whole).forEach((v, i) => expect(chunked[i]).to.be.closeTo(v, 1e-14))
    }
    expect(values(model.predictSync(x))).to.deep.equal(values(whole))
  })

  it('takes nested arrays, typed arrays with a shape and tensors alike', async () => {
    const model = deep('float32')
    const expected = values(await model.predict(x))
    const flat = Float64Array.from(x.flat())
    expect(values(await model.predict({ data: flat, shape: [23, 2] }))).to.deep.equal(expected)
    expect(values(await model.predict(my.tensor(x, { dtype: 'float64' })))).to.deep.equal(expected)
    expect(values(await model.predict(my.tensor(x)))).to.deep.equal(expected)
  })

  it('evaluates loss and metrics as by hand, for any chunk size', async () => {
    const model = deep()
    const p = (await model.predict(x)).toArray() as number[][]
    const loss = p.reduce((sum, row, i) => sum - Math.log(row[y[i]]), 0) / 23
    const right = p.filter((row, i) => row.indexOf(Math.max(...row)) === y[i]).length / 23
    for (const batchSize of [5, 23]) {
      const found = await model.evaluate(x, y, { batchSize })
      expect(found.loss).to.be.closeTo(loss, 1e-14)
      expect(found.dataLoss).to.be.closeTo(loss, 1e-14)
      expect(found.accuracy).to.be.closeTo(right, 1e-15)
      expect(found.auc).to.be.within(0, 1)
    }
  })

  it('4.2 gives z and a of every layer by name; dropout acts only in training', async () => {
    const model = deep()
    const found = await model.activations(x)
    expect(Object.keys(found)).to.deep.equal(['dense_1', 'dropout_1', 'dense_2'])
    const { z, a } = found.dense_1
    expect(values(a)).to.deep.equal(values(z!).map((v) => Math.max(0, v)))
    expect(values(found.dropout_1.a)).to.deep.equal(values(a))
    expect(found.dropout_1.z).to.equal(undefined)
    expect(values(found.dense_2.a)).to.deep.equal(values(await model.predict(x)))
    const dropped = values((await model.activations(x, { training: true })).dropout_1.a)
    expect(dropped).to.deep.equal(values((await model.activations(x, { training: true })).dropout_1.a))
    values(a).forEach((v, i) => expect([0, 2 * v]).to.include(dropped[i]))
  })

  it('4.3 gives gradients of the shape of their weights, equal to a difference quotient', async () => {
    const model = deep()
    const { cost, gradients } = await model.costAndGradients(x, y)
    const weights = model.getWeights()
    expect(gradients.map((g) => g.name)).to.deep.equal(['dense_1', 'dense_2'])
    gradients.forEach((g, i) => {
      expect(g.weight.shape).to.deep.equal(weights[i].weight.shape)
      expect(g.bias.shape).to.deep.equal(weights[i].bias.shape)
    })
    expect(cost).to.be.closeTo((await model.evaluate(x, y)).loss, 1e-14)
    const bias = values(weights[1].bias)
    const costAt = async (b0: number) => {
      model.setWeights([weights[0], { ...weights[1], bias: [b0, ...bias.slice(1)] }])
      return (await model.costAndGradients(x, y)).cost
    }
    const numeric = ((await costAt(bias[0] + 1e-6)) - (await costAt(bias[0] - 1e-6))) / 2e-6
    expect(gradients[1].bias.data[0]).to.be.closeTo(numeric, 1e-9)
  })

  it('trainOnBatch takes one step: the weights move by −α·gradient', async () => {
    const model = deep()
    model.compile({
      optimizer: optimizers.gradientDescent({ learningRate: 0.1 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    })
    const before = model.getWeights()
    const { gradients } = await model.costAndGradients(x, y, { training: true })
    const result = await model.trainOnBatch(x, y)
    expect(result).to.have.all.keys('loss', 'dataLoss', 'accuracy')
    const moved = values(model.getWeights()[1].weight)
    values(before[1].weight).forEach((w, i) =>
      expect(moved[i]).to.be.closeTo(w - 0.1 * gradients[1].weight.data[i], 1e-15),
    )
    expect(model.progress).to.deep.equal({ steps: 1, epochs: 0, updates: 1 })
  })

  it('own training loops do what fit does', async () => {
    const make = () => {
      const model = sequential({
        inputShape: [2],
        seed: 3,
        dtype: 'float64',
        layers: [layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 4, activation: 'softmax' })],
      })
      return model
    }
    const fitted = make()
    fitted.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: 'sparseCategoricalCrossentropy' })
    const history = await fitted.fit(x, y, { epochs: 5, batchSize: 'all', shuffle: false })
    const own = make()
    const optimizer = optimizers.adam({ learningRate: 0.1 })
    const step = valueAndGrad(own, 'sparseCategoricalCrossentropy')
    const costs: number[] = []
    for (let i = 0; i < 5; i++) {
      const { value, grads } = step(x, y)
      costs.push(value)
      optimizer.apply(own, grads)
    }
    costs.forEach((cost, i) => expect(cost).to.be.closeTo(history.batches[i], 1e-13))
    const expected = values(fitted.getWeights()[0].weight)
    values(own.getWeights()[0].weight).forEach((w, i) => expect(w).to.be.closeTo(expected[i], 1e-12))
    const error = thrown(() => optimizer.apply(own, [{ ...own.getWeights()[0] }]))
    expect(error).to.be.instanceOf(my.OptionError)
  })

  it('frozen weights stay, the others learn', async () => {
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [
        layers.dense({ units: 3, activation: 'tanh', trainable: false }),
        layers.dense({ units: 4, activation: 'softmax' }),
      ],
    })
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
    const [a, b] = model.getWeights()
    await model.fit(x, y)
    const [c, d] = model.getWeights()
    expect(values(c.weight)).to.deep.equal(values(a.weight))
    expect(values(d.weight)).to.not.deep.equal(values(b.weight))
  })

  it('works in plain plans as in fused ones', async () => {
    const run = async () => {
      const model = deep('float32')
      const history = await model.fit(x, y, { epochs: 2, batchSize: 6 })
      return [...history.batches]
    }
    const fused = await run()
    process.env.MYELIN_PLAN = 'plain'
    try {
      const plain = await run()
      fused.forEach((cost, i) => expect(plain[i]).to.be.closeTo(cost, 1e-5))
    } finally {
      delete process.env.MYELIN_PLAN
    }
  })

  it('custom losses, metrics and captured tensors of another dtype take part', async () => {
    const model = sequential({ inputShape: [2], seed: 1, dtype: 'float64', layers: [layers.dense({ units: 1 })] })
    const offset = my.tensor([[0.5]])
    model.compile({
      optimizer: 'gradientDescent',
      loss: (yTrue, yPred) => ops.mean(ops.square(ops.sub(yPred, ops.add(yTrue, offset)))),
      metrics: [{ name: 'bias', fn: (yTrue, yPred) => ops.mean(ops.sub(yPred, yTrue)) }],
    })
    const target = y.map((v) => [v])
    const before = await model.evaluate(x, target, { batchSize: 4 })
    offset.dispose()
    const p = values(await model.predict(x))
    expect(before.loss).to.be.closeTo(p.reduce((sum, v, i) => sum + (v - y[i] - 0.5) ** 2, 0) / 23, 1e-12)
    expect(before.bias).to.be.closeTo(p.reduce((sum, v, i) => sum + v - y[i], 0) / 23, 1e-12)
  })

  it('more batch shapes than plans are kept give the same results', async () => {
    const model = deep()
    const whole = values(await model.predict(x))
    for (let n = 1; n <= 22; n++) expect(values(model.predictSync(x.slice(0, n)))[0]).to.be.closeTo(whole[0], 1e-14)
    expect(values(await model.predict(x))).to.deep.equal(whole)
  })

  it('says where it can run', async () => {
    const model = deep()
    const [cpu, ...gpus] = my.devices().map((d) => d.name)
    expect(cpu).to.equal('cpu')
    expect(my.whyNoGpu() === null).to.equal(gpus.length > 0)
    expect(await model.to('cpu')).to.equal(model)
    expect(model.device).to.equal('cpu')
    const missing = gpus.length > 0 ? 'cuda:99' : 'cuda'
    expect(await rejected(model.to(missing))).to.be.instanceOf(my.DeviceError)
  })
})
