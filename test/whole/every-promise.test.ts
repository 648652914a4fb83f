/**
 * What returns a promise leaves the event loop its turns, however much there is to do. Measured in time that the main
 * thread computes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../lib'
import { collectGarbage } from '../garbage'
import { longestHold } from '../longest-hold'

const { data, layers, sequential } = my

const [rows, width] = [100_000, 64]
const x = { data: Float64Array.from({ length: rows * width }, (_, i) => Math.sin(i)), shape: [rows, width] }
const y = Float64Array.from({ length: rows }, (_, i) => +(Math.sin(7 * i) > 0.5))
const sampleWeight = new Float64Array(rows).fill(1)

function small(): my.Model {
  const model = sequential({
    inputShape: [width],
    seed: 1,
    layers: [layers.normalize(), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'] })
  return model
}

/** 100 MB with Adam's slots. */
function large(): my.Model {
  const model = sequential({
    inputShape: [2048],
    seed: 1,
    layers: [layers.dense({ units: 4096, activation: 'relu' }), layers.dense({ units: 1 })],
  })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

/** With 12 MB of labels. */
function labelled(): my.Model {
  const units = 60_000
  const labels = Array.from({ length: units }, (_, i) => `label ${i} ${'x'.repeat(190)}`)
  return sequential({ inputShape: [1], labels, layers: [layers.dense({ units, kernelInitializer: 'ones' })] })
}

/** A safetensors file of so many tensors of one number. */
function manyTensors(count: number): Uint8Array {
  const entries = Array.from({ length: count }, (_, i) => [
    `layer.${i}.weight`,
    { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] },
  ])
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, Buffer.alloc(4 * count)])
}

const given = { data: new Float32Array(2048 * 4), shape: [4, 2048] }
const targets = [1, 2, 3, 4]

/** 300,000 examples of two inputs. */
const plane = { data: x.data.subarray(0, 600_000), shape: [300_000, 2] }
const classes = Float64Array.from({ length: 300_000 }, (_, i) => +(plane.data[2 * i] > plane.data[2 * i + 1]))
const bowl = (a: my.Value, b: my.Value) => my.ops.add(my.ops.square(a), my.ops.square(b))

function classifier(units: number): my.Model {
  const activation = units === 1 ? 'sigmoid' : 'softmax'
  const hidden = layers.dense({ units: 16, activation: 'tanh' })
  return sequential({ inputShape: [2], seed: 1, layers: [hidden, layers.dense({ units, activation })] })
}

function wav(samples: number): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples)
  bytes.write('RIFF')
  bytes.writeUInt32LE(36 + 2 * samples, 4)
  bytes.write('WAVEfmt ', 8)
  for (const [at, value] of [
    [16, 16],
    [24, 16_000],
    [28, 32_000],
  ])
    bytes.writeUInt32LE(value, at)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ])
    bytes.writeUInt16LE(value, at)
  bytes.write('data', 36)
  bytes.writeUInt32LE(2 * samples, 40)
  return bytes
}

