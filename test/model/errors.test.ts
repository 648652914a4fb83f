import { expect } from 'chai'
import * as my from '../../lib'
import { blobs, rejected, thrown } from './support'

const { layers, losses, optimizers, sequential } = my

const { x, y } = blobs(10)

function classifier(): my.Model {
  const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 3, activation: 'softmax' })] })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

function logistic(): my.Model {
  const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
  return model
}

type ErrorClass = new (...args: never[]) => Error
const dense = () => layers.dense({ units: 1 })
const any = (value: unknown) => value as never

describe('sequential refuses', () => {
  const cases: [string, () => unknown, ErrorClass, RegExp][] = [
    ['no options', () => sequential(any(undefined)), my.OptionError, /inputShape/],
    [
      'an unknown option',
      () => sequential(any({ inputShape: [1], layer: [dense()] })),
      my.OptionError,
      /unknown option 'layer'.*'layers'/,
    ],
    ['no layers', () => sequential({ inputShape: [1], layers: [] }), my.OptionError, /at least one layer/],
    [
      'something that is no layer',
      () => sequential({ inputShape: [1], layers: [any('dense')] }),
      my.OptionError,
      /layers\[0\].*"dense"/,
    ],
    ['a zero size', () => sequential({ inputShape: [0], layers: [dense()] }), my.ShapeError, /inputShape/],
    ['a negative size', () => sequential({ inputShape: [-3], layers: [dense()] }), my.ShapeError, /inputShape/],
    [
      'two layers of one name',
      () =>
        sequential({
          inputShape: [1],
          layers: [layers.dense({ units: 1, name: 'a' }), layers.dense({ units: 1, name: 'a' })],
        }),
      my.OptionError,
      /a name of its own.*'a' for layer 2, which is already taken/,
    ],
    [
      'normalize after another layer',
      () => sequential({ inputShape: [1], layers: [dense(), layers.normalize()] }),
      my.OptionError,
      /only first/,
    ],
    [
      'an unknown dtype',
      () => sequential({ inputShape: [1], layers: [dense()], dtype: any('float16') }),
      my.DTypeError,
      /float16/,
    ],
    [
      'a GPU that is not there',
      () => sequential({ inputShape: [1], layers: [dense()], device: 'cuda:99' }),
      my.DeviceError,
      /cuda:99.*(CPU|'cpu')/,
    ],
    [
      'an unknown device',
      () => sequential({ inputShape: [1], layers: [dense()], device: any('tpu') }),
      my.DeviceError,
      /"tpu"/,
    ],
    ['a negative seed', () => sequential({ inputShape: [1], layers: [dense()], seed: -1 }), my.OptionError, /seed/],
    [
      'labels that are too few',
      () => sequential({ inputShape: [1], layers: [layers.dense({ units: 3 })], labels: ['a'] }),
      my.OptionError,
      /labels: expected 3/,
    ],
  ]
  for (const [what, call, type, message] of cases)
    it(what, () => {
      const error = thrown(call)
      expect(error).to.be.instanceOf(type)
      expect(error.message).to.match(message)
    })
})

describe('compile refuses', () => {
  const linear = () => sequential({ inputShape: [2], layers: [dense()] })
  const cases: [string, () => unknown, ErrorClass, RegExp][] = [
    ['nothing', () => linear().compile(any(undefined)), my.OptionError, /optimizer, loss/],
    [
      'an unknown loss',
      () => linear().compile({ optimizer: 'adam', loss: any('meanSquareError') }),
      my.OptionError,
      /'meanSquaredError'/,
    ],
    [
      'an unknown optimiser',
      () => linear().compile({ optimizer: any('adan'), loss: 'meanSquaredError' }),
      my.OptionError,
      /'adam'/,
    ],
    [
      'an unknown metric',
      () => linear().compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: [any('acuracy')] }),
      my.OptionError,
      /'accuracy'/,
    ],
    [
      'a cross-entropy over a linear output',
      () => linear().compile({ optimizer: 'adam', loss: 'binaryCrossentropy' }),
      my.OptionError,
      /fromLogits/,
    ],
    [
      'both clippings',
      () => linear().compile({ optimizer: 'adam', loss: 'meanSquaredError', gradientClip: any({ norm: 1, value: 1 }) }),
      my.OptionError,
      /both/,
    ],
    [
      'a negative clipping',
      () => linear().compile({ optimizer: 'adam', loss: 'meanSquaredError', gradientClip: { norm: -1 } }),
      my.OptionError,
      /norm/,
    ],
    ['a zero rate', () => optimizers.adam({ learningRate: 0 }), my.OptionError, /learningRate/],
  ]
  for (const [what, call, type, message] of cases)
    it(what, () => {
      const error = thrown(call)
      expect(error).to.be.instanceOf(type)
      expect(error.message).to.match(message)
    })

  it('and accepts the cross-entropy from logits', () => {
    linear().compile({ optimizer: 'adam', loss: losses.binaryCrossentropy({ fromLogits: true }) })
  })
})

