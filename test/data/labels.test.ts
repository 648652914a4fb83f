import { expect } from 'chai'
import { data, OptionError, ShapeError } from '../../lib'

describe('data.oneHot', () => {
  it('makes rows of class numbers', () => {
    expect(data.oneHot([2, 0, 1]).toArray()).to.deep.equal([
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ])
    expect(data.oneHot([[0], [1]], 3).toArray()).to.deep.equal([
      [1, 0, 0],
      [0, 1, 0],
    ])
    expect(data.oneHot(new Uint8Array([1]), 2, { dtype: 'float64' }).dtype).to.equal('float64')
  })

  it('refuses what is no class number', () => {
    expect(() => data.oneHot([0, 3], 3)).to.throw(OptionError, 'from 0 to 2, got 3 in row 1')
    expect(() => data.oneHot([0, 0.5])).to.throw(OptionError, 'row 1')
    expect(() => data.oneHot([-1])).to.throw(OptionError, '-1')
    expect(() => data.oneHot([[1, 0]])).to.throw(ShapeError, '[1, 2]')
  })
})

describe('data.confusionMatrix', () => {
  const counts = [
    [1, 1, 0],
    [0, 2, 0],
    [0, 0, 1],
  ]

  it('counts class numbers, one-hot rows and probabilities alike', () => {
    const truth = [0, 0, 1, 1, 2]
    const guess = [0, 1, 1, 1, 2]
    const scores = [
      [0.5, 0.3, 0.2],
      [0.1, 0.8, 0.1],
      [0, 1, 0],
      [0.2, 0.6, 0.2],
      [0.1, 0.2, 0.7],
    ]
    expect(data.confusionMatrix(truth, guess).counts).to.deep.equal(counts)
    expect(data.confusionMatrix(data.oneHot(truth), scores).counts).to.deep.equal(counts)
    const matrix = data.confusionMatrix(truth, guess)
    expect(matrix.total).to.equal(5)
    expect(matrix.accuracy).to.equal(0.8)
    expect(matrix.recall(0)).to.equal(0.5)
    expect(matrix.precision(1)).to.equal(2 / 3)
  })

  it('takes probabilities of class 1, from 0.5 on', () => {
    expect(data.confusionMatrix([0, 1, 1], [[0.2], [0.5], [0.4]]).counts).to.deep.equal([
      [1, 0],
      [1, 1],
    ])
  })

  it('prints a table', () => {
    const text = String(data.confusionMatrix([0, 1, 1], [0, 1, 0], { labels: ['cat', 'dog'] }))
    const lines = text.split('\n').map((line) => line.trim().split(/ {2,}/))
    expect(lines).to.deep.equal([
      ['true \\ predicted', 'cat', 'dog', 'recall'],
      ['cat', '1', '·', '100.0 %'],
      ['dog', '1', '1', '50.0 %'],
      ['precision', '50.0 %', '100.0 %', '66.7 %'],
    ])
  })

  it('refuses different lengths, missing labels and NaN', () => {
    expect(() => data.confusionMatrix([0, 1], [0])).to.throw(ShapeError, '2 and 1')
    expect(() => data.confusionMatrix([0, 2], [0, 1], { labels: ['a', 'b'] })).to.throw(OptionError, '3 classes')
    expect(() => data.confusionMatrix([0], [[NaN, 1]])).to.throw(OptionError, 'NaN')
  })
})
