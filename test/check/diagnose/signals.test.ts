import { expect } from 'chai'
import { diagnose, layers, ops, sequential, tensor } from '../../../lib'

describe('diagnose.signals', () => {
  it('judges a network behind a normalize layer by what that layer gives, not by the raw inputs', async () => {
    const raw = Array.from({ length: 40 }, (_, i) => [1e6 + 1e5 * Math.sin(i), -3e7 + 1e6 * Math.cos(3 * i)])
    const y = raw.map((_, i) => i % 2)
    for (const scale of [1, 1e-6]) {
      using model = sequential({
        inputShape: [2],
        seed: 1,
        dtype: 'float64',
        layers: [
          layers.normalize(),
          layers.dense({ units: 8, activation: 'relu' }),
          layers.dense({ units: 1, activation: 'sigmoid' }),
        ],
      })
      model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
      const x = raw.map((row) => row.map((v) => v * scale))
      await model.adapt(x)
      const found = await diagnose.signals(model, x, y)
      expect(found.verdict, found.message).to.equal('healthy')
    }
  })

  const random = (rows: number, width: number) =>
    ops.sub(ops.mul(2, tensor(Float64Array.from({ length: rows * width }, (_, i) => Math.abs(Math.sin(i * i))))), 1)

  it('gives the statistics of the numbers that activations and costAndGradients give', async () => {
    using model = sequential({
      inputShape: [3],
      seed: 2,
      dtype: 'float64',
      layers: [
        layers.dense({ units: 40, activation: 'relu' }),
        layers.dense({ units: 4, activation: 'tanh' }),
        layers.dense({ units: 1 }),
      ],
    })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const x = ops.reshape(ops.mul(3, random(500, 3)), [500, 3])
    const y = random(500, 1)
    const found = await diagnose.signals(model, x, y)
    const [activations, { gradients }] = [await model.activations(x), await model.costAndGradients(x, y)]
    const of = (values: readonly number[]) => {
      const mean = values.reduce((a, b) => a + b) / values.length
      const average = (f: (v: number) => number) => values.reduce((sum, v) => sum + f(v), 0) / values.length
      return {
        mean,
        std: Math.sqrt(average((v) => (v - mean) ** 2)),
        rms: Math.sqrt(average((v) => v * v)),
        zeros: average((v) => +(v === 0)),
      }
    }
    const near = (a: object, b: object) => {
      expect(Object.keys(a)).to.have.members(Object.keys(b))
      for (const [key, value] of Object.entries(a))
        expect(value, key).to.be.closeTo((b as Record<string, number>)[key], 1e-12)
    }
    for (const [i, layer] of found.layers.entries()) {
      const values = [...activations[layer.name].a.data]
      near(layer.activation, of(values))
      near(layer.gradients.weight, of([...gradients[i].weight!.data]))
      const width = values.length / 500
      const dead = Array.from({ length: width }, (_, unit) => values.every((v, k) => k % width !== unit || v === 0))
      expect(layer.dead).to.equal(dead.filter(Boolean).length / width)
      const flat = i === 1 ? values.filter((v) => Math.abs(v) > 0.99).length / values.length : layer.saturated
      expect(layer.saturated).to.equal(flat)
    }
    expect(found.layers[1].saturated).to.be.above(0)
  })

  it('is one job, with the data and the weights of the call', async () => {
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const [x, y] = [tensor([[1, 2]]), tensor([1])]
    const before = String(await diagnose.signals(model, x, y))
    const asked = diagnose.signals(model, x, y)
    x.dispose()
    y.dispose()
    const trained = model.trainOnBatch([[1, 2]], [1])
    await model.dispose({ after: 'jobs' })
    expect(String(await asked)).to.equal(before)
    await trained
  })
})
