import { expect } from 'chai'
import { diagnose, DisposedError, gradientCheck, layers, sequential, valueAndGrad } from '../../lib'
import * as plot from '../../lib/plot'
import { blobs } from './support'

describe('a disposed model', () => {
  const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
  const { x, y } = blobs(8)
  before(() => model.dispose())

  const calls: [where: string, call: () => unknown][] = [
    ['plot.modelDiagram', () => plot.modelDiagram(model)],
    ['plot.networkDiagram', () => plot.networkDiagram(model)],
    ['plot.decisionBoundary', () => plot.decisionBoundary(model, x, y)],
    ['gradientCheck', () => gradientCheck(model, x, y)],
    ['diagnose.signals', () => diagnose.signals(model, x, y)],
    ['diagnose.sparsity', () => diagnose.sparsity(model)],
    ['diagnose.activationAdvice', () => diagnose.activationAdvice(model)],
    ['valueAndGrad', () => valueAndGrad(model, 'binaryCrossentropy')],
  ]
  for (const [where, call] of calls)
    it(`${where} says itself that it cannot use it`, async () => {
      const error = await Promise.resolve()
        .then(call)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
      expect(error).to.be.instanceOf(DisposedError)
      expect((error as Error).message).to.equal(`${where}: the model has been disposed.`)
    })
})
