/** Bad input to gradientCheck and numericalDerivative. */
import * as my from '../../../lib'
import { dataRows, optionRows } from './rows'
import { any, describeRows, labels, x, y } from './support'

const { OptionError, layers, sequential } = my

async function dropped(): Promise<my.Model> {
  const model = sequential({ inputShape: [2], layers: [layers.dropout({ rate: 0.5 }), layers.dense({ units: 1 })] })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

describeRows({
  checks: [
    ...dataRows('gradientCheck', (model, bx, by) => my.gradientCheck(model, any(bx), any(by))).filter(
      ([what]) => !what.includes('beyond float32'),
    ),
    ...optionRows('gradientCheck', (s, options) => my.gradientCheck(s.model, x, y, any(options))),
    [
      'a zero epsilon',
      (s) => my.gradientCheck(s.model, x, y, { epsilon: 0 }),
      OptionError,
      ['gradientCheck', 'epsilon', '0'],
    ],
    [
      'dropout',
      () => dropped().then((model) => my.gradientCheck(model, x, labels)),
      OptionError,
      ['gradientCheck', 'dropout', "'frozen'"],
    ],
    [
      'gradients that are missing',
      (s) => my.gradientCheck(s.model, x, y, { gradients: [] }),
      OptionError,
      ['gradientCheck', 'dense_1.weight', '[3, 2]'],
    ],
    ['no model', () => my.gradientCheck(any(3), x, y), OptionError, ['gradientCheck', 'model', '3']],
    [
      'no number',
      () =>
        my.numericalDerivative(
          any(() => 'a'),
          1,
        ),
      OptionError,
      ['numericalDerivative', 'number', '"a"'],
    ],
    [
      'a negative step',
      () => my.numericalDerivative((t) => t, 1, { epsilon: -1 }),
      OptionError,
      ['numericalDerivative', 'epsilon', '-1'],
    ],
  ],
})
