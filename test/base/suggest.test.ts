import { expect } from 'chai'
import { callbacks, data, layers, losses, optimizers, schedules, sequential } from '../../lib'
import { didYouMean, nearestName } from '../../lib/base/suggest'

/** What a call's error says after the unknown name. */
function hint(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return (error as Error).message.replace(/^.*unknown (?:option|name) '[^']*'\./, '').replace(/ Known: .*$/, '')
  }
  throw new Error('nothing was refused')
}
const means = (name: string) => ` Did you mean '${name}'?`
const any = (value: unknown) => value as never

function compiled(options: object): () => unknown {
  const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 2 })] })
  return () => model.compile(any({ optimizer: 'adam', loss: 'meanSquaredError', ...options }))
}

describe('names of other libraries', () => {
  const options: [given: object, make: (options: never) => unknown, name: string][] = [
    [{ lr: 0.1 }, optimizers.adam, 'learningRate'],
    [{ learning_rate: 0.1 }, optimizers.adam, 'learningRate'],
    [{ alpha: 0.1 }, optimizers.gradientDescent, 'learningRate'],
    [{ beta_1: 0.9 }, optimizers.adam, 'beta1'],
    [{ BETA2: 0.9 }, optimizers.adam, 'beta2'],
    [{ momentum: 0.9 }, optimizers.momentum, 'beta'],
    [{ rho: 0.9 }, optimizers.rmsprop, 'beta2'],
    [{ eps: 1e-7 }, optimizers.adam, 'epsilon'],
    [{ weight_decay: 0.1 }, optimizers.adamw, 'weightDecay'],
    [{ rate: 0.1 }, optimizers.adam, 'learningRate'],
    [{ keep_prob: 0.5 }, layers.dropout, 'keepProb'],
    [{ p: 0.5 }, layers.dropout, 'rate'],
    [{ neurons: 4 }, layers.dense, 'units'],
    [{ bias: false }, layers.dense, 'useBias'],
    [{ input_shape: [2] }, sequential, 'inputShape'],
    [{ min_delta: 1 }, callbacks.earlyStopping, 'minDelta'],
    [{ lr: 1 }, schedules.exponential, 'initial'],
  ]
  for (const [given, make, name] of options)
    it(`${Object.keys(given)[0]} → ${name}`, () => expect(hint(() => make(any(given)))).to.equal(means(name)))

  const values: [what: string, given: object, says: string][] = [
    ['sgd', { optimizer: 'sgd' }, means('gradientDescent')],
    ['Adam', { optimizer: 'Adam' }, means('adam')],
    ['adagrad', { optimizer: 'adagrad' }, ''],
    ['mse', { loss: 'mse' }, means('meanSquaredError')],
    ['MSE', { loss: 'MSE' }, means('meanSquaredError')],
    ['binary_crossentropy', { loss: 'binary_crossentropy' }, means('binaryCrossentropy')],
    ['mae as a metric', { metrics: ['mae'] }, means('meanAbsoluteError')],
    ['mae as a loss', { loss: 'mae' }, ''],
    ['acc', { metrics: ['acc'] }, means('accuracy')],
    [
      'crossentropy',
      { loss: 'crossentropy' },
      " Did you mean 'sparseCategoricalCrossentropy', 'categoricalCrossentropy' or 'binaryCrossentropy'?",
    ],
  ]
  for (const [what, given, says] of values) it(what, () => expect(hint(compiled(given))).to.equal(says))

  it('options of fit', async () => {
    const model = sequential({ inputShape: [1], layers: [layers.dense({ units: 1 })] })
    model.compile({ optimizer: 'adam', loss: losses.meanSquaredError() })
    const fit = (options: object) =>
      model.fit([[1]], [1], options).then(
        () => 'nothing was refused',
        ({ message }: Error) => message,
      )
    expect(await fit({ batch_size: 1 })).to.include("'batch_size'. Did you mean 'batchSize'?")
    const split = await fit({ validationSplit: 0.2 })
    expect(split).to.include(
      "Did you mean 'validationData'? Split the data first: data.split(…) gives the parts. Known:",
    )
    expect(await fit({ rate: 1 })).to.not.include('Did you mean')
    expect(await data.fromCsv('x.csv', any({ target: 'a', sep: ';' })).catch(String)).to.include(means('separator'))
  })

  it('parts of data and options of tables, as other libraries call them', () => {
    expect(didYouMean('val', ['train', 'dev', 'test'])).to.equal(" Did you mean 'dev'?")
    expect(didYouMean('validation', ['epochs', 'validationData'])).to.equal(" Did you mean 'validationData'?")
    expect(didYouMean('na_values', ['target', 'missing'])).to.equal(" Did you mean 'missing'?")
  })

  it('a known other thing is not taken for what is spelled like it', () => {
    for (const activation of ['celu', 'PReLU', 'hard_tanh'])
      expect(
        hint(() => layers.dense({ units: 1, activation: any(activation) })),
        activation,
      ).to.equal('')
    expect(hint(() => layers.dense({ units: 1, activation: any('leaky_relu') }))).to.equal(means('leakyRelu'))
    expect(hint(() => layers.dense({ units: 1, activation: any('swish') }))).to.equal(means('silu'))
    expect(hint(() => layers.dense({ units: 1, activation: any('hard_swish') }))).to.equal(means('hardSwish'))
    expect(hint(() => layers.dense({ units: 1, activation: any('constructor') }))).to.equal('')
  })
})

describe('nearestName', () => {
  it('guesses where little is changed', () => {
    const names = ['units', 'activation', 'l1', 'l2', 'f1']
    expect(nearestName('unit', names)).to.equal('units')
    expect(nearestName('actviation', names)).to.equal('activation')
    expect(nearestName('kernel_activation', names)).to.equal('activation')
    expect(nearestName('f3', names)).to.equal('f1')
    for (const far of ['until', 'x', '', 'action!?', 'unrelated'])
      expect(nearestName(far, names), far).to.equal(undefined)
  })
})
