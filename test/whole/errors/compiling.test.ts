/** Bad input to optimizers, schedules and compile. */
import * as my from '../../../lib'
import { any, describeRows, plain } from './support'

const { DisposedError, OptionError, StateError, losses, optimizers, schedules } = my

describeRows({
  optimizers: [
    [
      'a zero rate',
      () => optimizers.adam({ learningRate: 0 }),
      OptionError,
      ['optimizers.adam', 'learningRate', 'above 0', '0'],
    ],
    [
      'a negative rate',
      () => optimizers.gradientDescent({ learningRate: -1 }),
      OptionError,
      ['gradientDescent', 'learningRate', '-1'],
    ],
    ['a NaN rate', () => optimizers.rmsprop({ learningRate: NaN }), OptionError, ['rmsprop', 'learningRate', 'NaN']],
    ['beta 1', () => optimizers.momentum({ beta: 1 }), OptionError, ['momentum', 'beta', '1']],
    [
      'an unknown form',
      () => optimizers.momentum({ form: any('mean') }),
      OptionError,
      ['momentum', 'form', 'average', "'mean'"],
    ],
    ['no epsilon at all', () => optimizers.adam({ epsilon: 0 }), OptionError, ['adam', 'epsilon', '0']],
    ['an unknown option', () => optimizers.adam(any({ lr: 1 })), OptionError, ['adam', "'lr'", 'learningRate']],
    ['a negative decay', () => optimizers.adamw({ weightDecay: -1 }), OptionError, ['adamw', 'weightDecay', '-1']],
    [
      'a factor above 1',
      () => schedules.staircase({ initial: 1, factor: 2, every: 1 }),
      OptionError,
      ['staircase', 'factor', '2'],
    ],
    [
      'a schedule without start',
      () => schedules.inverseTime(any({ decayRate: 1 })),
      OptionError,
      ['inverseTime', 'initial', 'undefined'],
    ],
    [
      'a rate without a name',
      () => optimizers.adam({ learningRate: any({ name: '', fn: () => 1 }) }),
      OptionError,
      ['learningRate: name', '""'],
    ],
    [
      'a rate without a function',
      () => schedules.warmup(any({ name: 'slow', fn: 1 }), { steps: 1 }),
      OptionError,
      ['warmup: fn', '1'],
    ],
    ['zero warm-up steps', () => schedules.warmup(0.1, { steps: 0 }), OptionError, ['warmup', 'steps', '0']],
    [
      'an unknown clock',
      () => schedules.exponential({ initial: 1, beta: 0.5, per: any('batch') }),
      OptionError,
      ['per', 'step', "'batch'"],
    ],
  ],
  compile: [
    ['nothing', (s) => s.model.compile(any(undefined)), OptionError, ['compile', 'optimizer', 'undefined']],
    ['no loss', (s) => s.model.compile(any({ optimizer: 'adam' })), OptionError, ['compile', 'loss']],
    [
      'an unknown optimiser',
      (s) => s.model.compile({ optimizer: any('adm'), loss: 'meanSquaredError' }),
      OptionError,
      ["'adm'", "'adam'"],
    ],
    [
      'an unknown loss',
      (s) => s.model.compile({ optimizer: 'adam', loss: any('mse') }),
      OptionError,
      ["'mse'", 'meanSquaredError'],
    ],
    [
      'an unknown metric',
      (s) => s.model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: [any('f2')] }),
      OptionError,
      ["'f2'", "'f1'"],
    ],
    [
      'a binary loss behind a softmax',
      (s) => s.model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' }),
      OptionError,
      ['sigmoid', 'softmax'],
    ],
    [
      'a cross-entropy behind a linear output',
      () => plain().compile({ optimizer: 'adam', loss: 'binaryCrossentropy' }),
      OptionError,
      ['linear', 'fromLogits'],
    ],
    [
      'fromLogits behind a sigmoid',
      (s) => s.binary.compile({ optimizer: 'adam', loss: losses.binaryCrossentropy({ fromLogits: true }) }),
      OptionError,
      ['fromLogits', 'sigmoid'],
    ],
    [
      'a zero clip',
      (s) => s.model.compile({ optimizer: 'adam', loss: 'meanSquaredError', gradientClip: { norm: 0 } }),
      OptionError,
      ['gradientClip', 'norm', '0'],
    ],
    [
      'an unknown option',
      (s) => s.model.compile(any({ optimiser: 'adam' })),
      OptionError,
      ["'optimiser'", "'optimizer'"],
    ],
    [
      'a disposed model',
      (s) => (s.model.dispose(), s.model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })),
      DisposedError,
      ['compile'],
    ],
    ['a negative rate later', (s) => s.model.setLearningRate(-1), OptionError, ['setLearningRate', '-1']],
    ['a rate before compile', () => plain().setLearningRate(1), StateError, ['setLearningRate', 'compile']],
  ],
})
