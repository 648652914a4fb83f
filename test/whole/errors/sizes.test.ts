/** Tensors that no machine can hold: refused by arithmetic, before anything is made. */
import { totalmem } from 'node:os'
import { expect } from 'chai'
import * as my from '../../../lib'
import { encode } from '../../../lib/graph/encode'
import { inputNode } from '../../../lib/graph/leaves'
import { emptyProgram } from '../../../lib/graph/node'
import { any, describeRows } from './support'
import { collectGarbage } from '../../garbage'

const { ShapeError, layers, ops, sequential, tensor } = my

/** A shape of about `share` of this machine's memory in float32. */
const part = (share: number) => [Math.ceil((totalmem() * share) / 4 / 65536), 65536]

describeRows({
  'too large': [
    [
      'a dense layer',
      () => sequential({ inputShape: [100_000], layers: [layers.dense({ units: 1e9 })] }),
      ShapeError,
      ['dense_1.weight', '[1000000000, 100000]', '400000000000000 bytes (400 TB)', 'this machine has'],
    ],
    [
      'a dense layer of zeros',
      () =>
        sequential({
          inputShape: [100_000],
          dtype: 'float64',
          layers: [layers.dense({ units: 1e9, kernelInitializer: 'zeros', name: 'wide' })],
        }),
      ShapeError,
      ['wide.weight', 'float64', '[1000000000, 100000]', '800 TB'],
    ],
    [
      'random numbers',
      () => ops.randomUniform([65_536, 65_537, 65_536]),
      ShapeError,
      ['randomUniform', '[65536, 65537, 65536]', '1125917086711808 bytes (1.13 PB)'],
    ],
    [
      'random numbers that would fit without what is computed beside them',
      () => ops.randomUniform(part(0.9)),
      ShapeError,
      ['randomUniform', 'more while it is computed'],
    ],
    [
      'more than the core counts',
      () => ops.randomNormal([4e9, 4e9, 4e9]),
      ShapeError,
      ['randomNormal', '[4000000000, 4000000000, 4000000000]', '256000000000 EB'],
    ],
    [
      'a copy along new axes',
      () => ops.broadcastTo(tensor([[1]]), [1e6, 1e9]),
      ShapeError,
      ['broadcastTo', '[1000000, 1000000000]', '4 PB'],
    ],
    [
      'a padded tensor',
      () =>
        ops.pad(tensor([[1]]), [
          [0, 1e6],
          [0, 1e9],
        ]),
      ShapeError,
      ['pad', '[1000001, 1000000001]', '4 PB'],
    ],
    [
      'an axis beyond 32 bits',
      () => ops.randomUniform([2 ** 32 + 3]),
      ShapeError,
      ['randomUniform', '2^32 − 1', '4294967299'],
    ],
    ['a shape beyond its data', () => tensor([1, 2], [1e9, 1e5]), ShapeError, ['tensor', '[1000000000, 100000]', '2']],
    [
      'an input axis',
      () => sequential({ inputShape: [1e12], layers: any([]) }),
      ShapeError,
      ['inputShape', '2^32 − 1'],
    ],
  ],
})

describe('sizes', () => {
  it('an axis that a graph cannot say is refused, not wrapped', () => {
    const node = inputNode([2 ** 32 + 5], 'the flat data')
    const bytes = () => encode({ ...emptyProgram('float32'), inputs: [node], fetches: [node] }).bytes
    expect(bytes).to.throw(ShapeError, 'the flat data: shape [4294967301] has an axis of 4294967301 elements')
  })

  it('nothing was made for what was refused', async () => {
    await collectGarbage()
    const before = my.memory().liveBytes
    expect(() => sequential({ inputShape: [100_000], layers: [layers.dense({ units: 1e9 })] })).to.throw(ShapeError)
    expect(() => ops.randomUniform(part(0.9))).to.throw(ShapeError)
    expect(my.memory().liveBytes).to.equal(before)
  })
})
