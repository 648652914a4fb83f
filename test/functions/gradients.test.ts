/**
 * Row 5.16 for pieces above the primitives: activations, losses and regularisers against central differences. Layers
 * are checked by describeLayer.
 */
import { expect } from 'chai'
import { toActivation, type ActivationSpec } from '../../lib/activations'
import { grad } from '../../lib/functions/grad'
import { losses, toLoss, type Loss } from '../../lib/losses'
import * as ops from '../../lib/ops'
import { regularizers } from '../../lib/regularizers'
import type { Tensor } from '../../lib/tensor/tensor'
import { t } from '../numbers'

const epsilon = 1e-5
const tolerance = 1e-7

/** Numbers in (−2, 2), none nearer to 0 (a kink) than 0.05. */
function numbers(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const v = 2 * Math.sin(12.9898 * (i + 1) + 78.233 * seed)
    return Math.abs(v) < 0.05 ? 0.05 + Math.abs(v) : v
  })
}

/** ‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖) over all entries of all arguments of a scalar function. */
function distance(f: (...args: Tensor[]) => Tensor, args: readonly Tensor[]): number {
  const analytic = (grad(f)(...args) as Tensor[]).map((g) => g.data)
  let [difference, first, second] = [0, 0, 0]
  args.forEach((arg, k) => {
    arg.data.forEach((value, i) => {
      const at = (v: number): number => {
        const data = Float64Array.from(arg.data)
        data[i] = v
        const moved = args.map((other, j) => (j === k ? t(data, [...arg.shape]) : other))
        return f(...moved).item()
      }
      const numeric = (at(value + epsilon) - at(value - epsilon)) / (2 * epsilon)
      difference += (analytic[k][i] - numeric) ** 2
      first += analytic[k][i] ** 2
      second += numeric ** 2
    })
  })
  expect(first, 'a derivative that is zero everywhere proves nothing').to.be.above(0)
  return Math.sqrt(difference) / (Math.sqrt(first) + Math.sqrt(second))
}

function passes(f: (...args: Tensor[]) => Tensor, ...args: Tensor[]): void {
  expect(distance(f, args)).to.be.below(tolerance)
}

/** A scalar in which every entry of `a` has another weight. */
const mixed = (a: Tensor): Tensor => ops.sum(ops.mul(a, t(numbers(a.size, 9), [...a.shape])))

describe('5.16 gradients of activations', () => {
  const specs: ActivationSpec[] = [
    'linear',
    'sigmoid',
    'tanh',
    'relu',
    'leakyRelu',
    'softmax',
    { name: 'leakyRelu', slope: 0.3 },
    (z) => ops.mul(z, ops.sigmoid(z)),
  ]
  for (const spec of specs) {
    it(typeof spec === 'function' ? 'a function' : JSON.stringify(spec), () =>
      passes((z) => mixed(toActivation('test', spec).apply(z)), t(numbers(12, 1), [3, 4])),
    )
  }
})

describe('5.16 gradients of losses', () => {
  const labels = t([1, 0, 0.25, 0, 1, 1], [3, 2])
  const oneHot = t([0, 1, 0, 0, 1, 0, 1, 0, 0], [3, 3])
  const classes = t([1, 2, 0])
  const values = t(numbers(6, 7), [3, 2])
  const mean = toLoss('test', (yTrue, yPred) => ops.mean(ops.power(ops.sub(yTrue, yPred), 4)))
  const cases: [string, Loss, Tensor, string, number][] = [
    ['binaryCrossentropy', losses.binaryCrossentropy(), labels, 'sigmoid', 2],
    ['binaryCrossentropy from logits', losses.binaryCrossentropy({ fromLogits: true }), labels, 'linear', 2],
    ['categoricalCrossentropy', losses.categoricalCrossentropy(), oneHot, 'softmax', 3],
    ['categoricalCrossentropy from logits', losses.categoricalCrossentropy({ fromLogits: true }), oneHot, 'linear', 3],
    ['sparseCategoricalCrossentropy', losses.sparseCategoricalCrossentropy(), classes, 'softmax', 3],
    ['meanSquaredError', losses.meanSquaredError(), values, 'linear', 2],
    ['meanSquaredError behind a sigmoid', losses.meanSquaredError(), values, 'sigmoid', 2],
    ['a function', mean, values, 'tanh', 2],
  ]
  for (const [name, loss, y, activation, width] of cases) {
    it(name, () => {
      const { apply } = toActivation('test', activation as ActivationSpec)
      passes(
        (z) => {
          const a = apply(z)
          return loss.custom ? loss.custom(y, a) : mixed(loss.perExample!(y, { z, a, activation }))
        },
        t(numbers(3 * width, 4), [3, width]),
      )
    })
  }
  it('cross-entropies computed from the values of a custom activation', () => {
    const custom = (z: Tensor, a: Tensor): { z: Tensor; a: Tensor; activation: string } => ({
      z,
      a,
      activation: 'custom',
    })
    const z = t(numbers(6, 5), [3, 2])
    passes((v) => mixed(losses.binaryCrossentropy().perExample!(labels, custom(v, ops.sigmoid(v)))), z)
    const z3 = t(numbers(9, 5), [3, 3])
    passes((v) => mixed(losses.categoricalCrossentropy().perExample!(oneHot, custom(v, ops.softmax(v)))), z3)
  })
})

describe('5.16 gradients of regularisers', () => {
  const { l1, l2, l1l2 } = regularizers
  for (const regularizer of [
    l2({ lambda: 0.7 }),
    l2({ l2: 0.3 }),
    l1({ lambda: 0.7 }),
    l1({ l1: 0.3 }),
    l1l2({ lambda1: 0.2, lambda2: 0.4 }),
    l1l2({ l1: 0.2, l2: 0.4 }),
  ]) {
    it(JSON.stringify(regularizer.config), () =>
      passes(
        (w) => {
          const { perExample = 0, absolute = 0 } = regularizer.penalty(w)
          return ops.add(perExample, absolute)
        },
        t(numbers(6, 6), [2, 3]),
      ),
    )
  }
})
