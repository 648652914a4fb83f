/** Bad input to a model outside training: evaluation, prediction, statistics and weights. */
import * as my from '../../../lib'
import { dataRows, inputRows, optionRows } from './rows'
import { any, describeRows, labels, x, y } from './support'

const { DisposedError, NonFiniteError, OptionError, ShapeError, StateError, layers, optimizers, sequential } = my

function normalized(): my.Model {
  const model = sequential({ inputShape: [2], layers: [layers.normalize(), layers.dense({ units: 1 })] })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

describeRows({
  evaluate: [
    ...dataRows('evaluate', (model, bx, by) => model.evaluate(any(bx), any(by))),
    ...optionRows('evaluate', (s, options) => s.model.evaluate(x, y, any(options))),
    ['a zero batch', (s) => s.model.evaluate(x, y, { batchSize: 0 }), OptionError, ['evaluate', 'batchSize', '0']],
    [
      'too few weights',
      (s) => s.model.evaluate(x, y, { sampleWeight: [1] }),
      ShapeError,
      ['evaluate', 'sampleWeight', '[4]', '[1]'],
    ],
  ],
  predict: [
    ...inputRows('predict', (model, bx) => model.predict(any(bx))),
    ...optionRows('predict', (s, options) => s.model.predict(x, any(options))),
    ['a negative batch', (s) => s.model.predict(x, { batchSize: -1 }), OptionError, ['predict', 'batchSize', '-1']],
  ],
  predictSync: [
    ...inputRows('predictSync', (model, bx) => model.predictSync(any(bx))),
    [
      'during a fit',
      async (s) => {
        const fit = s.model.fit(x, y, { epochs: 50 })
        await new Promise(setImmediate)
        try {
          for (;;) (s.model.predictSync(x), await new Promise(setImmediate))
        } finally {
          s.model.dispose()
          await fit.catch(() => undefined)
        }
      },
      StateError,
      ['predictSync', 'fit is running'],
    ],
  ],
  activations: [
    ...inputRows('activations', (model, bx) => model.activations(any(bx))),
    ...optionRows('activations', (s, options) => s.model.activations(x, any(options))),
    ['training 3', (s) => s.model.activations(x, { training: any(3) }), OptionError, ['activations', 'training', '3']],
  ],
  adapt: [
    ['a model without normalize', (s) => s.model.adapt(x), StateError, ['adapt', 'normalize']],
    ['NaN', () => normalized().adapt([[1, NaN]]), NonFiniteError, ['adapt', 'x[0][1]', 'NaN']],
    ['a wrong shape', () => normalized().adapt([[1]]), ShapeError, ['adapt', 'x', '[any, 2]', '[1, 1]']],
    ['unadapted predict', () => normalized().predict(x), StateError, ['predict', 'normalize_1', 'adapt']],
    [
      'unadapted gradientCheck',
      () => my.gradientCheck(normalized(), x, labels),
      StateError,
      ['gradientCheck', 'normalize_1', 'adapt'],
    ],
    ...optionRows('adapt', (s, options) => s.model.adapt(x, any(options))),
  ],
  setWeights: [
    ['no list', (s) => s.model.setWeights(any(3)), OptionError, ['setWeights', 'getWeights', '3']],
    [
      'an unknown layer',
      (s) => s.model.setWeights([{ name: 'dense_3' }]),
      OptionError,
      ['setWeights', '"dense_3"', 'dense_1'],
    ],
    [
      'a missing layer',
      (s) => s.model.setWeights(s.model.getWeights().slice(0, 1)),
      OptionError,
      ['setWeights', 'dense_2.weight', '[3, 3]'],
    ],
    [
      'a layer twice',
      (s) => s.model.setWeights([s.model.getWeights()[0], s.model.getWeights()[0]]),
      OptionError,
      ['dense_1', 'twice'],
    ],
    [
      'a wrong shape',
      (s) => s.model.setWeights([s.model.getWeights()[0], { ...s.model.getWeights()[1], bias: [1, 2] }]),
      ShapeError,
      ['setWeights', 'dense_2.bias', '[3]', '[2]'],
    ],
    [
      'NaN',
      (s) => s.model.setWeights([s.model.getWeights()[0], { ...s.model.getWeights()[1], bias: [1, NaN, 2] }]),
      NonFiniteError,
      ['dense_2.bias', '1', 'NaN'],
    ],
    [
      'a disposed tensor',
      (s) => {
        const set = s.model.getWeights()
        set[1].bias.dispose()
        s.model.setWeights(set)
      },
      DisposedError,
      ['[3]', 'disposed'],
    ],
    [
      'gradients that are NaN',
      (s) => {
        const set = s.model.getWeights().map((l) => ({ ...l, bias: [NaN, 0, 0] }))
        optimizers.adam().apply(s.model, set)
      },
      NonFiniteError,
      ['apply', 'dense_1.bias'],
    ],
    ['gradients of no model', () => optimizers.adam().apply(any(null), []), OptionError, ['optimizer.apply', 'null']],
    [
      'a cache of no forward',
      () => my.layerBlock(layers.dense({ units: 1 }), { inputShape: [1] }).backward([[1]], any(null)),
      OptionError,
      ['layerBlock: backward', 'cache', 'null'],
    ],
    [
      'gradients of a wrong shape',
      (s) => optimizers.adam().apply(s.model, [{ name: 'dense_1', weight: [[1]], bias: [1] }]),
      ShapeError,
      ['apply', 'dense_1.weight', '[3, 2]', '[1, 1]'],
    ],
  ],
})