describe('fit refuses', () => {
  const fit = (xs: unknown, ys: unknown, options: my.FitOptions = {}, model = classifier()) =>
    model.fit(any(xs), any(ys), options)
  const classes = y.map((v) => v * 2)
  const withBad = (value: number) => x.map((row, i) => (i === 4 ? [row[0], value] : row))
  const cases: [string, () => Promise<unknown>, ErrorClass, RegExp][] = [
    [
      'a model that is not compiled',
      () => sequential({ inputShape: [2], layers: [dense()] }).fit(x, y),
      my.StateError,
      /compile/,
    ],
    [
      'a wrong number of columns',
      () => fit([[1, 2, 3]], [0]),
      my.ShapeError,
      /x: expected shape \[any, 2\].*got \[1, 3\]/,
    ],
    ['one example without rows', () => fit([1, 2], [0]), my.ShapeError, /wrap it/],
    ['rows that do not match', () => fit(x, [0, 1]), my.ShapeError, /x has 10 rows but y has 2/],
    ['ragged rows', () => fit([[1, 2], [3]], [0, 1]), my.ShapeError, /ragged/],
    ['no rows', () => fit([], []), my.ShapeError, /empty/],
    ['NaN in x', () => fit(withBad(NaN), classes), my.NonFiniteError, /x\[4\]\[1\] \(row 4, column 1.*is NaN/],
    ['Infinity in x', () => fit(withBad(Infinity), classes), my.NonFiniteError, /x\[4\]\[1\].*Infinity/],
    [
      'NaN in y',
      () =>
        fit(
          x,
          y.map((v, i) => (i === 3 ? NaN : v)),
          {},
          logistic(),
        ),
      my.NonFiniteError,
      /y\[3\].*NaN/,
    ],
    [
      'class numbers out of range',
      () =>
        fit(
          x,
          y.map((v, i) => (i === 7 ? 3 : v)),
        ),
      my.MyelinError,
      /class numbers.* 3.*7|7.* 3/,
    ],
    [
      'labels outside [0, 1]',
      () =>
        fit(
          x,
          y.map((v, i) => (i === 2 ? 1.5 : v)),
          {},
          logistic(),
        ),
      my.MyelinError,
      /labels in \[0, 1\].*1\.5/,
    ],
    ['BigInt data', () => fit(new BigInt64Array(4), [0]), my.DTypeError, /BigInt/],
    ['strings', () => fit([['a', 'b']], [0]), my.DTypeError, /expected numbers/],
    ['undefined', () => fit(undefined, undefined), my.OptionError, /undefined/],
    [
      'a batch larger than the data',
      () => fit(x, classes, { batchSize: 11 }),
      my.OptionError,
      /batchSize 11 is larger than the data, 10 rows/,
    ],
    ['a zero batch', () => fit(x, classes, { batchSize: 0 }), my.OptionError, /batchSize/],
    ['negative epochs', () => fit(x, classes, { epochs: -1 }), my.OptionError, /epochs/],
    [
      'epochs below initialEpoch',
      () => fit(x, classes, { epochs: 3, initialEpoch: 3 }),
      my.OptionError,
      /initialEpoch/,
    ],
    ['an unknown option', () => fit(x, classes, any({ epoch: 3 })), my.OptionError, /'epochs'/],
    [
      'validation data of another shape',
      () => fit(x, classes, { validationData: [[[1]], [0]] }),
      my.ShapeError,
      /validationData/,
    ],
    [
      'validation data that is no pair',
      () => fit(x, classes, { validationData: any({ x, y }) }),
      my.OptionError,
      /\[x, y\]/,
    ],
    [
      'negative sample weights',
      () => fit(x, classes, { sampleWeight: y.map(() => -1) }),
      my.OptionError,
      /sampleWeight\[0\]/,
    ],
    ['too few sample weights', () => fit(x, classes, { sampleWeight: [1] }), my.ShapeError, /sampleWeight.*\[10\]/],
    ['weights of unknown classes', () => fit(x, classes, { classWeight: { 3: 1 } }), my.OptionError, /class '3'/],
    ['something that is no signal', () => fit(x, classes, { signal: any({}) }), my.OptionError, /AbortSignal/],
    ['something that is no callback', () => fit(x, classes, { callbacks: [any(3)] }), my.OptionError, /callbacks\[0\]/],
    [
      'a checkpoint without a rhythm',
      () => fit(x, classes, { checkpoint: any({ path: 'a' }) }),
      my.OptionError,
      /epochs.*steps/,
    ],
  ]
  for (const [what, call, type, message] of cases)
    it(what, async () => {
      const error = await rejected(call())
      expect(error).to.be.instanceOf(type)
      expect(error.message).to.match(message)
    })

  it('weights for a loss that gives one scalar', async () => {
    const model = sequential({ inputShape: [2], layers: [dense()] })
    model.compile({ optimizer: 'adam', loss: (a, b) => my.ops.mean(my.ops.square(my.ops.sub(a, b))) })
    const error = await rejected(model.fit(x, y, { sampleWeight: y }))
    expect(error).to.be.instanceOf(my.OptionError)
    expect(error.message).to.include('loss per example')
    await model.fit(x, y)
  })

  it('bad data without changing anything', async () => {
    const model = classifier()
    const before = [...model.getWeights()[0].weight.data]
    await rejected(model.fit(withBad(NaN), classes))
    expect([...model.getWeights()[0].weight.data]).to.deep.equal(before)
    expect(model.progress).to.deep.equal({ steps: 0, epochs: 0, updates: 0 })
  })
})

describe('setWeights refuses', () => {
  const cases: [string, (w: my.WeightSet) => unknown, ErrorClass, RegExp][] = [
    ['no list', () => 3, my.OptionError, /getWeights/],
    ['an unknown layer', (w) => [{ ...w[0], name: 'dense_2' }], my.OptionError, /Did you mean 'dense_1'/],
    ['an unknown weight', (w) => [{ ...w[0], wieght: 3 }], my.OptionError, /'wieght'/],
    ['a missing weight', (w) => [{ name: 'dense_1', weight: w[0].weight }], my.OptionError, /dense_1\.bias is missing/],
    [
      'a wrong shape',
      (w) => [{ ...w[0], weight: [[1, 2]] }],
      my.ShapeError,
      /dense_1\.weight: expected shape \[3, 2\], got \[1, 2\]/,
    ],
    ['NaN', (w) => [{ ...w[0], bias: [0, NaN, 0] }], my.NonFiniteError, /dense_1\.bias: element 1/],
  ]
  for (const [what, change, type, message] of cases)
    it(what, () => {
      const model = classifier()
      const before = model.getWeights()
      const error = thrown(() => model.setWeights(any(change(before))))
      expect(error).to.be.instanceOf(type)
      expect(error.message).to.match(message)
      expect([...model.getWeights()[0].bias.data]).to.deep.equal([...before[0].bias.data])
    })
})

describe('normalize', () => {
  const make = () => {
    const model = sequential({ inputShape: [2], seed: 1, dtype: 'float64', layers: [layers.normalize(), dense()] })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    return model
  }

  it('refuses use before it has learnt', async () => {
    const model = make()
    for (const promise of [
      model.predict(x),
      model.evaluate(x, y),
      model.activations(x),
      model.trainOnBatch(x, y),
      model.fitDataset(async function* () {}),
    ]) {
      const error = await rejected(promise)
      expect(error).to.be.instanceOf(my.StateError)
      expect(error.message).to.include('adapt')
    }
    expect(thrown(() => model.predictSync(x))).to.be.instanceOf(my.StateError)
  })

  it('learns from the first fit, freezes, and relearns by adapt', async () => {
    const model = make()
    const data = [
      [1, 5],
      [3, 5],
    ]
    await model.fit(data, [[0], [0]])
    const first = (await model.activations(data)).normalize_1.a
    expect([...first.data]).to.deep.equal([-1, 0, 1, 0])
    await model.fit(
      [
        [10, 10],
        [20, 20],
      ],
      [[0], [0]],
    )
    expect([...(await model.activations(data)).normalize_1.a.data]).to.deep.equal([-1, 0, 1, 0])
    await model.adapt([
      [0, 0],
      [2, 4],
    ])
    expect([...(await model.activations(data)).normalize_1.a.data]).to.deep.equal([0, 1.5, 2, 1.5])
    expect(model.getWeights().map((w) => w.name)).to.deep.equal(['dense_1'])
  })
})
