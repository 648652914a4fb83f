/**
 * Every kind of bad input at every entry point: the error's class, a message that names the place, the expected and the received, and a
 * model that is the same afterwards, to the bit, and works.
 */
import { expect } from 'chai'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as my from '../../lib'
import { bitsOf } from './bits'

const { callbacks, data, initializers, layers, losses, ops, optimizers, regularizers, schedules, sequential, tensor } =
  my

/** What the rows work on: fresh for each. */
interface Subject {
  /** 2-3-3 softmax with class numbers, compiled. */
  model: my.Model
  /** 2-1 sigmoid, compiled. */
  binary: my.Model
  /** A path in an empty folder. */
  path: string
}
type Row = [what: string, call: (subject: Subject) => unknown, type: new (...args: never[]) => Error, says: string[]]

const any = <T>(value: unknown) => value as T
const x = [
  [1, 2],
  [3, 4],
  [-1, 0],
  [0.5, -2],
]
const y = [0, 1, 2, 1]
const labels = [0, 1, 1, 0]
const { ShapeError, DTypeError, OptionError, StateError, DeviceError, NonFiniteError, DisposedError, FormatError } = my
const { AbortError } = my

function classifier(): my.Model {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 3, activation: 'softmax' })],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

function logistic(): my.Model {
  const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
  return model
}

const plain = () => sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
const disposed = () => {
  const t = tensor([1, 2])
  t.dispose()
  return t
}
const aborted = () => AbortSignal.abort('no more')

/** The same bad x and y for every function that takes both. */
function dataRows(name: string, call: (model: my.Model, x: unknown, y: unknown) => unknown): Row[] {
  const onModel = (bx: unknown, by: unknown) => (s: Subject) => call(s.model, bx, by)
  return [
    [`${name}: too few columns`, onModel([[1], [2]], [0, 1]), ShapeError, [name, 'x', '[any, 2]', '[2, 1]']],
    [
      `${name}: one example without rows`,
      onModel([1, 2], [0]),
      ShapeError,
      [name, 'x', '[any, 2]', '[2]', '[example]'],
    ],
    [`${name}: ragged x`, onModel([[1, 2], [3]], [0, 1]), ShapeError, [name, 'x', 'ragged', '2 elements', '[1]', '1.']],
    [`${name}: empty x`, onModel([], []), ShapeError, [name, 'x', 'at least one', 'empty']],
    [`${name}: empty rows`, onModel([[], []], [0, 1]), ShapeError, [name, 'x', 'at least one', 'empty']],
    [
      `${name}: NaN in x`,
      onModel(
        [
          [1, 2],
          [NaN, 4],
        ],
        [0, 1],
      ),
      NonFiniteError,
      [name, 'x[1][0]', 'NaN', 'finite'],
    ],
    [`${name}: Infinity in x`, onModel([[1, Infinity]], [0]), NonFiniteError, [name, 'x[0][1]', 'Infinity', 'finite']],
    [
      `${name}: −Infinity in a typed x`,
      onModel({ data: new Float32Array([1, -Infinity]), shape: [1, 2] }, [0]),
      NonFiniteError,
      [name, 'x[0][1]', '-Infinity'],
    ],
    [`${name}: NaN in a Tensor`, onModel(tensor([[1, NaN]]), [0]), NonFiniteError, [name, 'x[0][1]', 'NaN']],
    [
      `${name}: a float64 number beyond float32`,
      onModel([[1, 1e300]], [0]),
      NonFiniteError,
      [name, 'x[0][1]', 'float32'],
    ],
    [
      `${name}: a shape that does not fit the array`,
      onModel({ data: new Float32Array(3), shape: [1, 2] }, [0]),
      ShapeError,
      [name, 'x', '[1, 2]', '3'],
    ],
    [`${name}: strings`, onModel([['1', '2']], [0]), DTypeError, [name, 'x', 'numbers', '"1"']],
    [`${name}: holes`, onModel([[1, undefined]], [0]), DTypeError, [name, 'x', 'numbers', 'undefined']],
    [`${name}: BigInt`, onModel(new BigInt64Array(2), [0]), DTypeError, [name, 'x', 'BigInt', 'BigInt64Array(2)']],
    [`${name}: no x`, onModel(undefined, [0]), OptionError, [name, 'x', 'Tensor', 'undefined']],
    [`${name}: no y`, onModel(x, undefined), OptionError, [name, 'y', 'Tensor', 'undefined']],
    [`${name}: a disposed x`, onModel(disposed(), [0]), DisposedError, ['[2]']],
    [`${name}: fewer rows in y`, onModel(x, [0]), ShapeError, [name, '4 rows', '1']],
    [
      `${name}: one-hot rows for class numbers`,
      onModel(x, [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0, 1, 0],
      ]),
      ShapeError,
      [name, 'y', '[4]', '[4, 3]', 'one-hot'],
    ],
    [`${name}: NaN in y`, onModel(x, [0, NaN, 1, 2]), NonFiniteError, [name, 'y', '1', 'NaN']],
    [`${name}: a class too many`, onModel(x, [0, 1, 3, 2]), OptionError, [name, 'y', '0 to 2', '3', 'row 2']],
    [`${name}: a negative class`, onModel(x, [0, -1, 1, 2]), OptionError, [name, 'y', '0 to 2', '-1', 'row 1']],
    [`${name}: half a class`, onModel(x, [0, 0.5, 1, 2]), OptionError, [name, 'y', 'integers', '0.5', 'row 1']],
    [
      `${name}: labels above 1`,
      (s) => call(s.binary, x, [0, 1, 1.5, 0]),
      OptionError,
      [name, 'y', '[0, 1]', '1.5', 'row 2'],
    ],
    [`${name}: labels below 0`, (s) => call(s.binary, x, [0, -0.1, 1, 0]), OptionError, [name, 'y', '[0, 1]', 'row 1']],
    [`${name}: a model that is not compiled`, () => call(plain(), x, y), StateError, [name, 'compile']],
    [`${name}: a disposed model`, (s) => (s.model.dispose(), call(s.model, x, y)), DisposedError, ['disposed']],
  ]
}

