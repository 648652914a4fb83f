/** Places of a list that hold nothing, which loops over lists pass over: they are refused as undefined is. */
import { expect } from 'chai'
import * as my from '../../lib'
import { thrown } from './support'

const { layers, sequential } = my

function withHole<T>(value: T): T[] {
  const list = [value]
  list.length = 2
  return list
}

const dense = () => layers.dense({ units: 1 })
const compiled = (metrics?: my.MetricSpec[]) => {
  const model = sequential({ inputShape: [2], seed: 1, layers: [dense()] })
  return model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics })
}
const Holed = my.defineLayer({
  name: 'holed',
  build: (_, __: object, add) => ({ w: add('w', withHole(2)) }),
  call: (x, w) => my.ops.mul(x, w.w),
})

describe('lists with holes', () => {
  const cases: [string, () => unknown, RegExp][] = [
    [
      'layers',
      () => sequential({ inputShape: [1], layers: withHole(dense()) }),
      /layers\[1\]: expected a layer .* got undefined/,
    ],
    [
      'labels',
      () => sequential({ inputShape: [1], layers: [layers.dense({ units: 2 })], labels: withHole('a') }),
      /labels: expected a list of strings/,
    ],
    [
      'the shape of reshape',
      () => layers.reshape({ shape: withHole(2) }),
      /shape: expected an array of positive integers/,
    ],
    ['metrics', () => compiled(withHole('meanAbsoluteError')), /metrics\[1\]: expected one of .* got undefined/],
    ['layers to freeze', () => compiled().freeze(withHole('dense_1')), /expected the name of a layer, got undefined/],
    [
      'slots of an optimiser',
      () => my.defineOptimizer({ name: 'holed', slots: withHole('v'), update: ({ weight }) => ({ weight }) }),
      /slots\[1\]: expected a name/,
    ],
    [
      'the shape of a weight',
      () => sequential({ inputShape: [2], layers: [Holed()] }),
      /holed_1: weight 'w': expected a shape/,
    ],
  ]
  for (const [what, call, message] of cases)
    it(what, () => {
      const error = thrown(call)
      expect(error).to.be.instanceOf(my.MyelinError)
      expect(error.message).to.match(message)
    })
})
