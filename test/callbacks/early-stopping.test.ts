import { expect } from 'chai'
import { callbacks, layers, type Model, OptionError, optimizers, sequential } from '../../lib'
import { blobs, rejected } from '../model/support'

describe('earlyStopping', () => {
  it('waits, stops and puts the best weights back bit for bit', async () => {
    const { x, y } = blobs(40)
    const model = small()
    const weights: number[][] = []
    const script = [5, 4, 3, 3.5, 3.2, 3.1]
    const history = await model.fit(x, y, {
      epochs: 20,
      batchSize: 8,
      callbacks: [
        {
          name: 'script',
          onEpoch: (logs) =>
            void ((logs.val_loss = script[logs.epoch - 1]), weights.push([...model.getWeights()[0].weight.data])),
        },
        callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
      ],
    })
    expect(history.stopped).to.equal('early')
    expect(history.epochs).to.have.length(6)
    expect([...model.getWeights()[0].weight.data]).to.deep.equal(weights[2])
    expect(weights[5]).to.not.deep.equal(weights[2])
  })

  it('says what can be monitored', async () => {
    const { x, y } = blobs(20)
    const error = await rejected(small().fit(x, y, { callbacks: [callbacks.earlyStopping()] }))
    expect(error).to.be.instanceOf(OptionError)
    expect(error.message).to.include("no 'val_loss'").and.include('validationData')
  })
})

function small(): Model {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.02 }), loss: 'binaryCrossentropy' })
  return model
}