/** The same bad x for functions that take x alone. */
function inputRows(name: string, call: (model: my.Model, x: unknown) => unknown): Row[] {
  return dataRows(name, (model, bx) => call(model, bx)).filter(
    ([what]) => !/ y|rows in y|one-hot|class|labels|compiled/.test(what.slice(name.length)),
  )
}

/** Functions that take options: unknown ones, wrong values, aborted signals. */
function optionRows(name: string, call: (s: Subject, options: unknown) => unknown): Row[] {
  return [
    [`${name}: an unknown option`, (s) => call(s, { signl: 1 }), OptionError, [name, "'signl'", "'signal'"]],
    [`${name}: options that are no object`, (s) => call(s, 3), OptionError, [name, 'options object', '3']],
    [
      `${name}: a signal that is none`,
      (s) => call(s, { signal: 'stop' }),
      OptionError,
      [name, 'AbortSignal', '"stop"'],
    ],
    [`${name}: an aborted signal`, (s) => call(s, { signal: aborted() }), AbortError, [name, 'aborted']],
  ]
}

const groups: Record<string, Row[]> = {
  tensor: [
    ['ragged', () => tensor([[1, 2], [3]]), ShapeError, ['tensor', '2 elements', '[1]', '1.']],
    [
      'ragged deep down',
      () =>
        tensor([
          [[1], [2]],
          [[3], 4],
        ] as never),
      ShapeError,
      ['tensor', '[1][1]', 'number 4'],
    ],
    ['empty', () => tensor([]), ShapeError, ['tensor', 'at least one', 'empty']],
    ['another size', () => tensor([1, 2, 3], [2, 2]), ShapeError, ['tensor', '[2, 2]', '4', '3']],
    ['a negative size', () => tensor([1, 2], [-1, -2]), ShapeError, ['tensor', 'positive', '-1']],
    ['seven dimensions', () => tensor([1], [1, 1, 1, 1, 1, 1, 1]), ShapeError, ['tensor', '6', '7']],
    ['BigInt', () => tensor(any(3n)), DTypeError, ['tensor', 'BigInt', '3n', 'Number']],
    ['BigInt array', () => tensor(any(new BigUint64Array(1))), DTypeError, ['tensor', 'BigInt', 'BigUint64Array(1)']],
    ['string', () => tensor(any('abc')), DTypeError, ['tensor', 'numbers', '"abc"']],
    ['undefined', () => tensor(any(undefined)), DTypeError, ['tensor', 'numbers', 'undefined']],
    ['an unknown dtype', () => tensor([1], { dtype: any('int8') }), DTypeError, ['tensor', 'float32', '"int8"']],
    ['an unknown option', () => tensor([1], any({ dtpe: 'float32' })), OptionError, ['tensor', "'dtpe'", "'dtype'"]],
    ['disposed', () => disposed().data, DisposedError, ['[2]', 'disposed']],
    ['item of many', () => tensor([1, 2]).item(), ShapeError, ['item', 'one element', '[2]']],
    ['shape', () => my.assertShape(tensor([1, 2]), [3]), ShapeError, ['[3]', '[2]']],
  ],
  ops: [
    ['shapes', () => ops.add(tensor([1, 2]), tensor([1, 2, 3])), ShapeError, ['add', '[2]', '[3]']],
    ['matmul', () => ops.matmul(tensor([[1, 2]]), tensor([[1, 2]])), ShapeError, ['matmul', '[1, 2]']],
    ['axis', () => ops.sum(tensor([1, 2]), { axis: 3 }), ShapeError, ['sum', 'axis', '3']],
    [
      'mixed dtypes',
      () => ops.add(tensor([1]), tensor([1], { dtype: 'float64' })),
      DTypeError,
      ['add', 'float32', 'float64'],
    ],
    ['a string', () => ops.exp(any('1')), DTypeError, ['exp', 'number', '"1"']],
    ['disposed', () => ops.exp(disposed()), DisposedError, ['disposed']],
    [
      'grad of no scalar',
      () => my.grad((t: my.Value) => ops.mul(t, 2))(tensor([1, 2])),
      ShapeError,
      ['grad', 'one number', '[2]'],
    ],
    ['grad of no function', () => my.grad(any<never>(3)), OptionError, ['grad', 'function', '3']],
    [
      'reading a traced value',
      () => my.grad((t: my.Value) => (t as my.Tensor).item())(tensor(2)),
      StateError,
      ['traced'],
    ],
  ],
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
      'a dense layer over a picture',
      () => sequential({ inputShape: [2, 2], layers: [layers.dense({ units: 1 })] }),
      ShapeError,
      ['dense_1', '[2, 2]', 'flatten'],
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
      () => my.defineLayer(any<never>({ call: (t: my.Tensor) => t })),
      OptionError,
      ['defineLayer', 'name'],
    ],
  ],
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
  fit: [
    ...dataRows('fit', (model, bx, by) => model.fit(any(bx), any(by), { epochs: 2 })),
    ...optionRows('fit', (s, options) => s.model.fit(x, y, any(options))),
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
  trainOnBatch: [
    ...dataRows('trainOnBatch', (model, bx, by) => model.trainOnBatch(any(bx), any(by))),
    ...optionRows('trainOnBatch', (s, options) => s.model.trainOnBatch(x, y, any(options))),
  ],
  costAndGradients: [
    ...dataRows('costAndGradients', (model, bx, by) => model.costAndGradients(any(bx), any(by))),
    ...optionRows('costAndGradients', (s, options) => s.model.costAndGradients(x, y, any(options))),
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
    [
      'gradients of a wrong shape',
      (s) => optimizers.adam().apply(s.model, [{ name: 'dense_1', weight: [[1]], bias: [1] }]),
      ShapeError,
      ['apply', 'dense_1.weight', '[3, 2]', '[1, 1]'],
    ],
  ],
  files: [
    [
      'a missing folder',
      (s) => s.model.save(join(s.path, 'no', 'model')),
      FormatError,
      ['model', 'does not exist', 'ENOENT', 'Nothing was changed'],
    ],
    ['a folder', (s) => s.model.save(join(s.path, '..')), FormatError, ['folder']],
    ['no path', (s) => s.model.save(any(undefined)), FormatError, ['path', 'undefined']],
    [
      'a full disk',
      (s) => (existsSync('/dev/full') ? s.model.save('/dev/full/x') : s.model.save(any(3))),
      FormatError,
      [],
    ],
    ...optionRows('loadModel', (s, options) => my.loadModel(s.model.toBytes(), any(options))),
    ...optionRows('resume', (s, options) => my.resume(s.path, x, y, any(options))),
    ...optionRows('save', (s, options) => s.model.save(join(s.path, 'model'), any(options))),
    ['an unnamed function', (s) => unnamed().save(join(s.path, 'model')), FormatError, ['unnamed function', 'custom']],
    ['a missing file', (s) => my.loadModel(join(s.path, 'none')), FormatError, ['none', 'ENOENT']],
    ['bytes that are none', () => my.loadModel(any(3)), FormatError, ['Uint8Array', '3']],
    ['an empty file', (s) => (writeFileSync(s.path, ''), my.loadModel(s.path)), FormatError, ['empty']],
    ['another kind of file', () => my.loadModel(Buffer.from('{"weights": [1, 2, 3]}')), FormatError, ['safetensors']],
    ['a truncated file', (s) => my.loadModel(s.model.toBytes().subarray(0, -3)), FormatError, ['truncated']],
    ['a truncated header', (s) => my.loadModel(s.model.toBytes().subarray(0, 40)), FormatError, ['truncated', '40']],
    [
      'one altered byte',
      (s) => {
        const bytes = s.model.toBytes()
        bytes[bytes.length - 5] ^= 1
        return my.loadModel(bytes)
      },
      FormatError,
      ['altered'],
    ],
    [
      'a longer file',
      (s) => my.loadModel(Buffer.concat([s.model.toBytes(), Buffer.alloc(8)])),
      FormatError,
      ['behind'],
    ],
    [
      'an unknown option',
      (s) => my.loadModel(s.model.toBytes(), any({ costum: {} })),
      OptionError,
      ['loadModel', "'costum'", "'custom'"],
    ],
    ['a missing function', () => my.loadModel(own().toBytes()), FormatError, ["'thrice'", 'custom']],
    [
      'resume from a plain model',
      async (s) => {
        writeFileSync(s.path, s.model.toBytes())
        await my.resume(s.path, x, y)
      },
      StateError,
      ['resume', 'checkpoint'],
    ],
    [
      'resume with other data',
      async (s) => {
        await s.model.fit(x, y, { checkpoint: { path: s.path, every: { epochs: 1 } } })
        await my.resume(s.path, [[9, 9], ...x.slice(1)], y)
      },
      StateError,
      ['resume', 'not the data'],
    ],
    ['resume from nowhere', (s) => my.resume(s.path, x, y), FormatError, ['ENOENT']],
    [
      'a plot elsewhere',
      async (s) => (await s.model.fit(x, y)).plot(join(s.path, 'curve.gif')),
      OptionError,
      ['.svg', '.gif'],
    ],
  ],
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
  others: [
    ['threads', () => my.setThreads(0), OptionError, ['setThreads', '1 to 256', '0']],
    ['patience', () => callbacks.earlyStopping({ patience: -1 }), OptionError, ['earlyStopping', 'patience', '-1']],
    [
      'a monitored value that does not exist',
      (s) => s.model.fit(x, y, { callbacks: [callbacks.earlyStopping({ monitor: 'acc' })] }),
      OptionError,
      ["'acc'", 'accuracy'],
    ],
    ['an unknown mode', () => callbacks.earlyStopping({ mode: any('most') }), OptionError, ['mode', "'most'", 'max']],
    ['moving to a GPU that is missing', (s) => s.model.to('cuda:99'), DeviceError, ['model.to', 'cuda:99']],
  ],
}

