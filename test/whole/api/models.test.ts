/** The examples of the models' documentation, as written there. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  callbacks,
  data,
  defineLayer,
  gradientCheck,
  initializers,
  layers,
  loadModel,
  ops,
  optimizers,
  regularizers,
  resume,
  schedules,
  sequential,
  valueAndGrad,
  type History,
  type Model,
  type Tensor,
} from '../../../lib'
import { digits, quietly } from './support'

describe('api: models', () => {
  let folder = ''
  before(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-api-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('the main example: split, build, compile, fit, evaluate, predict, save', async () => {
    const { x, y } = digits(400)
    const path = join(folder, 'digits.safetensors')
    await quietly(async () => {
      const { train, dev, test } = data.split({ x, y }, { train: 0.8, dev: 0.1, test: 0.1, seed: 1, stratify: true })
      const model = sequential({
        inputShape: [784],
        seed: 7,
        labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
        layers: [
          layers.dense({ units: 256, activation: 'relu', kernelRegularizer: regularizers.l2({ lambda: 0.1 }) }),
          layers.dropout({ keepProb: 0.5 }),
          layers.dense({ units: 128, activation: 'relu' }),
          layers.dense({ units: 10, activation: 'softmax' }),
        ],
      })
      model.compile({
        optimizer: optimizers.adam({ learningRate: 1e-3 }),
        loss: 'sparseCategoricalCrossentropy',
        metrics: ['accuracy'],
      })
      const history = await model.fit(train.x, train.y, {
        epochs: 20,
        batchSize: 128,
        validationData: [dev.x, dev.y],
        callbacks: [
          callbacks.progressBar(),
          callbacks.earlyStopping({ monitor: 'val_loss', patience: 3, minDelta: 0, restoreBestWeights: true }),
        ],
      })
      const { loss, accuracy } = await model.evaluate(test.x, test.y)
      const probabilities: Tensor = await model.predict(test.x)
      await model.save(path)

      expect(history.epochs.length).to.be.within(1, 20)
      expect(loss).to.be.below(1)
      expect(accuracy).to.be.above(0.8)
      expect(probabilities.shape).to.deep.equal([40, 10])
      const row = Array.from(probabilities.data).slice(0, 10)
      expect(row.reduce((a, b) => a + b)).to.be.closeTo(1, 1e-6)
      expect(existsSync(path)).to.equal(true)
      const loaded = await loadModel(path)
      expect(loaded.labels).to.deep.equal(model.labels)
      expect((await loaded.predict(test.x)).data).to.deep.equal(probabilities.data)
      const first: { epoch: number; loss: number; dataLoss: number; learningRate: number; val_loss: number } = history
        .epochs[0] as never
      expect(first).to.include.keys('epoch', 'loss', 'dataLoss', 'learningRate', 'accuracy', 'val_loss', 'val_accuracy')
      expect(history.batches).to.be.instanceOf(Float64Array)
      expect(history.batches.length).to.equal(history.epochs.length * 3)
    })
  })

  it('own layers', async () => {
    const Scale = defineLayer<{ initial?: number }>({
      name: 'scale',
      build: (inputShape, config, add) => ({
        gain: add('gain', inputShape, { initializer: initializers.constant(config.initial ?? 1) }),
      }),
      call: (x, w, { training: _ }) => ops.mul(x, w.gain),
      gradient: (dy, { x, y: __, w }) => ({
        x: ops.mul(dy, w.gain),
        weights: { gain: ops.sum(ops.mul(dy, x), { axis: 0 }) },
      }),
    })
    const model = sequential({ inputShape: [3], layers: [Scale({ initial: 2 }), layers.dense({ units: 1 })] })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    expect(model.getWeights().map(({ name }) => name)).to.deep.equal(['scale_1', 'dense_1'])
    expect(Array.from(model.getWeights()[0].gain.data)).to.deep.equal([2, 2, 2])
    const x = [
      [1, 2, 3],
      [0.5, -1, 2],
    ]
    const y = [1, 0]
    expect((await gradientCheck(model, x, y)).verdict).to.equal('correct')
    await model.fit(x, y, { epochs: 3 })
    const path = join(folder, 'scale.safetensors')
    await model.save(path)
    const loaded = await loadModel(path, { custom: { scale: Scale } })
    expect(loaded.predictSync(x).data).to.deep.equal(model.predictSync(x).data)
  })

  it('every option of the page is accepted', async () => {
    const { x, y } = digits(64)
    const model = sequential({
      inputShape: [784],
      layers: [
        layers.normalize(),
        layers.dense({
          units: 6,
          activation: { name: 'leakyRelu', slope: 0.2 },
          useBias: true,
          kernelInitializer: initializers.normal({ variance: 0.01 }),
          biasInitializer: 'zeros',
          kernelRegularizer: regularizers.l1({ l1: 0.001 }),
          biasRegularizer: regularizers.l2({ l2: 0.001 }),
          trainable: true,
          name: 'first',
        }),
        layers.activation('tanh'),
        layers.lambda((t) => ops.mul(t, 2), { name: 'double' }),
        layers.dropout({ rate: 0.1 }),
        layers.flatten(),
        layers.dense({
          units: 10,
          activation: 'softmax',
          kernelInitializer: initializers.uniform({ min: -1, max: 1 }),
        }),
      ],
      dtype: 'float64',
      device: 'cpu',
      name: 'all of it',
    })
    const rates = [
      0.01,
      schedules.inverseTime({ initial: 0.1, decayRate: 1 }),
      schedules.exponential({ initial: 0.1, beta: 0.9 }),
      schedules.inverseSqrt({ k: 0.1, per: 'step' }),
      schedules.staircase({ initial: 0.1, factor: 0.5, every: 2 }),
      schedules.warmup(0.1, { steps: 3 }),
      ({ epoch, step }: { epoch: number; step: number }) => 0.1 / (epoch + step),
    ]
    for (const learningRate of rates)
      for (const optimizer of [
        optimizers.gradientDescent({ learningRate }),
        optimizers.momentum({ learningRate, beta: 0.9, form: 'sum' }),
        optimizers.rmsprop({ learningRate, beta2: 0.9, epsilon: 0, epsilonRoot: 1e-8 }),
        optimizers.adam({ learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonRoot: 0 }),
        optimizers.adamw({ learningRate, weightDecay: 0.01 }),
      ]) {
        model.compile({
          optimizer,
          loss: 'sparseCategoricalCrossentropy',
          metrics: [
            'accuracy',
            'precision',
            'recall',
            'f1',
            'auc',
            { name: 'half', fn: (_, p) => ops.mean(ops.mul(p, 0.5)) },
          ],
          gradientClip: { norm: 1 },
        })
        const history = await model.fit(x, y, { epochs: 1, batchSize: 'all' })
        expect(history.epochs[0].half).to.be.closeTo(0.05, 1e-9)
      }
    const history: History = await model.fit(x, y, {
      epochs: 3,
      initialEpoch: 1,
      batchSize: 20,
      shuffle: true,
      dropLast: true,
      validationData: [x, y, new Float32Array(64).fill(1)],
      sampleWeight: new Float32Array(64).fill(2),
      classWeight: { 0: 2 },
      onBatch: ({ loss }) => expect(loss).to.be.a('number'),
      onEpoch: async () => {
        model.setLearningRate(0.001)
        await model.predict(x)
      },
      signal: new AbortController().signal,
      verbose: 0,
      stopWhen: { tolerance: 1e-12 },
    })
    expect(history.stopped).to.equal('epochs')
    expect(history.epochs.map(({ epoch }) => epoch)).to.deep.equal([2, 3])
    expect(history.batches.length).to.equal(6)
    expect(model.summary()).to.include('first').and.to.include('double')
    const { cost, gradients } = await model.costAndGradients(x, y)
    expect(cost).to.be.above(0)
    expect(gradients.map(({ name }) => name)).to.deep.equal(model.getWeights().map(({ name }) => name))
    expect((await model.activations(x)).first.z!.shape).to.deep.equal([64, 6])
    expect((await model.to('cpu')).device).to.equal('cpu')
  })

  it('own training loops', async () => {
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1 })] })
    const lossFn = (yTrue: Tensor, yPred: Tensor) => ops.mean(ops.square(ops.sub(yTrue, yPred)))
    const optimizer = optimizers.adam({ learningRate: 0.1 })
    const step = valueAndGrad(model, lossFn)
    const x = [
      [1, 2],
      [3, 4],
      [-1, 0],
    ]
    const y = [1, 2, 3]
    const values: number[] = []
    for (let i = 0; i < 50; i++) {
      const { value, grads } = step(x, y)
      values.push(value)
      optimizer.apply(model, grads)
    }
    expect(values[49]).to.be.below(values[0] / 2)
  })

  it('streams, checkpoints and resume', async () => {
    const { x, y } = digits(60)
    const path = join(folder, 'run.checkpoint')
    const build = (): Model => {
      const model = sequential({
        inputShape: [784],
        seed: 3,
        layers: [layers.dense({ units: 10, activation: 'softmax' })],
      })
      model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
      return model
    }
    const whole = build()
    await whole.fit(x, y, { epochs: 4, batchSize: 20 })
    const cut = build()
    const controller = new AbortController()
    await cut
      .fit(x, y, {
        epochs: 4,
        batchSize: 20,
        checkpoint: { path, every: { epochs: 1 } },
        onEpoch: ({ epoch }) => epoch === 3 && controller.abort(),
        signal: controller.signal,
      })
      .catch(() => undefined)
    const { model, history } = await resume(path, x, y)
    expect(history.epochs.length).to.equal(4)
    expect(model.getWeights()[0].weight.data).to.deep.equal(whole.getWeights()[0].weight.data)
    const streamed = build()
    const batches = data.batches({ x, y }, { batchSize: 20, seed: 1 })
    const record = await streamed.fitDataset(() => batches, { epochs: 2, stepsPerEpoch: 2 })
    expect(record.batches.length).to.equal(4)
    const { loss } = await streamed.trainOnBatch(x, y)
    expect(loss).to.be.a('number')
  })
})
