import { expect } from 'chai'
import { OptionError } from '../../lib/base/errors'
import { lossFromConfig, losses, toLoss } from '../../lib/losses'

const { binaryCrossentropy, categoricalCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } = losses

describe('losses by name', () => {
  it('come back from their configs', () => {
    for (const loss of [
      binaryCrossentropy({ fromLogits: true }),
      categoricalCrossentropy(),
      sparseCategoricalCrossentropy(),
      meanSquaredError(),
    ]) {
      const again = lossFromConfig(JSON.parse(JSON.stringify(loss.config)))
      expect([again.name, again.fromLogits, again.config]).to.deep.equal([loss.name, loss.fromLogits, loss.config])
    }
  })
  it('refuse unknown names and options', () => {
    expect(() => toLoss('compile: loss', 'binaryCrossEntropy' as never)).to.throw(OptionError, /'binaryCrossentropy'/)
    expect(() => toLoss('compile: loss', 5 as never)).to.throw(OptionError, /got 5/)
    expect(() => binaryCrossentropy({ logits: true } as never)).to.throw(OptionError, /fromLogits/)
  })
})