function normalized(): my.Model {
  const model = sequential({ inputShape: [2], layers: [layers.normalize(), layers.dense({ units: 1 })] })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

async function dropped(): Promise<my.Model> {
  const model = sequential({ inputShape: [2], layers: [layers.dropout({ rate: 0.5 }), layers.dense({ units: 1 })] })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

function unnamed(): my.Model {
  return sequential({
    inputShape: [2],
    layers: [
      layers.dense({
        units: 1,
        activation: (
          () => (t: my.Tensor) =>
            t
        )(),
      }),
    ],
  })
}

function own(): my.Model {
  return sequential({ inputShape: [2], layers: [layers.lambda((t) => ops.mul(t, 3), { name: 'thrice' })] })
}

describe('bad input', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-bad-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const seen = new Set<unknown>()

  for (const [group, rows] of Object.entries(groups))
    describe(group, () => {
      for (const [what, call, type, says] of rows)
        it(what, async () => {
          const subject: Subject = { model: classifier(), binary: logistic(), path: join(folder, 'file') }
          const models = [subject.model, subject.binary]
          const before = models.map(bitsOf)
          let error: unknown
          try {
            await call(subject)
          } catch (caught) {
            error = caught
          }
          expect(error, 'the error').to.be.instanceOf(type)
          const { name, message } = error as Error
          expect(name).to.equal(type.name)
          for (const part of says) expect(message).to.include(part)
          expect(message, 'the message is a sentence').to.match(/\.$/)
          seen.add(type)
          const trains = /^(resume with|a plot)/.test(what)
          models.forEach((model, i) => {
            if (model.disposed || trains) return
            expect(bitsOf(model), 'weights, optimiser state and counters').to.equal(before[i])
          })
          expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).to.deep.equal([])
          for (const model of models) {
            if (model.disposed) continue
            await model.fit(x, model === subject.model ? y : labels)
            expect(model.predictSync(x).data.every(Number.isFinite)).to.equal(true)
            model.dispose()
          }
        })
    })

  describe('the table', () => {
    it('has met every class of error', () => {
      const { MyelinError: _, ...rest } = my
      const classes = Object.values(rest).filter(
        (value) => typeof value === 'function' && value.prototype instanceof my.MyelinError,
      )
      expect(classes.filter((type) => !seen.has(type)).map((type) => (type as { name: string }).name)).to.deep.equal([])
      expect(classes.length).to.equal(9)
    })
  })

  it('leaves an older file as it was when saving fails', async () => {
    const path = join(folder, 'model')
    const model = classifier()
    await model.save(path)
    const bytes = readFileSync(path)
    const error = await model.save(path, { signal: aborted() }).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(AbortError)
    expect(readFileSync(path).equals(bytes)).to.equal(true)
  })
})
