import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { blobs, rejected, thrown } from '../support'

const {
  callbacks,
  defineLayer,
  initializers,
  layers,
  loadModel,
  ops,
  optimizers,
  regularizers,
  resume,
  schedules,
  sequential,
} = my

const { x, y } = blobs(36)

const Scale = defineLayer<{ initial?: number }>({
  name: 'scale',
  build: (inputShape, config, add) => ({
    gain: add('gain', inputShape, { initializer: initializers.constant(config.initial ?? 1) }),
  }),
  call: (input, w) => ops.mul(input, ops.reshape(w.gain, [1, 2])),
})

function rich(dtype: my.DType = 'float32'): my.Model {
  const model = sequential({
    inputShape: [2],
    seed: 11,
    dtype,
    name: 'rich',
    labels: ['no', 'yes'],
    layers: [
      layers.normalize(),
      Scale({ initial: 2 }),
      layers.dense({
        units: 6,
        activation: { name: 'leakyRelu', slope: 0.2 },
        kernelRegularizer: regularizers.l2({ lambda: 0.1 }),
      }),
      layers.dropout({ keepProb: 0.8 }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
  })
  model.compile({
    optimizer: optimizers.adam({ learningRate: schedules.staircase({ initial: 0.05, factor: 0.5, every: 4 }) }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy', 'auc'],
    gradientClip: { norm: 5 },
  })
  return model
}

/** All weights as numbers. */
const bits = (model: my.Model) =>
  model
    .getWeights()
    .flatMap((layer) => Object.values(layer).flatMap((value) => (value instanceof my.Tensor ? [...value.data] : [])))

describe('model files', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'model-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  for (const dtype of ['float32', 'float64'] as const)
    it(`a reloaded model predicts and goes on training to the same bits (${dtype})`, async () => {
      const model = rich(dtype)
      await model.fit(x, y, { epochs: 2, batchSize: 8 })
      const path = join(folder, 'model.safetensors')
      await model.save(path)
      const copy = await loadModel(path, { custom: { scale: Scale } })
      expect([...(await copy.predict(x)).data]).to.deep.equal([...(await model.predict(x)).data])
      expect(copy).to.include({ name: 'rich', seed: 11, dtype })
      expect(copy.labels).to.deep.equal(['no', 'yes'])
      expect(copy.summary()).to.equal(model.summary())
      const [a, b] = [
        await model.fit(x, y, { epochs: 2, batchSize: 8 }),
        await copy.fit(x, y, { epochs: 2, batchSize: 8 }),
      ]
      expect(b.epochs).to.deep.equal(a.epochs)
      expect(bits(copy)).to.deep.equal(bits(model))
    })

  it('a relative path is one of the folder at the call, wherever the process moves', async () => {
    const home = process.cwd()
    const [here, there] = [join(folder, 'here'), join(folder, 'there')]
    mkdirSync(here)
    mkdirSync(there)
    try {
      process.chdir(here)
      const model = rich()
      const onEpoch = ({ epoch }: my.EpochLogs) => {
        if (epoch === 1) process.chdir(there)
      }
      await model.fit(x, y, { epochs: 3, onEpoch, checkpoint: { path: 'run', every: { epochs: 1 } } })
      process.chdir(here)
      const saved = model.save('model')
      process.chdir(there)
      await saved
      process.chdir(here)
      const trial = () => process.chdir(there) ?? 1
      await my.search({ rate: my.range.linear(0, 1) }, trial, { trials: 2, concurrency: 1, file: 'trials' })
    } finally {
      process.chdir(home)
    }
    expect(readdirSync(there)).to.deep.equal([])
    expect(readdirSync(here).sort()).to.deep.equal(['model', 'run', 'trials'])
    expect(readFileSync(join(here, 'trials'), 'utf8').split('\n')).to.have.length(4)
    const { history } = await resume(join(here, 'run'), x, y, { custom: { scale: Scale } })
    expect(history.epochs).to.have.length(3)
  })

  it('looks into files that no single read of Node.js can take', async () => {
    const path = join(folder, 'large')
    const size = 2_200_000_000
    const tensors = { w: { dtype: 'F32', shape: [size / 4], data_offsets: [0, size] } }
    const header = Buffer.from(JSON.stringify({ __metadata__: { format: 'myelin' }, ...tensors }))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    writeFileSync(path, Buffer.concat([length, header]))
    // A file of holes: it takes no room.
    truncateSync(path, 8 + header.length + size + 1)
    const reads = [loadModel(path), resume(path, x, y), my.readTensors(path)]
    for (const error of await Promise.all(reads.map(rejected)))
      expect(error).to.be.instanceOf(my.FormatError).and.have.property('message').that.includes('got 2200000001')
    // As a pipe or a device, whose size nobody knows.
    if (process.platform !== 'win32')
      expect((await rejected(loadModel('/dev/null'))).message).to.equal("loadModel: '/dev/null' is empty.")
  })

  it('says what it reads', async () => {
    for (const source of [7, null, [1, 2]])
      expect(await rejected(loadModel(source as never)))
        .to.be.instanceOf(my.FormatError)
        .and.have.property('message')
        .that.matches(/^loadModel: expected the path of a model, or its bytes as a Uint8Array, got /)
  })

  it('an abort ends the reading of a file', async () => {
    const path = join(folder, 'm')
    const model = rich()
    await model.save(path)
    const controller = new AbortController()
    const loading = rejected(loadModel(path, { custom: { scale: Scale }, signal: controller.signal }))
    controller.abort()
    expect(await loading).to.be.instanceOf(my.AbortError)
  })

  it('toBytes holds what save writes', async () => {
    const model = rich()
    await model.fit(x, y)
    const bytes = model.toBytes()
    await model.save(join(folder, 'm'))
    expect(Buffer.compare(readFileSync(join(folder, 'm')), bytes)).to.equal(0)
    const copy = await loadModel(bytes, { custom: { scale: Scale } })
    expect([...copy.predictSync(x).data]).to.deep.equal([...model.predictSync(x).data])
  })

  it('keeps a model that is not compiled and not adapted as it is', async () => {
    const model = sequential({ inputShape: [2], seed: 4, layers: [layers.normalize(), layers.dense({ units: 1 })] })
    const copy = await loadModel(model.toBytes())
    expect(await rejected(copy.predict(x))).to.be.instanceOf(my.StateError)
    expect(await rejected(copy.fit(x, y))).to.be.instanceOf(my.StateError)
  })

  it('refuses an unnamed function before it writes', async () => {
    const model = sequential({
      inputShape: [2],
      layers: [layers.lambda((v) => ops.mul(v, 2)), layers.dense({ units: 1 })],
    })
    const path = join(folder, 'never')
    const error = await rejected(model.save(path))
    expect(error).to.be.instanceOf(my.FormatError)
    expect(error.message).to.include('lambda_1')
    expect(existsSync(path)).to.equal(false)
  })

  it('refuses an unnamed loss, and takes a named one back from custom', async () => {
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1 })] })
    model.compile({ optimizer: 'adam', loss: (a, b) => ops.mean(ops.abs(ops.sub(a, b))) })
    expect(thrown(() => model.toBytes())).to.be.instanceOf(my.FormatError)
    function distance(a: my.Tensor, b: my.Tensor) {
      return ops.mean(ops.abs(ops.sub(a, b)))
    }
    model.compile({ optimizer: 'adam', loss: distance })
    const bytes = model.toBytes()
    const error = await rejected(loadModel(bytes))
    expect(error).to.be.instanceOf(my.FormatError)
    expect(error.message).to.include("'distance'")
    const copy = await loadModel(bytes, { custom: { distance } })
    expect((await copy.evaluate(x, y)).loss).to.equal((await model.evaluate(x, y)).loss)
  })

  it('says that it is an option of an optimiser that cannot be saved, where its learning rate can', async () => {
    const Plain = my.defineOptimizer<{ rule: () => number }>({
      name: 'plain',
      update: ({ weight, gradient }) => ({ weight: ops.sub(weight, gradient) }),
    })
    const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
    model.compile({ optimizer: Plain({ rule: () => 1 }), loss: 'meanSquaredError' })
    expect(thrown(() => model.toBytes()).message).to.include(
      "an option of the optimiser 'plain' is an unnamed function",
    )
    model.compile({ optimizer: optimizers.adam({ learningRate: () => 1 }), loss: 'meanSquaredError' })
    expect(thrown(() => model.toBytes()).message).to.include('the learning rate is an unnamed function')
  })

  it('refuses truncated and altered files, missing layers and missing files', async () => {
    const bytes = rich().toBytes()
    const altered = Uint8Array.from(bytes)
    altered[altered.length - 3] ^= 1
    for (const broken of [bytes.slice(0, 100), bytes.slice(0, -4), altered])
      expect(await rejected(loadModel(broken, { custom: { scale: Scale } }))).to.be.instanceOf(my.FormatError)
    expect(await rejected(loadModel(bytes))).to.be.instanceOf(my.FormatError)
    expect(await rejected(loadModel(join(folder, 'missing')))).to.be.instanceOf(my.FormatError)
    expect(await rejected(loadModel(bytes, { customs: {} } as never))).to.be.instanceOf(my.OptionError)
  })

  it('an unwritable path is a FormatError', async () => {
    const error = await rejected(rich().save(join(folder, 'no', 'such', 'folder')))
    expect(error).to.be.instanceOf(my.FormatError)
    expect(readdirSync(folder)).to.deep.equal([])
  })
})

