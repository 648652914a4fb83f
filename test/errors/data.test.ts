/** Bad input to the data functions. */
import * as my from '../../lib'
import { any, describeRows, x, y } from './support'

const { NonFiniteError, OptionError, ShapeError, data } = my

describeRows({
  data: [
    [
      'split: sums',
      () => data.split({ x, y }, { train: 0.5, test: 0.2 }),
      OptionError,
      ['data.split', 'sum to 1', '0.7'],
    ],
    ['split: rows', () => data.split({ x, y: [1] }, { train: 1 }), ShapeError, ['data.split', '[4, 2]', '[1]']],
    [
      'split: an empty part',
      () => data.split({ x, y }, { train: 0.99, test: 0.01 }),
      OptionError,
      ['data.split', "'test'", 'empty'],
    ],
    [
      'split: an unknown part',
      () => data.split({ x, y }, any<never>({ train: 0.5, valid: 0.5 })),
      OptionError,
      ['data.split', "'valid'"],
    ],
    [
      'split: a negative share',
      () => data.split({ x, y }, { train: 1.5, test: -0.5 }),
      OptionError,
      ['data.split', 'test', '-0.5'],
    ],
    [
      'split: ragged',
      () => data.split({ x: [[1], [1, 2]], y: [1, 2] }, { train: 1 }),
      ShapeError,
      ['data.split', 'ragged'],
    ],
    [
      'split: nothing',
      () => data.split(any(undefined), { train: 1 }),
      ShapeError,
      ['data.split', '{ x, y }', 'undefined'],
    ],
    [
      'batches: larger than the data',
      () => data.batches({ x, y }, { batchSize: 9 }),
      OptionError,
      ['data.batches', '9', '4 rows'],
    ],
    ['batches: zero', () => data.batches({ x, y }, { batchSize: 0 }), OptionError, ['data.batches', 'batchSize', '0']],
    ['normalizer: NaN', () => data.normalizer.fit([[1], [NaN]]), NonFiniteError, ['normalizer', 'NaN', 'row 1']],
    [
      'normalizer: other features',
      () => data.normalizer.fit(x).transform([[1]]),
      ShapeError,
      ['normalizer.transform', '[2]', '[1, 1]'],
    ],
    ['oneHot: a class too many', () => data.oneHot([0, 3], 3), OptionError, ['data.oneHot', '3']],
    ['oneHot: half a class', () => data.oneHot([0.5]), OptionError, ['data.oneHot', '0.5']],
    [
      'confusionMatrix: lengths',
      () => data.confusionMatrix([0, 1], [0]),
      ShapeError,
      ['data.confusionMatrix', '2', '1'],
    ],
    ['recommendedSplit: zero', () => data.recommendedSplit(0), OptionError, ['recommendedSplit', '0']],
    ['recommendedBatchSize: half', () => data.recommendedBatchSize(1.5), OptionError, ['recommendedBatchSize', '1.5']],
  ],
})
