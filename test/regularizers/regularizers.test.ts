import { expect } from 'chai'
import { OptionError } from '../../lib/base/errors'
import { grad } from '../../lib/functions/grad'
import { regularizerFromConfig, regularizers, type Regularizer } from '../../lib/regularizers'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'

const { l1, l1l2, l2 } = regularizers
const values = [1, -2, 0, 0.5]
const weight = t(values, [2, 2])
const squares = 5.25
const magnitudes = 3.5

const numbers = (regularizer: Regularizer): { perExample?: number; absolute?: number } => {
  const { perExample, absolute } = regularizer.penalty(weight)
  return { perExample: perExample?.item(), absolute: absolute?.item() }
}

describe('regularisers', () => {
  it("5.5 l2: (λ/2m)·‖W‖² and Keras's l2·‖W‖²", () => {
    expect(numbers(l2({ lambda: 0.4 }))).to.deep.equal({ perExample: 0.2 * squares, absolute: undefined })
    expect(numbers(l2({ l2: 0.5 }))).to.deep.equal({ perExample: undefined, absolute: 0.5 * squares })
  })
  it("5.6 l1: (λ/2m)·Σ|W| and Keras's l1·Σ|W|", () => {
    expect(numbers(l1({ lambda: 0.5 }))).to.deep.equal({ perExample: 0.25 * magnitudes, absolute: undefined })
    expect(numbers(l1({ l1: 0.5 }))).to.deep.equal({ perExample: undefined, absolute: 0.5 * magnitudes })
  })
  it('l1l2: both', () => {
    expect(numbers(l1l2({ lambda1: 0.5, lambda2: 1 }))).to.deep.equal({
      perExample: 0.25 * magnitudes + 0.5 * squares,
      absolute: undefined,
    })
    expect(numbers(l1l2({ l1: 0.5, l2: 2 }))).to.deep.equal({
      perExample: undefined,
      absolute: 0.5 * magnitudes + 2 * squares,
    })
  })
  it('5.5, 5.6 derivatives: λ·W and (λ/2)·sign W with sign 0 = 0', () => {
    const derivative = (regularizer: Regularizer): Tensor =>
      grad((w: Tensor) => regularizer.penalty(w).perExample as Tensor)(weight)[0] as Tensor
    close(
      derivative(l2({ lambda: 0.3 })),
      values.map((v) => 0.3 * v),
    )
    close(
      derivative(l1({ lambda: 0.3 })),
      values.map((v) => 0.15 * Math.sign(v)),
    )
  })
  it('come back from their configs', () => {
    for (const regularizer of [
      l2({ lambda: 0.1 }),
      l2({ l2: 0.1 }),
      l1({ l1: 3 }),
      l1l2({ l1: 1, l2: 2 }),
      l1l2({ lambda1: 1, lambda2: 2 }),
    ]) {
      const again = regularizerFromConfig(JSON.parse(JSON.stringify(regularizer.config)))
      expect(numbers(again)).to.deep.equal(numbers(regularizer))
    }
  })
  it('refuse bad options', () => {
    expect(() => l2({} as never)).to.throw(OptionError, /exactly one.*neither/)
    expect(() => l2({ lambda: 1, l2: 1 } as never)).to.throw(OptionError, /both/)
    expect(() => l2({ lambda: -1 })).to.throw(OptionError, /lambda.*-1/)
    expect(() => l1({ lamda: 1 } as never)).to.throw(OptionError, /'lambda'/)
    expect(() => l1l2({ lambda1: 1, l2: 2 } as never)).to.throw(OptionError, /mixture/)
    expect(() => l1l2({ l1: 1 } as never)).to.throw(OptionError, /l2/)
    expect(() => l2(undefined as never)).to.throw(OptionError, /neither/)
  })
})