describe('whatever returns a promise', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'myelin-turns-'))
  const file = (name: string) => join(folder, name)
  after(() => rmSync(folder, { recursive: true, force: true }))

  const adapted = async () => {
    const model = small()
    await model.adapt(x)
    return model
  }

  /** What is measured is what each of these returns. */
  const calls: Record<string, () => Promise<() => Promise<unknown>>> = {
    adapt: async () => {
      const model = small()
      return () => model.adapt(x)
    },
    fit: async () => {
      const model = await adapted()
      const options = { batchSize: 4096, sampleWeight, classWeight: { 0: 1, 1: 2 }, validationData: [x, y] as const }
      return () => model.fit(x, y, options)
    },
    fitDataset: async () => {
      const model = await adapted()
      return () => model.fitDataset(() => [{ x, y }])
    },
    trainOnBatch: async () => {
      const model = await adapted()
      return () => model.trainOnBatch(x, y, { sampleWeight })
    },
    evaluate: async () => {
      const model = await adapted()
      return () => model.evaluate(x, y, { sampleWeight, batchSize: 4096 })
    },
    predict: async () => {
      const model = await adapted()
      return () => model.predict(x)
    },
    activations: async () => {
      const model = await adapted()
      return () => model.activations(x)
    },
    costAndGradients: async () => {
      const model = await adapted()
      return () => model.costAndGradients(x, y, { sampleWeight })
    },
    save: async () => {
      const model = large()
      return () => model.save(file('large.myelin'))
    },
    loadModel: async () => {
      await large().save(file('loaded.myelin'))
      return () => my.loadModel(file('loaded.myelin'))
    },
    'save of a long description': async () => {
      const model = labelled()
      return () => model.save(file('labels.myelin'))
    },
    'loadModel of a long description': async () => {
      await labelled().save(file('labels.myelin'))
      return () => my.loadModel(file('labels.myelin'))
    },
    'readTensors of many tensors': async () => {
      writeFileSync(file('many.safetensors'), manyTensors(20_000))
      return () => my.readTensors(file('many.safetensors'))
    },
    readTensors: async () => {
      await large().save(file('tensors.myelin'))
      return () => my.readTensors(file('tensors.myelin'))
    },
    resume: async () => {
      const controller = new AbortController()
      const stopAt2 = (logs: { epoch: number }) => {
        if (logs.epoch === 2) controller.abort()
      }
      const checkpoint = { path: file('checkpoint.myelin'), every: { epochs: 1 } }
      const stopping = my.callbacks.earlyStopping({ monitor: 'loss', patience: 9, restoreBestWeights: true })
      const options = { epochs: 3, checkpoint, signal: controller.signal, onEpoch: stopAt2, callbacks: [stopping] }
      await large()
        .fit(given, targets, options)
        .catch(() => null)
      return () => my.resume(file('checkpoint.myelin'), given, targets, { callbacks: [stopping] })
    },
    'checkpoints of fit': async () => {
      const model = large()
      return () =>
        model.fit(given, targets, { epochs: 1, checkpoint: { path: file('other.myelin'), every: { epochs: 1 } } })
    },
    'earlyStopping in fit, resumed': async () => {
      const model = large()
      const checkpoint = { path: file('best.myelin'), every: { epochs: 1 } }
      const stopping = () => [my.callbacks.earlyStopping({ monitor: 'loss', patience: 9, restoreBestWeights: true })]
      const controller = new AbortController()
      // After the checkpoint of the first epoch.
      const onEpoch = ({ epoch }: { epoch: number }) => (epoch === 2 ? controller.abort() : undefined)
      const options = { epochs: 3, checkpoint, signal: controller.signal, onEpoch, callbacks: stopping() }
      return async () => {
        await model.fit(given, targets, options).catch(() => null)
        await my.resume(file('best.myelin'), given, targets, { callbacks: stopping() })
      }
    },
    'weightNorms in fit': async () => {
      const model = large()
      return () => model.fit(given, targets, { callbacks: [my.callbacks.weightNorms()] })
    },
    'plateau in fit': async () => {
      const model = large()
      return () => model.fit(given, targets, { callbacks: [my.callbacks.plateau({ x: given, y: targets })] })
    },
    'earlyStopping of fit': async () => {
      const model = large()
      const stopping = my.callbacks.earlyStopping({ monitor: 'loss', patience: 3, restoreBestWeights: true })
      return () => model.fit(given, targets, { epochs: 3, callbacks: [stopping] })
    },
    gradientCheck: async () => {
      const model = await adapted()
      const part = { data: x.data.subarray(0, 5000 * width), shape: [5000, width] }
      return () => my.gradientCheck(model, part, y.subarray(0, 5000))
    },
    'gradientCheck of large weights': async () => {
      const model = large()
      const { gradients } = await model.costAndGradients(given, targets)
      return () => my.gradientCheck(model, given, targets, { gradients, sample: 2 })
    },
    'gradientCheck of all entries': async () => {
      const model = sequential({
        inputShape: [100],
        layers: [layers.dense({ units: 400 }), layers.dense({ units: 1 })],
      })
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      return () => my.gradientCheck(model, { data: new Float32Array(100), shape: [1, 100] }, [1], { sample: Infinity })
    },
    'diagnose.signals': async () => {
      const model = await adapted()
      return () => my.diagnose.signals(model, x, y)
    },
    'diagnose.signals of large weights': async () => {
      const model = large()
      return () => my.diagnose.signals(model, given, targets)
    },
    'diagnose.learningCurve': async () => () => my.diagnose.learningCurve({ x, y }, () => 1, { seeds: [1] }),
    fromCsv: async () => {
      const lines = Array.from(
        { length: 100_000 },
        (_, i) => `${i},${i % 7 ? 'word' : 'other'},${Math.sin(i)},${i % 2}`,
      )
      writeFileSync(file('table.csv'), ['a,b,c,target', ...lines].join('\n'))
      return () => data.fromCsv(file('table.csv'), { target: 'target' })
    },
    readWav: async () => {
      const bytes = wav(10_000_000)
      return () => data.readWav(bytes)
    },
    applyAsync: async () => {
      const augmenter = data.augment({ rotate: 10, seed: 1 })
      const images = { data: new Float32Array(20_000 * 784), shape: [20_000, 28, 28, 1] }
      return () => augmenter.applyAsync(images)
    },
    'svg of a picture': async () => {
      const points = Array.from({ length: 30_000 }, (_, i): [number, number] => [i, Math.sin(i / 1000)])
      const picture = my.plot.lines({ sine: points })
      return () => picture.svg()
    },
    'save of a picture': async () => {
      const picture = my.plot.optimizerPaths(bowl, { adam: my.optimizers.adam() }, { start: [1, 2] })
      return () => picture.save(file('bowl.png'))
    },
    'History.plot': async () => {
      const model = sequential({ inputShape: [1], layers: [layers.dense({ units: 1 })] })
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] })
      const history = await model.fit([[1], [2]], [1, 2], { epochs: 3_000, batchSize: 1 })
      return () => history.plot(file('history.svg'))
    },
    decisionBoundary: async () => {
      const model = classifier(1)
      return () => my.plot.decisionBoundary(model, plane, classes)
    },
    decisionBoundaries: async () => {
      const models = { one: classifier(1), three: classifier(3) }
      return () => my.plot.decisionBoundaries(models, plane, classes)
    },
    convergencePaths: async () => () => my.plot.convergencePaths(plane, classes),
  }

  for (const [name, make] of Object.entries(calls))
    it(`${name}: no turn of the event loop above 25 ms`, async function () {
      this.retries(2) // a garbage collection may fall into a turn
      const call = await make()
      await collectGarbage()
      expect(await longestHold(call), 'longest hold in ms').to.be.at.most(25)
    })

  it('all asynchronous methods of a model are among these', () => {
    const methods = Object.getOwnPropertyNames(my.Model.prototype)
    const isAsync = (name: string) => {
      const { value } = Object.getOwnPropertyDescriptor(my.Model.prototype, name)!
      return typeof value === 'function' && value.constructor.name === 'AsyncFunction'
    }
    // `to` moves weights between devices; there is one device here.
    expect(Object.keys(calls)).to.include.members(methods.filter((name) => isAsync(name) && name !== 'to'))
  })
})
