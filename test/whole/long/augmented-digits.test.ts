/**
 * 5.9 at work: with augmentation the digits are learnt to 98 % and more, where they are learnt to about 96 % without.
 */
import { expect } from 'chai'
import { train } from '../../../examples/augmented-digits'

describe('digits with augmentation', function () {
  this.timeout(900_000)

  it('512-256 reaches 98 % on the test part, and is better than without', async () => {
    const [plain, augmented] = [
      await train({ seed: 1, epochs: 60, augmented: false }),
      await train({ seed: 1, epochs: 60, augmented: true }),
    ]
    expect(augmented.accuracy).to.be.at.least(0.98)
    expect(augmented.accuracy).to.be.above(plain.accuracy + 0.01)
  })
})
