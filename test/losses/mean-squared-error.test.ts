import { expect } from 'chai'
import { grad } from '../../lib/functions/grad'
import { losses, type Loss } from '../../lib/losses'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'
import { behindSigmoid, costs, linear } from './support'

const { binaryCrossentropy, meanSquaredError } = losses

describe('mean squared error', () => {
  it('averages over the outputs', () => {
    close(costs(meanSquaredError(), t([1, 2, 3, 4], [2, 2]), linear(t([1, 4, 0, 4], [2, 2]))), [2, 4.5])
    close(costs(meanSquaredError(), t([1, 2]), linear(t([3, 2], [2, 1]))), [4, 0])
    close(costs(meanSquaredError(), t([1, 2, 3, 4], [1, 2, 2]), linear(t([0, 0, 0, 0], [1, 2, 2]))), [30 / 4])
  })
  it('2.15 squared error behind a sigmoid warns: at z = −2, y = 1 it curves by −0.119, cross-entropy by +0.105', () => {
    expect(meanSquaredError().checkOutput('sigmoid', [1])).to.match(/not convex/)
    expect(meanSquaredError().checkOutput('linear', [1])).to.equal(null)
    const curvature = (loss: Loss): number => {
      const y = t([1], [1, 1])
      const slope = (z: Tensor): Tensor =>
        grad((v: Tensor) => ops.sum(costs(loss, y, behindSigmoid(v))))(z)[0] as Tensor
      return (grad((z: Tensor) => ops.sum(slope(z)))(t([-2], [1, 1]))[0] as Tensor).item()
    }
    expect(curvature(meanSquaredError())).to.be.closeTo(-0.119, 5e-4)
    expect(curvature(binaryCrossentropy())).to.be.closeTo(0.105, 5e-4)
  })
})
