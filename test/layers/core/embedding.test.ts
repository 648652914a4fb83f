import { expect } from 'chai'
import { OptionError } from '../../../lib/base/errors'
import { grad } from '../../../lib/functions/grad'
import { initializers } from '../../../lib/initializers'
import { layers } from '../../../lib/layers'
import * as ops from '../../../lib/ops'
import { regularizers } from '../../../lib/regularizers'
import { tensor, type Tensor } from '../../../lib/tensor/tensor'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { inference, run, weightsOf } from '../support'

describeLayer('embedding', {
  uses: {
    'of lists of ids': { layer: () => layers.embedding({ vocabulary: 5, units: 3 }), inputs: [[4]], output: [4, 3] },
    'of one id, touched rows only': {
      layer: () => layers.embedding({ vocabulary: 9, units: 2, updates: 'touched' }),
      inputs: [[]],
      output: [2],
    },
    'of two axes, with options': {
      layer: () =>
        layers.embedding({
          vocabulary: 4,
          units: 2,
          embeddingsInitializer: 'smallNormal',
          embeddingsRegularizer: regularizers.l2({ l2: 0.1 }),
        }),
      inputs: [[2, 3]],
      output: [2, 3, 2],
    },
  },
})

describe('layers.embedding', () => {
  const weight = t([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  const built = layers.embedding({ vocabulary: 3, units: 2 }).build([[2]], 'words')

  it('takes the rows of the ids', () => {
    const ids = tensor([2, 0, 1, 1], [2, 2], { dtype: 'int32' })
    const { a } = built.call([ids as unknown as Tensor], { weight }, inference)
    expect(a.toArray()).to.deep.equal([
      [
        [5, 6],
        [1, 2],
      ],
      [
        [3, 4],
        [3, 4],
      ],
    ])
  })
  it('numbers of another dtype lose their fraction', () => {
    expect(run(layers.embedding({ vocabulary: 3, units: 2 }), t([[2, 0.9]]), { weight }).toArray()).to.deep.equal([
      [
        [5, 6],
        [1, 2],
      ],
    ])
  })
  it('the derivative of a row is the sum over all places of its id', () => {
    const ids = tensor([2, 0, 2, 2], [2, 2], { dtype: 'int32' }) as unknown as Tensor
    const factors = t([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])
    const [slope] = grad((w: Tensor) => ops.sum(ops.mul(built.call([ids], { weight: w }, inference).a, factors)))(
      weight,
    )
    close(slope as Tensor, [3, 4, 0, 0, 1 + 5 + 7, 2 + 6 + 8])
  })
  it('holds a table, uniform in ±0.05 at first, and says what ids it takes', () => {
    const large = layers.embedding({ vocabulary: 100, units: 50, updates: 'touched' }).build([[2]], 'words')
    expect(large.weights.map(({ name, shape, role, trainable, updates }) => [name, shape, role, trainable, updates]))
      .to //
      .deep.equal([['weight', [100, 50], 'weight', true, 'touched']])
    expect(large.wholeNumbers).to.deep.equal({ below: 100 })
    expect(built.weights[0].updates).to.equal('all')
    const values = [...weightsOf(large).weight.data]
    expect(Math.max(...values.map(Math.abs))).to.be.within(0.0499, 0.05)
    // The mean of 5000 such numbers has the standard error 0.05/√15000.
    expect(values.reduce((a, b) => a + b) / 5000).to.be.closeTo(0, 0.002)
    expect(layers.embedding({ vocabulary: 3, units: 2 }).config).to.deep.equal({
      vocabulary: 3,
      units: 2,
      updates: 'all',
      embeddingsInitializer: initializers.uniform({ min: -0.05, max: 0.05 }).config,
    })
  })
  it('refuses bad options', () => {
    for (const options of [
      { units: 2 },
      { vocabulary: 0, units: 2 },
      { vocabulary: 3 },
      { vocabulary: 3, units: 1.5 },
      { vocabulary: 3, units: 2, updates: 'some' },
      { vocabulary: 3, units: 2, embeddingsInitializer: 'one' },
      { vocabulary: 3, units: 2, embeddingsRegularizer: 3 },
      { vocabulary: 3, units: 2, kernelInitializer: 'ones' },
    ])
      expect(() => layers.embedding(options as never), JSON.stringify(options)).to.throw(
        OptionError,
        /layers\.embedding: (vocabulary|units|updates|embeddings|unknown option 'kernelInitializer')/,
      )
    const both = { updates: 'touched', embeddingsRegularizer: regularizers.l1({ l1: 1 }) } as const
    expect(() => layers.embedding({ vocabulary: 3, units: 2, ...both })).to.throw(
      OptionError,
      /expected updates: 'touched' or an embeddingsRegularizer, got both/,
    )
    expect(() => layers.embedding({ vocabulary: 3, units: 2 }).build([[2], [2]], 'words')).to.throw(
      OptionError,
      /words: expected one input/,
    )
  })
})
