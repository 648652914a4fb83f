import { expect } from 'chai'
import { callbacks, layers, ops, OptionError, sequential, type Tensor } from '../../lib'
import { blobs, rejected } from '../model/support'

const { x, y } = blobs(20)

function made(metrics: { name: string; fn: (a: Tensor, b: Tensor) => Tensor }[] = []) {
  const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics })
  return model
}

describe('plateau', () => {
  it('adds the norm of the gradient of that moment', async () => {
    const model = made()
    const { epochs } = await model.fit(x, y, { callbacks: [callbacks.plateau({ x, y })] })
    const { gradients } = await model.costAndGradients(x, y)
    const numbers = [...gradients[0].weight.data, ...gradients[0].bias.data]
    expect(epochs[0].gradientNorm).to.be.closeTo(Math.hypot(...numbers), 1e-12)
  })

  it('does not write over another value of that name', async () => {
    const plateau = () => callbacks.plateau({ x, y })
    const metric = { name: 'gradientNorm', fn: (_: Tensor, p: Tensor) => ops.mean(p) }
    for (const fit of [
      () => made().fit(x, y, { callbacks: [plateau(), plateau()] }),
      () => made([metric]).fit(x, y, { callbacks: [plateau()] }),
    ]) {
      const error = await rejected(fit())
      expect(error).to.be.instanceOf(OptionError)
      expect(error.message).to.include("callbacks.plateau: expected logs without 'gradientNorm'")
    }
  })
})
