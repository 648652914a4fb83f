import { expect } from 'chai'
import { data, layers, OptionError, sequential, ShapeError } from '../../lib'

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

  it('takes probabilities of class 1, above 0.5', () => {
    expect(data.confusionMatrix([0, 1, 1], [[0.2], [0.51], [0.5]]).counts).to.deep.equal([
      [1, 0],
      [1, 1],
    ])
  })

  it('agrees with the metrics, at 0.5 exactly too', async () => {
    const model = sequential({
      inputShape: [1],
      layers: [layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'ones' })],
    })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy', 'precision', 'recall'] })
    const x = [[0], [0], [0], [1], [-1]]
    const y = [0, 0, 1, 1, 1]
    const found = await model.evaluate(x, y)
    const predicted = await model.predict(x)
    expect(predicted.toArray().slice(0, 3)).to.deep.equal([[0.5], [0.5], [0.5]])
    const matrix = data.confusionMatrix(y, predicted)
    expect(matrix.counts).to.deep.equal([
      [2, 0],
      [2, 1],
    ])
    expect([matrix.accuracy, matrix.precision(1)]).to.deep.equal([found.accuracy, found.precision])
    expect(matrix.recall(1)).to.be.closeTo(found.recall, 1e-12)
    model.dispose()
  })

  describe('of rows with several labels', () => {
    const yTrue = [
      [1, 1, 0],
      [0, 0, 0],
      [0, 1, 1],
      [0, 1, 0],
    ]
    const yPred = [
      [0.9, 0.9, 0.1],
      [0.1, 0.1, 0.1],
      [0.2, 0.4, 0.8],
      [0.7, 0.95, 0.1],
    ]

    it('is that of a column', () => {
      const of = (column: number) => data.confusionMatrix(yTrue, yPred, { column, labels: ['no', 'yes'] }).counts
      expect([0, 1, 2].map(of)).to.deep.equal([
        [
          [2, 1],
          [0, 1],
        ],
        [
          [1, 0],
          [1, 2],
        ],
        [
          [3, 0],
          [0, 1],
        ],
      ])
      const alike = data.confusionMatrix([[1, 0]], [[1, 0]], { column: 0 }).counts
      expect(alike).to.deep.equal([
        [0, 0],
        [0, 1],
      ])
    })

    it('is refused without one, and where there is none', () => {
      const several = 'yTrue: expected one class in each row, got the same for 0 and 1 in row 0'
      expect(() => data.confusionMatrix(yTrue, yPred)).to.throw(OptionError, several)
      expect(() => data.confusionMatrix([[0, 0, 0]], [[1, 0, 0]])).to.throw(OptionError, '{ column: 0 }')
      expect(() => data.confusionMatrix(yTrue, yPred, { column: 3 })).to.throw(OptionError, 'a column from 0 to 2')
      expect(() => data.confusionMatrix(yTrue, yPred, { column: -1 })).to.throw(OptionError, 'column')
      expect(() => data.confusionMatrix([[1, 0]], [[3.5, -2]], { column: 0 })).to.throw(
        OptionError,
        'in [0, 1], got 3.5',
      )
    })
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
