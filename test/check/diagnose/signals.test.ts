import { expect } from 'chai'
import { diagnose, layers, sequential } from '../../../lib'

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
})
