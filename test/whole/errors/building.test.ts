/** Bad input to models, layers and devices. */
import * as my from '../../../lib'
import { any, describeRows } from './support'

const { DTypeError, DeviceError, OptionError, ShapeError, initializers, layers, regularizers, sequential } = my

describeRows({
  sequential: [
    ['nothing', () => sequential(any(undefined)), OptionError, ['sequential', 'inputShape', 'undefined']],
    [
      'no input shape',
      () => sequential(any({ layers: [layers.flatten()] })),
      ShapeError,
      ['sequential', 'inputShape', 'undefined'],
    ],
    [
      'a zero size',
      () => sequential({ inputShape: [0], layers: [layers.flatten()] }),
      ShapeError,
      ['inputShape', 'positive', '0'],
    ],
    [
      'half a size',
      () => sequential({ inputShape: [1.5], layers: [layers.flatten()] }),
      ShapeError,
      ['inputShape', 'positive', '1.5'],
    ],
    ['no layers', () => sequential({ inputShape: [1], layers: [] }), OptionError, ['sequential', 'at least one layer']],
    ['no layer', () => sequential({ inputShape: [1], layers: [any(null)] }), OptionError, ['layers[0]', 'null']],
    [
      'an unknown option',
      () => sequential(any({ inputshape: [1], layers: [] })),
      OptionError,
      ["'inputshape'", "'inputShape'"],
    ],
    [
      'a negative seed',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], seed: -1 }),
      OptionError,
      ['seed', '-1'],
    ],
    [
      'an unknown dtype',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], dtype: any('half') }),
      DTypeError,
      ['dtype', '"half"'],
    ],
    [
      'an unknown precision',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], precision: any('bf6') }),
      OptionError,
      ['sequential', 'precision', "'bf6'", "Did you mean 'bf16'?", 'tf32'],
    ],
    [
      'a precision that is no name',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], precision: any(16) }),
      OptionError,
      ['sequential', 'precision', "'tf32'", '16'],
    ],
    [
      'tf32 in float64',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], dtype: 'float64', precision: 'tf32' }),
      OptionError,
      ['sequential', 'precision', "'tf32'", 'float64', "dtype 'float32'"],
    ],
    [
      'products in float32 of a float64 model',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], dtype: 'float64', precision: 'float32' }),
      OptionError,
      ['sequential', 'precision', "'float32'", 'float64'],
    ],
    [
      'products in float64 of a float32 model',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], precision: 'float64' }),
      OptionError,
      ['sequential', 'precision', "'float64'", 'float32'],
    ],
    [
      'an unknown device',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], device: any('gpu') }),
      DeviceError,
      ['"gpu"', "'cuda'"],
    ],
    [
      'a missing GPU',
      () => sequential({ inputShape: [1], layers: [layers.flatten()], device: 'cuda:99' }),
      DeviceError,
      ['cuda:99'],
    ],
    [
      'labels',
      () => sequential({ inputShape: [2], layers: [layers.flatten()], labels: ['a'] }),
      OptionError,
      ['labels', '2', '1'],
    ],
    [
      'a dense layer over a number',
      () => sequential({ inputShape: [], layers: [layers.dense({ units: 1 })] }),
      ShapeError,
      ['dense_1', '[m]', 'reshape'],
    ],
    [
      'two layers of one name',
      () =>
        sequential({
          inputShape: [1],
          layers: [layers.dense({ units: 1, name: 'a' }), layers.dense({ units: 1, name: 'a' })],
        }),
      OptionError,
      ["'a'"],
    ],
    [
      'normalize behind a layer',
      () => sequential({ inputShape: [1], layers: [layers.flatten(), layers.normalize()] }),
      OptionError,
      ['normalize', 'first'],
    ],
  ],
  layers: [
    ['no units', () => layers.dense(any({})), OptionError, ['layers.dense', 'units', 'undefined']],
    ['zero units', () => layers.dense({ units: 0 }), OptionError, ['layers.dense', 'units', 'positive', '0']],
    ['negative units', () => layers.dense({ units: -2 }), OptionError, ['layers.dense', 'units', 'positive', '-2']],
    ['an unknown option', () => layers.dense(any({ unit: 3 })), OptionError, ['layers.dense', "'unit'", "'units'"]],
    [
      'an unknown activation',
      () => layers.dense({ units: 1, activation: any('relo') }),
      OptionError,
      ['activation', "'relo'", "'relu'"],
    ],
    [
      'a negative slope',
      () => layers.dense({ units: 1, activation: any({ name: 'leakyRelu', slope: NaN }) }),
      OptionError,
      ['slope', 'NaN'],
    ],
    [
      'an unknown initialiser',
      () => layers.dense({ units: 1, kernelInitializer: any('hee') }),
      OptionError,
      ['kernelInitializer', "'hee'", "'he'"],
    ],
    [
      'no regulariser',
      () => layers.dense({ units: 1, kernelRegularizer: any('l2') }),
      OptionError,
      ['kernelRegularizer', 'regularizers', '"l2"'],
    ],
    ['keepProb 0', () => layers.dropout({ keepProb: 0 }), OptionError, ['layers.dropout', 'keepProb', '0']],
    ['keepProb above 1', () => layers.dropout({ keepProb: 1.5 }), OptionError, ['layers.dropout', 'keepProb', '1.5']],
    ['rate 1', () => layers.dropout({ rate: 1 }), OptionError, ['layers.dropout', 'rate', '1']],
    ['both', () => layers.dropout(any({ rate: 0.5, keepProb: 0.5 })), OptionError, ['layers.dropout', 'both']],
    [
      'an activation without a function',
      () => layers.activation(any({ name: 'curve', fn: 3 })),
      OptionError,
      ['layers.activation: fn', 'a function', '3'],
    ],
    [
      'an activation without a name',
      () => layers.dense({ units: 1, activation: any({ fn: (z: my.Tensor) => z }) }),
      OptionError,
      ['activation: name', 'undefined'],
    ],
    [
      'an unknown activation layer',
      () => layers.activation(any('tahn')),
      OptionError,
      ['layers.activation', "'tahn'", "'tanh'"],
    ],
    [
      'a lambda without function',
      () => layers.lambda(any(3), { name: 'a' }),
      OptionError,
      ['layers.lambda', 'function', '3'],
    ],
    ['a mean alone', () => layers.normalize({ mean: 0 }), OptionError, ['layers.normalize', 'together']],
    [
      'a negative variance',
      () => layers.normalize({ mean: 0, variance: -1 }),
      OptionError,
      ['layers.normalize', 'variance', '-1'],
    ],
    ['a negative λ', () => regularizers.l2({ lambda: -1 }), OptionError, ['regularizers.l2', 'lambda', '-1']],
    [
      'two scales',
      () => regularizers.l1(any({ lambda: 1, l1: 1 })),
      OptionError,
      ['regularizers.l1', 'exactly one', 'both'],
    ],
    [
      'a negative variance of an initialiser',
      () => initializers.normal({ variance: -1 }),
      OptionError,
      ['normal', 'variance', '-1'],
    ],
    ['an upside-down range', () => initializers.uniform({ min: 1, max: 0 }), OptionError, ['uniform', '1', '0']],
    ['a NaN constant', () => initializers.constant(NaN), OptionError, ['constant', 'NaN']],
    [
      'a layer without a name',
      () => my.defineLayer(any({ call: (t: my.Tensor) => t })),
      OptionError,
      ['defineLayer', 'name'],
    ],
  ],
  devices: [
    ['threads', () => my.setThreads(0), OptionError, ['setThreads', '1 to 256', '0']],
    ['moving to a GPU that is missing', (s) => s.model.to('cuda:99'), DeviceError, ['model.to', 'cuda:99']],
  ],
})
