import { expect } from 'chai'
import { OptionError, ShapeError } from '../../../lib/base/errors'
import { grad } from '../../../lib/functions/grad'
import { layers } from '../../../lib/layers'
import * as ops from '../../../lib/ops'
import type { Tensor } from '../../../lib/tensor/tensor'
import { close, t } from '../../numbers'
import { describeLayer } from '../describe-layer'
import { inference } from '../support'

const kinds = ['add', 'multiply', 'average', 'maximum'] as const

for (const kind of kinds)
  describeLayer(kind, {
    uses: {
      'of two': { layer: () => layers[kind](), inputs: [[4], [4]], output: [4] },
      'of three, with two axes': {
        layer: () => layers[kind](),
        inputs: [
          [2, 3],
          [2, 3],
          [2, 3],
        ],
        output: [2, 3],
      },
    },
  })

describe('layers that merge equal shapes', () => {
  const given = [
    [1, -2, 3],
    [4, 5, -6],
    [-7, 8, 9],
  ]
  const merged = (kind: (typeof kinds)[number], values: Tensor[]): Tensor =>
    layers[kind]()
      .build(
        values.map(({ shape }) => shape.slice(1)),
        'merged',
      )
      .call(values, {}, inference).a

  it('as loops say, for two and for three', () => {
    const formulas: Record<(typeof kinds)[number], (values: number[]) => number> = {
      add: (values) => values.reduce((a, b) => a + b),
      multiply: (values) => values.reduce((a, b) => a * b),
      average: (values) => values.reduce((a, b) => a + b) / values.length,
      maximum: (values) => Math.max(...values),
    }
    for (const count of [2, 3])
      for (const kind of kinds)
        close(
          merged(
            kind,
            given.slice(0, count).map((list) => t([list])),
          ),
          [0, 1, 2].map((i) => formulas[kind](given.slice(0, count).map((list) => list[i]))),
        )
  })
  it('maximum: where inputs are equal, each gets half of the derivative', () => {
    const slopes = grad((a: Tensor, b: Tensor) => ops.sum(merged('maximum', [a, b])))(t([[1, 2, 3]]), t([[1, 3, 2]]))
    expect((slopes as Tensor[]).map((slope) => [...slope.data])).to.deep.equal([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ])
  })
  it('refuse one input, and shapes that differ', () => {
    for (const kind of kinds) {
      expect(() => layers[kind]().build([[3]], 'both')).to.throw(
        OptionError,
        `both: ${kind} expected two or more inputs, got 1.`,
      )
      expect(() => layers[kind]().build([[3], [3], [3, 1]], 'both')).to.throw(
        ShapeError,
        `both: ${kind} expected inputs of one shape, [any, 3], got [any, 3, 1] too.`,
      )
      expect(() => layers[kind]({ axis: 1 } as never)).to.throw(OptionError, `layers.${kind}: unknown option 'axis'`)
    }
  })
})
