/** Bad input to the functions that train, and to their callbacks. */
import { join } from 'node:path'
import * as my from '../../../lib'
import { dataRows, optionRows } from './rows'
import { any, describeRows, x, y } from './support'

const { FormatError, NonFiniteError, OptionError, ShapeError, callbacks } = my

describeRows({
  fit: [
    ...dataRows('fit', (model, bx, by) => model.fit(any(bx), any(by), { epochs: 2 })),
    ...optionRows('fit', (s, options) => s.model.fit(x, y, any(options))),
    [
      'one number per example, without rows',
      () => {
        const model = my.sequential({ inputShape: [1], layers: [my.layers.dense({ units: 1 })] })
        model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
        return model.fit([1, 2, 3], [2, 4, 6])
      },
      ShapeError,
      ['fit: x: expected shape [any, 1]', 'got [3]. For one number per example: x.map((v) => [v]).'],
    ],
    ['zero epochs', (s) => s.model.fit(x, y, { epochs: 0 }), OptionError, ['fit', 'epochs', 'positive', '0']],
    ['half an epoch', (s) => s.model.fit(x, y, { epochs: 0.5 }), OptionError, ['fit', 'epochs', '0.5']],
    [
      'a batch larger than the data',
      (s) => s.model.fit(x, y, { batchSize: 5 }),
      OptionError,
      ['fit', 'batchSize', '5', '4 rows'],
    ],
    ['a zero batch', (s) => s.model.fit(x, y, { batchSize: 0 }), OptionError, ['fit', 'batchSize', 'positive', '0']],
    [
      'an unknown batch',
      (s) => s.model.fit(x, y, { batchSize: any('full') }),
      OptionError,
      ['fit', 'batchSize', "'all'", '"full"'],
    ],
    ['shuffle 3', (s) => s.model.fit(x, y, { shuffle: any(3) }), OptionError, ['fit', 'shuffle', 'true or false', '3']],
    ['verbose 2', (s) => s.model.fit(x, y, { verbose: any(2) }), OptionError, ['fit', 'verbose', '2']],
    [
      'no callbacks',
      (s) => s.model.fit(x, y, { callbacks: any('progressBar') }),
      OptionError,
      ['fit', 'callbacks', '"progressBar"'],
    ],
    ['onEpoch 3', (s) => s.model.fit(x, y, { onEpoch: any(3) }), OptionError, ['fit', 'onEpoch', 'function', '3']],
    [
      'a negative tolerance',
      (s) => s.model.fit(x, y, { stopWhen: { tolerance: -1 } }),
      OptionError,
      ['fit', 'tolerance', '-1'],
    ],
    [
      'validation data of another shape',
      (s) => s.model.fit(x, y, { validationData: [[[1]], [0]] }),
      ShapeError,
      ['fit: validationData', '[any, 2]', '[1, 1]'],
    ],
    [
      'NaN in validation data',
      (s) => s.model.fit(x, y, { validationData: [[[1, NaN]], [0]] }),
      NonFiniteError,
      ['fit: validationData', 'x[0][1]', 'NaN'],
    ],
    [
      'a class out of range in validation data',
      (s) => s.model.fit(x, y, { validationData: [[[1, 2]], [5]] }),
      OptionError,
      ['fit: validationData', '0 to 2', '5'],
    ],
    [
      'validation data alone',
      (s) => s.model.fit(x, y, { validationData: any([x]) }),
      OptionError,
      ['validationData', '[x, y]', 'length 1'],
    ],
    [
      'too few sample weights',
      (s) => s.model.fit(x, y, { sampleWeight: [1, 2] }),
      ShapeError,
      ['sampleWeight', '[4]', '[2]'],
    ],
    [
      'a negative sample weight',
      (s) => s.model.fit(x, y, { sampleWeight: [1, 2, -3, 1] }),
      OptionError,
      ['sampleWeight[2]', '-3'],
    ],
    [
      'a NaN sample weight',
      (s) => s.model.fit(x, y, { sampleWeight: [1, NaN, 1, 1] }),
      NonFiniteError,
      ['sampleWeight', 'NaN'],
    ],
    [
      'a weight of an unknown class',
      (s) => s.model.fit(x, y, { classWeight: { 3: 1 } }),
      OptionError,
      ['classWeight', "'3'", '0 to 2'],
    ],
    ['a Map of options', (s) => s.model.fit(x, y, any(new Map([['epochs', 3]]))), OptionError, ['fit', 'got a Map']],
    [
      'validation weights that are undefined',
      (s) => s.model.fit(x, y, { validationData: any([x, y, undefined]) }),
      OptionError,
      ['validationData', '[x, y, sampleWeight]', 'got undefined'],
    ],
    ['a negative class weight', (s) => s.model.fit(x, y, { classWeight: [1, -1] }), OptionError, ['classWeight', '-1']],
    [
      'a checkpoint without rhythm',
      (s) => s.model.fit(x, y, { checkpoint: any({ path: s.path }) }),
      OptionError,
      ['checkpoint', 'epochs', 'steps'],
    ],
    [
      'a checkpoint in a missing folder',
      (s) => s.model.fit(x, y, { checkpoint: { path: join(s.path, 'no', 'a'), every: { epochs: 1 } } }),
      FormatError,
      ['no', 'ENOENT'],
    ],
  ],
  fitDataset: [
    ...dataRows('fitDataset', (model, bx, by) =>
      model.fitDataset(async function* () {
        yield { x: any(bx), y: any(by) }
      }),
    ),
    ...optionRows('fitDataset', (s, options) => s.model.fitDataset(() => [{ x, y }], any(options))),
    ['no function', (s) => s.model.fitDataset(any([{ x, y }])), OptionError, ['fitDataset', 'function', 'array']],
    ['no iterable', (s) => s.model.fitDataset(any(() => 3)), OptionError, ['fitDataset', 'iterable', '3']],
    ['an empty stream', (s) => s.model.fitDataset(() => []), OptionError, ['fitDataset', 'epoch 1', 'no batch']],
    ['a stream of numbers', (s) => s.model.fitDataset(any(() => [1])), OptionError, ['fitDataset', '{ x, y }', '1']],
    [
      'zero steps',
      (s) => s.model.fitDataset(() => [{ x, y }], { stepsPerEpoch: 0 }),
      OptionError,
      ['stepsPerEpoch', '0'],
    ],
  ],
  trainOnBatch: [
    ...dataRows('trainOnBatch', (model, bx, by) => model.trainOnBatch(any(bx), any(by))),
    ...optionRows('trainOnBatch', (s, options) => s.model.trainOnBatch(x, y, any(options))),
  ],
  costAndGradients: [
    ...dataRows('costAndGradients', (model, bx, by) => model.costAndGradients(any(bx), any(by))),
    ...optionRows('costAndGradients', (s, options) => s.model.costAndGradients(x, y, any(options))),
  ],
  callbacks: [
    ['patience', () => callbacks.earlyStopping({ patience: -1 }), OptionError, ['earlyStopping', 'patience', '-1']],
    [
      'a monitored value that does not exist',
      (s) => s.model.fit(x, y, { callbacks: [callbacks.earlyStopping({ monitor: 'acc' })] }),
      OptionError,
      ["'acc'", 'accuracy'],
    ],
    ['an unknown mode', () => callbacks.earlyStopping({ mode: any('most') }), OptionError, ['mode', "'most'", 'max']],
  ],
})
