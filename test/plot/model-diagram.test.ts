import { expect } from 'chai'
import { input, layers, model, OptionError, plot, sequential } from '../../lib'
import { thrown } from '../model/support'
import { drawn, showsAs, specOf } from './support'

function siamese() {
  const [left, right] = [input({ shape: [3] }), input({ shape: [2], dtype: 'int32' })]
  const encoder = layers.dense({ units: 4, activation: 'tanh', name: 'encoder' })
  const embedded = layers.flatten().apply(layers.embedding({ vocabulary: 5, units: 2 }).apply(right))
  const both = layers.add().apply([encoder.apply(left), layers.dense({ units: 4 }).apply(embedded)])
  return model({ inputs: { left, right }, outputs: { near: layers.dense({ units: 1 }).apply(both), sum: both } })
}

describe('plot.modelDiagram', () => {
  it('has a box for each input, use of a layer and output, and an arrow for each that is read', async () => {
    const picture = plot.modelDiagram(siamese())
    const layersOf = specOf(picture).layer!
    const boxes = layersOf.find(({ mark }) => (mark as { type: string }).type === 'rect')!.data!.values
    expect(boxes).to.have.length(2 + 6 + 2)
    const lines = layersOf.find(({ mark }) => (mark as { type: string }).type === 'rule')!.data!.values
    expect(lines).to.have.length(1 + 1 + 1 + 1 + 2 + 1 + 2)
    await showsAs(
      picture,
      'left',
      'input, int32',
      'encoder',
      'dense tanh',
      '[m, 4]',
      'near',
      'output',
      'Layers of the model',
    )
    expect(drawn(picture, 0).length).to.be.above(0)
  })

  it('draws chains too, and networkDiagram says when to use it', async () => {
    const chain = sequential({ inputShape: [2], name: 'small', layers: [layers.dense({ units: 1 })] })
    await showsAs(plot.modelDiagram(chain), 'small', 'x', 'dense_1', '[m, 2]')
    expect(thrown(() => plot.networkDiagram(siamese())).message).to.match(/stand in a row.*plot\.modelDiagram/)
    const many = sequential({ inputShape: [1], layers: Array.from({ length: 60 }, () => layers.flatten()) })
    expect(thrown(() => plot.modelDiagram(many))).to.be.instanceOf(OptionError)
    expect(thrown(() => plot.modelDiagram(3 as never)).message).to.match(/plot\.modelDiagram: expected a model.*got 3/)
  })
})
