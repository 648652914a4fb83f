/** Models on the GPU through the public API: the same training, moves between devices, files. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { native } from '../../../lib/native/native'
import { flat, modelOn, x, y } from './network'
import { isStandIn, thorough } from './support'

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9) {
  expect(found.length).to.equal(expected.length)
  for (let i = 0; i < found.length; i++) expect(found[i], `[${i}]`).to.be.closeTo(expected[i], tolerance)
}

describe('models on cuda', () => {
  const optimizers: my.OptimizerName[] = thorough
    ? ['gradientDescent', 'momentum', 'rmsprop', 'adam', 'adamw']
    : ['adam']
  for (const optimizer of optimizers)
    it(`${optimizer}: fit, evaluate and predict as on the CPU`, async () => {
      const [cpu, cuda] = [modelOn({ device: 'cpu', optimizer }), modelOn({ device: 'cuda', optimizer })]
      expect([cpu.device, cuda.device]).to.deep.equal(['cpu', 'cuda:0'])
      const options = { epochs: 3, batchSize: 8, validationData: [x, y] as [number[][], number[][]] }
      const expected = await cpu.fit(x, y, options)
      const before = native.deviceCounters('cuda')
      const found = await cuda.fit(x, y, options)
      expectClose(found.batches, expected.batches)
      found.epochs.forEach((logs, i) => {
        for (const [name, value] of Object.entries(expected.epochs[i]))
          expect(logs[name], `epoch ${i} ${name}`).to.be.closeTo(value as number, 1e-9)
      })
      expectClose(flat(cuda.getWeights()), flat(cpu.getWeights()))
      expectClose((await cuda.predict(x)).data, (await cpu.predict(x)).data)
      const after = native.deviceCounters('cuda')
      expect(after.launches - before.launches).to.be.greaterThan(100)
      expectClose(cuda.predictSync(x).data, cpu.predictSync(x).data)
      const [a, c] = [await cuda.costAndGradients(x, y), await cpu.costAndGradients(x, y)]
      expect(a.cost).to.be.closeTo(c.cost, 1e-10)
      expectClose(flat(a.gradients), flat(c.gradients), 1e-10)
    })

  it('no kernel of theirs runs on the CPU', async () => {
    const model = modelOn({ device: 'cuda' })
    const before = native.deviceCounters('cuda').hostKernelCalls
    await model.fit(x, y, { epochs: 2, batchSize: 8, validationData: [x, y] })
    await model.evaluate(x, y)
    await model.predict(x, { batchSize: 5 })
    model.predictSync(x)
    await model.activations(x, { training: true })
    await model.costAndGradients(x, y, { training: true })
    await model.trainOnBatch(x, y)
    expect(native.deviceCounters('cuda').hostKernelCalls).to.equal(before)
  })

  it('dropout masks are those of the CPU, bit for bit', async () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const masks = await Promise.all(
        (['cpu', 'cuda'] as const).map(async (device) => {
          const model = modelOn({ device, dtype, keepProb: 0.5 })
          await model.adapt(x)
          const layers = await model.activations(x, { training: true })
          return [...layers.dropout_1.a.data].map((v, i) => v !== 0 || layers.dense_1.a.data[i] === 0)
        }),
      )
      expect(masks[1]).to.deep.equal(masks[0])
      expect(masks[0].filter((kept) => !kept).length).to.be.greaterThan(30)
    }
  })

  it('the same seed gives the same bits in every run', async () => {
    const run = async () => {
      const model = modelOn({ device: 'cuda', dtype: 'float32' })
      const history = await model.fit(x, y, { epochs: 3, batchSize: 8 })
      return [...history.batches, ...flat(model.getWeights())]
    }
    expect(await run()).to.deep.equal(await run())
  })

  it('move between devices with their optimiser, in the middle of training', async () => {
    const stay = modelOn({ device: 'cpu' })
    const move = modelOn({ device: 'cpu' })
    const once = { epochs: 1, batchSize: 8 }
    for (let i = 0; i < 4; i++) await stay.fit(x, y, once)
    await move.fit(x, y, once)
    expect(await move.to('cuda')).to.equal(move)
    expect(move.device).to.equal('cuda:0')
    await move.fit(x, y, once)
    for (const device of ['cpu', 'cuda', 'cpu'] as const) {
      const bytes = move.toBytes() // weights, statistics and optimiser state
      await move.to(device)
      expect(move.device).to.equal(device === 'cpu' ? 'cpu' : 'cuda:0')
      expect(Buffer.compare(move.toBytes(), bytes)).to.equal(0)
    }
    await move.fit(x, y, once)
    await move.to('cuda:0')
    await move.fit(x, y, once)
    expect(move.progress).to.deep.equal(stay.progress)
    expectClose(flat(move.getWeights()), flat(stay.getWeights()))
  })

  it('are moved only at rest: to() waits for jobs and is refused during a fit', async () => {
    const model = modelOn({ device: 'cuda' })
    const predicted = modelOn({ device: 'cuda' })
    await predicted.adapt(x)
    const [first, moved, second] = await Promise.all([predicted.predict(x), predicted.to('cpu'), predicted.predict(x)])
    expect(moved.device).to.equal('cpu')
    expectClose(first.data, second.data)
    const fit = model.fit(x, y, { epochs: 3, batchSize: 8 })
    const refused = await model.to('cpu').then(
      () => null,
      (error: unknown) => error,
    )
    expect(refused).to.be.instanceOf(my.StateError)
    await fit
    expect(model.device).to.equal('cuda:0')
  })

  it('own training loops run there', () => {
    const losses = (['cpu', 'cuda'] as const).map((device) => {
      const model = my.sequential({
        inputShape: [3],
        seed: 2,
        dtype: 'float64',
        device,
        layers: [my.layers.dense({ units: 2, activation: 'softmax' })],
      })
      const gradient = my.valueAndGrad(model, 'categoricalCrossentropy')
      const optimizer = my.optimizers.momentum({ learningRate: 0.1 })
      return Array.from({ length: 4 }, () => {
        const { value, grads } = gradient(x, y)
        optimizer.apply(model, grads)
        return value
      })
    })
    expectClose(losses[1], losses[0], 1e-12)
  })

  it('take the state of their own loops along when they move', async () => {
    const train = async (devices: my.DeviceName[]) => {
      const model = my.sequential({
        inputShape: [3],
        seed: 2,
        dtype: 'float64',
        device: 'cpu',
        layers: [my.layers.dense({ units: 2, activation: 'softmax' })],
      })
      const gradient = my.valueAndGrad(model, 'categoricalCrossentropy')
      const optimizer = my.optimizers.adam({ learningRate: 0.1 })
      for (const device of devices) {
        await model.to(device)
        optimizer.apply(model, gradient(x, y).grads)
      }
      return flat(model.getWeights())
    }
    expectClose(await train(['cpu', 'cuda', 'cpu', 'cuda', 'cuda']), await train(Array(5).fill('cpu')), 1e-12)
  })

  it('captured tensors of own losses go along', async () => {
    const offset = my.tensor([[0.25, -0.25]], { dtype: 'float64' })
    const results = await Promise.all(
      (['cpu', 'cuda'] as const).map(async (device) => {
        const model = my.sequential({
          inputShape: [3],
          seed: 2,
          dtype: 'float64',
          device,
          layers: [my.layers.dense({ units: 2 })],
        })
        const loss = (t: my.Tensor, p: my.Tensor) => {
          const e = my.ops.sub(my.ops.add(p, offset), t)
          return my.ops.sum(my.ops.mul(e, e))
        }
        model.compile({ optimizer: 'gradientDescent', loss })
        return (await model.fit(x, y, { epochs: 2, batchSize: 8, shuffle: false })).batches
      }),
    )
    expectClose(results[1], results[0])
  })

  it('gradientCheck runs there', async () => {
    const model = modelOn({ device: 'cuda', keepProb: 1 })
    await model.adapt(x)
    const before = native.deviceCounters('cuda')
    const found = await my.gradientCheck(model, x.slice(0, 6), y.slice(0, 6), { sample: 4 })
    const after = native.deviceCounters('cuda')
    expect(found.verdict).to.equal('correct')
    expect(after.launches).to.be.greaterThan(before.launches)
    expect(after.hostKernelCalls).to.equal(before.hostKernelCalls)
  })

  it('NaN ends a fit with the place of its origin and leaves the last good weights', async () => {
    const errors = await Promise.all(
      (['cpu', 'cuda'] as const).map(async (device) => {
        const model = my.sequential({
          inputShape: [3],
          seed: 2,
          device,
          layers: [my.layers.dense({ units: 4, activation: 'relu' }), my.layers.dense({ units: 2 })],
        })
        model.compile({ optimizer: my.optimizers.gradientDescent({ learningRate: 1e12 }), loss: 'meanSquaredError' })
        const error = await model.fit(x, y, { epochs: 5, batchSize: 8, shuffle: false }).then(
          () => null,
          (e: unknown) => e,
        )
        expect(error).to.be.instanceOf(my.NonFiniteError)
        expect(flat(model.getWeights()).every(Number.isFinite)).to.equal(true)
        return (error as Error).message
      }),
    )
    expect(errors[1]).to.equal(errors[0])
  })

  it('files are the same and open on any device', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-cuda-'))
    try {
      const model = modelOn({ device: 'cuda' })
      await model.fit(x, y, { epochs: 2, batchSize: 8 })
      const onGpu = model.toBytes()
      await model.save(join(folder, 'model.safetensors'))
      await model.to('cpu')
      expect(Buffer.compare(model.toBytes(), onGpu)).to.equal(0)
      for (const device of ['cpu', 'cuda'] as const) {
        const loaded = await my.loadModel(join(folder, 'model.safetensors'), { device })
        expect(loaded.device).to.equal(device === 'cpu' ? 'cpu' : 'cuda:0')
        expect(flat(loaded.getWeights())).to.deep.equal(flat(model.getWeights()))
        expect(Buffer.compare(loaded.toBytes(), onGpu)).to.equal(0)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('MYELIN_DEVICE and auto choose the device of models that name none', () => {
    const before = process.env.MYELIN_DEVICE
    const small = () => my.sequential({ inputShape: [3], layers: [my.layers.dense({ units: 2 })] })
    const large = (device?: my.DeviceName) =>
      my.sequential({ inputShape: [400], device, layers: [my.layers.dense({ units: 400 })] })
    try {
      delete process.env.MYELIN_DEVICE
      expect([small().device, large().device, large('cpu').device]).to.deep.equal(['cpu', 'cuda:0', 'cpu'])
      process.env.MYELIN_DEVICE = 'cuda'
      expect([small().device, large('cpu').device, large('auto').device]).to.deep.equal(['cuda:0', 'cpu', 'cuda:0'])
      process.env.MYELIN_DEVICE = 'tpu'
      expect(small).to.throw(my.OptionError, /MYELIN_DEVICE: expected .*, got 'tpu'/)
    } finally {
      if (before === undefined) delete process.env.MYELIN_DEVICE
      else process.env.MYELIN_DEVICE = before
    }
  })

  it('a device that is not there is a DeviceError that names those that are', async () => {
    const device: my.DeviceName = `cuda:${my.devices().length - 1}`
    const known = new RegExp(`no device '${device}'; this machine has 'cpu', 'cuda:0'`)
    const build = () => my.sequential({ inputShape: [3], device, layers: [my.layers.dense({ units: 2 })] })
    expect(build).to.throw(my.DeviceError, known)
    const model = modelOn({ device: 'cuda' })
    const bytes = model.toBytes()
    for (const refused of [model.to(device), my.loadModel(bytes, { device })]) {
      const error = await refused.then(
        () => null,
        (e: unknown) => e,
      )
      expect(error).to.be.instanceOf(my.DeviceError).with.property('message').that.matches(known)
    }
    expect(model.device).to.equal('cuda:0')
    expect(() => my.setMemoryLimit(device, 1e9)).to.throw(my.DeviceError, device)
    expect(() => native.bufferCreate('float32', 3, null, device))
      .to.throw(/no 'cuda:\d+'/)
      .with.property('code', 'MYELIN_DEVICE')
  })

  it('devices() tells name, memory, compute capability and driver', () => {
    const [cpu, gpu] = my.devices()
    expect(cpu.name).to.equal('cpu')
    expect(gpu.name).to.equal('cuda:0')
    expect(gpu.description).to.be.a('string').that.is.not.empty
    expect(gpu.memoryBytes).to.be.greaterThan(1e6)
    expect(gpu.computeCapability).to.match(/^\d+\.\d$/)
    expect(gpu.driver).to.match(/^\d+\.\d+$/)
    if (isStandIn)
      expect(gpu).to.deep.equal({
        name: 'cuda:0',
        description: 'stand-in on the CPU',
        memoryBytes: 2 ** 31,
        computeCapability: '8.6',
        driver: '13.0',
      })
    expect(my.whyNoGpu()).to.equal(null)
  })
})
