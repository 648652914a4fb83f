/** Bad input to models of several inputs and outputs. */
import * as my from '../../../lib'
import { any, describeRows } from './support'

const { OptionError, ShapeError, input, layers, model, ops } = my

const Plus = my.defineLayer({ name: 'plus', inputs: 2, call: ([a, b]) => ops.add(a, b) })
const dense = (name?: string) => layers.dense({ units: 1, name })

/** Two inputs, two outputs, compiled. */
function net() {
  const [left, right] = [input({ shape: [2] }), input({ shape: [2] })]
  const sum = Plus().apply([dense().apply(left), dense().apply(right)])
  const made = model({ inputs: { left, right }, outputs: { sum, same: dense().apply(left) } })
  return made.compile({ optimizer: 'adam', loss: { sum: 'meanSquaredError', same: 'meanSquaredError' } })
}
const x = { left: [[1, 2]], right: [[3, 4]] }
const y = { sum: [[1]], same: [[2]] }

describeRows({
  'input and apply': [
    ['no shape', () => input(any({})), ShapeError, ['input: shape', 'undefined']],
    [
      'an unknown dtype',
      () => input({ shape: [1], dtype: any('float16') }),
      OptionError,
      ['input', 'dtype', 'int32', 'float16'],
    ],
    ['an unknown option', () => input(any({ shape: [1], dtyp: 'int32' })), OptionError, ["'dtyp'", "'dtype'"]],
    [
      'data instead of a value',
      () => dense('head').apply(any([[1, 2]])),
      OptionError,
      ['head: apply', 'input(…)', 'got'],
    ],
    ['no value', () => dense().apply([]), OptionError, ['dense: apply', 'at least one', 'empty list']],
    [
      'two values for one',
      () => dense('head').apply([input({ shape: [1] }), input({ shape: [1] })]),
      OptionError,
      ['head', 'one input', '2'],
    ],
    [
      'one value for two',
      () => Plus({ name: 'merge' }).apply(input({ shape: [1] })),
      OptionError,
      ['merge', '2 inputs', '1'],
    ],
    [
      'shapes that do not merge',
      () => Plus({ name: 'merge' }).apply([input({ shape: [2] }), input({ shape: [3] })]),
      ShapeError,
      ['merge', '[7, 2]', '[7, 3]'],
    ],
  ],
  model: [
    ['nothing', () => model(any(undefined)), OptionError, ['model', 'inputs, outputs', 'undefined']],
    [
      'a list of inputs',
      () => model({ inputs: any([input({ shape: [1] })]), outputs: input({ shape: [1] }) }),
      OptionError,
      ['model: inputs', '{ name: value', 'array'],
    ],
    [
      'no outputs',
      () => model({ inputs: input({ shape: [1] }), outputs: {} }),
      OptionError,
      ['model: outputs', 'at least one', 'empty'],
    ],
    [
      'an output that no input reaches',
      () =>
        model({
          inputs: { a: input({ shape: [2] }) },
          outputs: { cost: dense().apply(input({ shape: [3], name: 'b' })) },
        }),
      OptionError,
      ['model: outputs', "'cost'", "'b'", '[any, 3]', "'a'"],
    ],
    [
      'an input that nothing uses',
      () => {
        const [a, b] = [input({ shape: [2] }), input({ shape: [2] })]
        return model({ inputs: { a, b }, outputs: { cost: dense().apply(a) } })
      },
      OptionError,
      ['model: inputs', "'b'", 'none of the outputs', "'cost'"],
    ],
    [
      'an input given twice',
      () => {
        const a = input({ shape: [2] })
        return model({ inputs: { a, b: a }, outputs: dense().apply(a) })
      },
      OptionError,
      ["'a' and 'b'", 'same value'],
    ],
    [
      'the value of a layer as an input',
      () => {
        const value = dense('first').apply(input({ shape: [2] }))
        return model({ inputs: value, outputs: dense().apply(value) })
      },
      OptionError,
      ['model: inputs', 'input(…)', "'first'"],
    ],
    [
      'two layers of one name',
      () => {
        const a = input({ shape: [2] })
        return model({ inputs: a, outputs: { p: dense('same').apply(a), q: dense('same').apply(a) } })
      },
      OptionError,
      ["'same'", 'already taken'],
    ],
    [
      'a shared layer on other shapes',
      () => {
        const [a, b] = [input({ shape: [2] }), input({ shape: [3] })]
        const shared = dense('shared')
        return model({ inputs: { a, b }, outputs: { p: shared.apply(a), q: shared.apply(b) } })
      },
      ShapeError,
      ['shared', '[any, 2]', '[any, 3]'],
    ],
    [
      'normalize behind another layer',
      () => {
        const a = input({ shape: [2] })
        return model({ inputs: a, outputs: layers.normalize({ name: 'late' }).apply(dense().apply(a)) })
      },
      OptionError,
      ["'late'", 'only first'],
    ],
    [
      'an empty name',
      () => {
        const a = input({ shape: [2] })
        return model({ inputs: { '': a }, outputs: dense().apply(a) })
      },
      OptionError,
      ['model: inputs', 'not empty', "got ''"],
    ],
    [
      'a name with a dot',
      () => {
        const a = input({ shape: [2] })
        return model({ inputs: { 'a.b': a }, outputs: dense().apply(a) })
      },
      OptionError,
      ["'a.b'", 'dots'],
    ],
  ],
  'compile by output': [
    [
      'one loss for all',
      () => net().compile({ optimizer: 'adam', loss: 'meanSquaredError' }),
      OptionError,
      ['compile: loss', '{ sum: …, same: … }', 'meanSquaredError'],
    ],
    [
      'a loss for an output that is not there',
      () => net().compile({ optimizer: 'adam', loss: { sum: 'meanSquaredError', sane: 'meanSquaredError' } }),
      OptionError,
      ['compile: loss', "'sane'", "'same'"],
    ],
    [
      'an output without a loss',
      () => net().compile({ optimizer: 'adam', loss: { sum: 'meanSquaredError' } }),
      OptionError,
      ['compile: loss', "'same' is missing"],
    ],
    [
      'an unknown loss',
      () => net().compile({ optimizer: 'adam', loss: { sum: any('mse'), same: 'meanSquaredError' } }),
      OptionError,
      ['compile: loss.sum', "'mse'"],
    ],
    [
      'a negative weight of a loss',
      () =>
        net().compile({
          optimizer: 'adam',
          loss: { sum: 'meanSquaredError', same: 'meanSquaredError' },
          lossWeights: { sum: -1 },
        }),
      OptionError,
      ['lossWeights.sum', 'at least 0', '-1'],
    ],
    [
      'a list of metrics',
      () =>
        net().compile({
          optimizer: 'adam',
          loss: { sum: 'meanSquaredError', same: 'meanSquaredError' },
          metrics: ['accuracy'],
        }),
      OptionError,
      ['compile: metrics', 'sum: …', 'accuracy'],
    ],
    [
      'weights of losses for one output',
      ({ model: one }) => one.compile({ optimizer: 'adam', loss: 'meanSquaredError', lossWeights: { y: 1 } }),
      OptionError,
      ['lossWeights', 'one output'],
    ],
  ],
  'data by name': [
    ['a missing input', () => net().predict(any({ left: x.left })), OptionError, ['predict: x', "'right' is missing"]],
    [
      'an unknown input',
      () => net().predict(any({ ...x, rihgt: x.right })),
      OptionError,
      ['predict: x', "'rihgt'", "'right'"],
    ],
    ['bare data', () => net().predict(any(x.left)), OptionError, ['predict: x', '{ left: …, right: … }', 'array']],
    [
      'a wrong shape',
      () => net().predict({ ...x, right: [[1]] }),
      ShapeError,
      ['predict: x.right', '[any, 2]', '[1, 1]'],
    ],
    [
      'other numbers of rows',
      () =>
        net().predict({
          ...x,
          right: [
            [1, 2],
            [3, 4],
          ],
        }),
      ShapeError,
      ['x.left has 1', 'x.right has 2'],
    ],
    ['NaN', () => net().predict({ ...x, right: [[1, NaN]] }), my.NonFiniteError, ['predict: x.right', 'NaN']],
    ['a missing target', () => net().fit(x, any({ sum: y.sum })), OptionError, ['fit: y', "'same' is missing"]],
    ['an unknown target', () => net().fit(x, any({ ...y, som: y.sum })), OptionError, ['fit: y', "'som'", "'sum'"]],
    [
      'targets of other rows',
      () => net().fit(x, { ...y, same: [[1], [2]] }),
      ShapeError,
      ['fit: x.left has 1', 'y.same has 2'],
    ],
    [
      'validation data of one input',
      () => net().fit(x, y, { validationData: any([{ left: x.left }, y]) }),
      OptionError,
      ['fit: validationData: x', "'right'"],
    ],
    [
      'weights for an unknown output',
      () => net().fit(x, y, { sampleWeight: { some: [1] } }),
      OptionError,
      ['fit: sampleWeight', "'some'", "'same'"],
    ],
    [
      'too few weights of rows for an output',
      () => net().fit(x, y, { sampleWeight: { same: [1, 2] } }),
      ShapeError,
      ['fit: sampleWeight.same: expected shape [1]', 'got [2]'],
    ],
    [
      'weights of classes for an output without classes',
      () => net().fit(x, { ...y, sum: [[0.5]] }, { classWeight: { sum: [1, 2] } }),
      OptionError,
      [
        'fit: classWeight.sum: expected an output of one class per example',
        "got plain numbers (loss 'meanSquaredError')",
      ],
    ],
    [
      'weights of classes as a Map of outputs',
      () => net().fit(x, y, { classWeight: any(new Map([['sum', [1, 2]]])) }),
      OptionError,
      ['fit: classWeight', 'sum: …', 'got a Map'],
    ],
    [
      'weights of classes without a name',
      () => net().fit(x, y, { classWeight: [1, 2] }),
      OptionError,
      ['fit: classWeight', 'sum: …'],
    ],
  ],
  freeze: [
    ['an unknown layer', () => net().freeze('dense_9'), OptionError, ['freeze', '"dense_9"', 'dense_1']],
    ['a number', () => net().unfreeze(any(3)), OptionError, ['unfreeze', '3']],
  ],
})