describe('checkpoints', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'checkpoint-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const early = () => callbacks.earlyStopping({ monitor: 'val_loss', patience: 3, restoreBestWeights: true })
  const options = (path: string, every: my.CheckpointOptions['every']): my.FitOptions => ({
    epochs: 9,
    batchSize: 8,
    validationData: [x, y, y.map((v) => 1 + v)],
    sampleWeight: y.map((v) => 0.5 + v),
    classWeight: { 1: 2 },
    checkpoint: { path, every },
  })

  for (const every of [{ epochs: 2 }, { steps: 3 }, { steps: 5 }])
    it(`resumes from any checkpoint of ${JSON.stringify(every)} to the same bits`, async () => {
      const path = join(folder, 'run')
      const whole = rich()
      const kept: Buffer[] = []
      // Every version of the file as a kill would find it after an epoch.
      const spy: my.Callback = { name: 'spy', onEpochBegin: () => void kept.push(readFileSync(path)) }
      const expected = await whole.fit(x, y, { ...options(path, every), callbacks: [early(), spy] })
      for (const bytes of [kept[0], kept[4], kept[kept.length - 1]]) {
        writeFileSync(path, bytes)
        const { model, history } = await resume(path, x, y, { custom: { scale: Scale }, callbacks: [early()] })
        expect(history.epochs).to.deep.equal(expected.epochs)
        expect([...history.batches]).to.deep.equal([...expected.batches])
        expect(history.stopped).to.equal(expected.stopped)
        expect(bits(model)).to.deep.equal(bits(whole))
        model.dispose()
      }
    })

  it('resumes from a checkpoint that another program wrote again', async () => {
    const path = join(folder, 'run')
    const model = rich()
    const expected = await model.fit(x, y, { ...options(path, { epochs: 4 }), callbacks: [early()] })
    const bytes = readFileSync(path)
    const length = Number(bytes.readBigUInt64LE())
    const entries = Object.entries(JSON.parse(bytes.toString('utf8', 8, 8 + length)) as object)
    const text = Buffer.from(JSON.stringify(Object.fromEntries(entries.reverse())).padEnd(length + 3))
    const head = Buffer.alloc(8)
    head.writeBigUInt64LE(BigInt(text.length))
    writeFileSync(path, Buffer.concat([head, text, bytes.subarray(8 + length)]))
    const { history } = await resume(path, x, y, { custom: { scale: Scale } })
    expect(history.epochs).to.deep.equal(expected.epochs)
  })

  it('gives a finished run back at once', async () => {
    const path = join(folder, 'run')
    const model = rich()
    const expected = await model.fit(x, y, options(path, { epochs: 4 }))
    const { model: copy, history } = await resume(path, x, y, { custom: { scale: Scale } })
    expect(history.epochs).to.deep.equal(expected.epochs)
    expect(bits(copy)).to.deep.equal(bits(model))
  })

  it('resumes an aborted run in the middle of an epoch', async () => {
    const path = join(folder, 'run')
    const whole = rich()
    const expected = await whole.fit(x, y, { epochs: 4, batchSize: 4 })
    const controller = new AbortController()
    const stopped = rich()
    const stop = ({ epoch, batch }: my.BatchLogs) => {
      if (epoch === 3 && batch >= 2) controller.abort()
    }
    await rejected(
      stopped.fit(x, y, {
        epochs: 4,
        batchSize: 4,
        checkpoint: { path, every: { steps: 2 } },
        onBatch: stop,
        signal: controller.signal,
      }),
    )
    const { model, history } = await resume(path, x, y, { custom: { scale: Scale } })
    expect(history.epochs).to.deep.equal(expected.epochs)
    expect(bits(model)).to.deep.equal(bits(whole))
  })

  it('refuses other data, other callbacks and plain model files', async () => {
    const path = join(folder, 'run')
    const model = rich()
    let bytes: Buffer | undefined
    await model.fit(x, y, {
      ...options(path, { epochs: 1 }),
      callbacks: [early()],
      onEpoch: () => void (bytes ??= readFileSync(path)),
    })
    writeFileSync(path, bytes!)
    const custom = { scale: Scale }
    const other = x.map((row) => [...row])
    other[3][1] += 1e-3
    const errors = [
      await rejected(resume(path, other, y, { custom, callbacks: [early()] })),
      await rejected(resume(path, x, y, { custom })),
    ]
    for (const error of errors) expect(error).to.be.instanceOf(my.StateError)
    await model.save(path)
    expect(await rejected(resume(path, x, y, { custom }))).to.be.instanceOf(my.StateError)
  })

  it('refuses an unwritable path before training', async () => {
    const model = rich()
    const error = await rejected(
      model.fit(x, y, { checkpoint: { path: join(folder, 'no', 'folder'), every: { epochs: 1 } } }),
    )
    expect(error).to.be.instanceOf(my.FormatError)
    expect(model.progress.steps).to.equal(0)
  })
})
