/** Bad input to the data functions. */
import * as my from '../../../lib'
import { any, describeRows, x, y, type Row } from './support'

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
      () => data.split({ x, y }, any({ train: 0.5, valid: 0.5 })),
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
      'confusionMatrix: precision of no class',
      () => data.confusionMatrix([0, 1], [0, 1]).precision(9),
      OptionError,
      ['confusionMatrix.precision', '0 to 1', '9'],
    ],
    [
      'confusionMatrix: recall without a class',
      () => data.confusionMatrix([0, 1], [0, 1]).recall(any(undefined)),
      OptionError,
      ['confusionMatrix.recall', 'undefined'],
    ],
    [
      'confusionMatrix: recall by name',
      () => data.confusionMatrix([0, 1], [0, 1]).recall(any('toString')),
      OptionError,
      ['confusionMatrix.recall', '"toString"'],
    ],
    [
      'confusionMatrix: lengths',
      () => data.confusionMatrix([0, 1], [0]),
      ShapeError,
      ['data.confusionMatrix', '2', '1'],
    ],
    ['recommendedSplit: zero', () => data.recommendedSplit(0), OptionError, ['recommendedSplit', '0']],
    ['recommendedBatchSize: half', () => data.recommendedBatchSize(1.5), OptionError, ['recommendedBatchSize', '1.5']],
    ...(
      [
        ['flattened images without their shape', {}, [[1, 2, 3, 4]], ShapeError, ['rows of 4 numbers', 'shape']],
        ['images of another size', { shape: [3, 3] }, [[1, 2, 3, 4]], ShapeError, ['[any, 9]', '[any, 4]']],
        [
          'a wrong number of channels',
          { shape: [2, 2, 3] },
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
          ShapeError,
          ['[any, 12]', '[any, 2, 2]'],
        ],
        ['no images at all', {}, [1, 2], ShapeError, ['[m, height, width]', '[any]']],
        [
          'a shift out of sight',
          { translate: 2 },
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
          OptionError,
          ['translate', '2 × 2', '2'],
        ],
        [
          'NaN',
          {},
          [
            [
              [1, NaN],
              [3, 4],
            ],
          ],
          NonFiniteError,
          ['augment.apply', 'NaN'],
        ],
        ['ragged images', {}, [[[1, 2], [3]]], ShapeError, ['augment.apply', 'ragged']],
        ['strings', {}, any([[['a', 'b']]]), my.DTypeError, ['augment.apply', '"a"']],
      ] as [string, my.data.AugmentOptions, my.DataLike, new (m: string) => Error, string[]][]
    ).map(([what, options, images, type, says]): Row => [
      `augment: ${what}`,
      () => data.augment(options).apply(images),
      type,
      says,
    ]),
    ...(
      [
        ['a crop larger than the image', { crop: 1.5 }, OptionError, ['crop', '(0, 1]', '1.5']],
        ['a crop of nothing', { crop: 0 }, OptionError, ['crop', '0']],
        ['a negative angle', { rotate: -1 }, OptionError, ['rotate', '-1']],
        ['half a pixel', { translate: 0.5 }, OptionError, ['translate', '0.5']],
        ['a negative shift', { translate: -1 }, OptionError, ['translate', '-1']],
        ['a chance above 1', { flip: 2 }, OptionError, ['flip', '2']],
        ['a flip in words', { flip: 'yes' }, OptionError, ['flip', '"yes"']],
        ['a distortion without strength', { distort: {} }, OptionError, ['distort.strength', 'undefined']],
        [
          'a distortion rougher than pixels',
          { distort: { strength: 1, smoothness: 0.5 } },
          OptionError,
          ['smoothness', '0.5'],
        ],
        ['a misspelt option', { rotat: 5 }, OptionError, ["'rotate'"]],
        ['a misspelt option of the distortion', { distort: { strenght: 5 } }, OptionError, ["'strength'"]],
        ['a shape of one side', { shape: [5] }, ShapeError, ['[height, width]', '[5]']],
        ['an unknown order of channels', { channels: 'middle' }, OptionError, ['channels', 'Known: last, first']],
        ['a negative seed', { seed: -1 }, OptionError, ['seed', '-1']],
      ] as [string, object, new (m: string) => Error, string[]][]
    ).map(([what, options, type, says]): Row => [
      `augment: ${what}`,
      () => data.augment(options),
      type,
      ['data.augment', ...says],
    ]),
    [
      'fit: options instead of an augmenter',
      (s) => s.model.fit(x, y, any({ augment: { flip: true } })),
      OptionError,
      ['fit: augment', 'data.augment({ … })', 'an object'],
    ],
    [
      'fit: augmentation of what is no image',
      (s) => s.model.fit(x, y, { augment: data.augment({ flip: true }) }),
      ShapeError,
      ['fit: augment', 'rows of 2 numbers', 'shape'],
    ],
    [
      'fit: augmentation of images of another size',
      (s) => s.model.fit(x, y, { augment: data.augment({ shape: [3, 3], flip: true }) }),
      ShapeError,
      ['fit: augment', '[any, 9]', '[any, 2]'],
    ],
    [
      'fitDataset: augmentation of what is no image',
      (s) => s.model.fitDataset(() => [{ x, y }], { augment: data.augment({ flip: true }) }),
      ShapeError,
      ['fitDataset: augment', 'rows of 2 numbers'],
    ],
    [
      'append: other numbers of rows',
      () =>
        data.augment().append({
          x: [
            [
              [1, 2],
              [3, 4],
            ],
          ],
          y: [1, 2],
        }),
      ShapeError,
      ['augment.append', '1', '2'],
    ],
    [
      'transformImages: not a number',
      () =>
        data.transformImages(
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
          { rotate: NaN },
        ),
      OptionError,
      ['data.transformImages', 'finite'],
    ],
  ],
})
