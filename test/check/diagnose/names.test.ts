import { expect } from 'chai'
import { callbacks, diagnose, layers, sequential, type Model } from '../../../lib'
import { rejected } from '../../model/support'

/** What users called, not what it is made of. */
describe('errors of functions that use a model', () => {
  const x = [
    [1, 2],
    [3, 4],
  ]
  const made = (compiled = true): Model => {
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1 })] })
    if (compiled) model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    return model
  }

  it('name diagnose.signals', async () => {
    using model = made()
    const of = async (...args: Parameters<typeof diagnose.signals>) =>
      (await rejected(diagnose.signals(...args))).message
    expect(await of(model, x, [1, 2, 3])).to.match(/^diagnose\.signals: .*y has 3/)
    expect(await of(model, x, [1, NaN])).to.match(/^diagnose\.signals: y\[1\]/)
    expect(await of(model, [[1]], [1])).to.match(/^diagnose\.signals: x: expected shape/)
    expect(await of(model, x, [1, 2], { signal: AbortSignal.abort() })).to.match(/^diagnose\.signals/)
    using plain = made(false)
    expect(await of(plain, x, [1, 2])).to.match(/^diagnose\.signals: the model is not compiled/)
  })

  it('name diagnose.sparsity', async () => {
    using model = made()
    const fit = model.fit(x, [1, 2], { epochs: 2 })
    expect(() => diagnose.sparsity(model)).to.throw(/^diagnose\.sparsity: /)
    await fit
    expect(diagnose.sparsity(model).weights).to.deep.equal([{ name: 'dense_1.weight', count: 2, small: 0 }])
  })

  it('name callbacks.plateau', async () => {
    using model = made()
    const of = async (px: number[][], py: number[]) =>
      (await rejected(model.fit(x, [1, 2], { callbacks: [callbacks.plateau({ x: px, y: py })] }))).message
    expect(await of(x, [1])).to.match(/^callbacks\.plateau: .*y has 1/)
    expect(await of([[1]], [1])).to.match(/^callbacks\.plateau: x: expected shape/)
  })
})
