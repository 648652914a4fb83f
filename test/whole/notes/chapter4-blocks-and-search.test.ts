/** Deep networks: building blocks and hyperparameters. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  defineLayer,
  initializers,
  layerBlock,
  layers,
  NonFiniteError,
  numericalDerivative,
  ops,
  optimizers,
  OptionError,
  range,
  regularizers,
  search,
  sequential,
  ShapeError,
  tensor,
  type Tensor,
  type WeightHandle,
} from '../../../lib'
import { close, killedSearch, matrix, normal, rejected, thrown } from './support'

const f64 = { dtype: 'float64' } as const

describe('4.5 building blocks: forward with a cache, backward from it', () => {
  const next = normal(45)
  const x = matrix(5, 3, next)
  const dA = tensor(matrix(5, 2, next), f64)

  it('dense: dZ = dA·g′(Z), dW = dZᵀ·A_(l−1)/m, db = ΣdZ/m, dA_(l−1) = dZ·W', () => {
    const block = layerBlock(layers.dense({ units: 2, activation: 'tanh' }), { inputShape: [3], seed: 2 })
    const { a, z, cache } = block.forward(x)
    const { weight: W, bias: b } = block.weights
    close(z!, ops.add(ops.matmul(tensor(x, f64), W, { transposeB: true }), ops.reshape(b, [1, 2])), 1e-14)
    const dZ = ops.mul(dA, ops.sub(1, ops.square(a)))
    const back = block.backward(dA, cache)
    close(back.gradients.weight, ops.div(ops.matmul(dZ, tensor(x, f64), { transposeA: true }), 5), 1e-14)
    close(back.gradients.bias, ops.div(ops.sum(dZ, { axis: 0 }), 5), 1e-14)
    close(back.dA, ops.matmul(dZ, W), 1e-14)
  })

  const Scale = defineLayer<object, { gain: WeightHandle }>({
    name: 'scale',
    build: (shape, _config, add) => ({ gain: add('gain', shape, { initializer: initializers.constant(1.5) }) }),
    call: (input, { gain }) => ops.sin(ops.mul(input, gain)),
  })

  it('a layer of one’s own, against numerical derivatives', () => {
    const block = layerBlock(Scale(), { inputShape: [2] })
    const input = tensor(matrix(5, 2, next), f64)
    const back = block.backward(dA, block.forward(input).cache)
    const summed = (a: Tensor) => ops.sum(ops.mul(dA, a)).item()
    const gain = block.weights.gain.data
    const tried = [0, 1].map((j) =>
      numericalDerivative(
        (t) => {
          const moved = [...gain].map((g, i) => (i === j ? t : g))
          block.weights.gain = tensor(moved, f64)
          return summed(block.forward(input).a) / 5
        },
        gain[j],
        { epsilon: 1e-5 },
      ),
    )
    close(back.gradients.gain, tried, 1e-8)
    block.weights.gain = tensor(gain, f64)
    const nudged = Array.from(input.data, (value, place) =>
      numericalDerivative(
        (t) => {
          const moved = input.data.map((v, i) => (i === place ? t : v))
          return summed(block.forward(tensor(moved, [5, 2], f64)).a)
        },
        value,
        { epsilon: 1e-5 },
      ),
    )
    close(back.dA, nudged, 1e-8)
  })

  it('two blocks in a row give the gradients of the network; wrong shapes are refused', async () => {
    const descriptions = [
      layers.dense({ units: 4, activation: 'relu' }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ]
    const model = sequential({ inputShape: [3], seed: 4, dtype: 'float64', layers: descriptions })
    model.compile({ optimizer: 'gradientDescent', loss: 'binaryCrossentropy' })
    const y = [1, 0, 1, 1, 0]
    const { gradients } = await model.costAndGradients(x, y)
    const blocks = descriptions.map((layer, l) => layerBlock(layer, { inputShape: [[3], [4]][l] }))
    model.getWeights().forEach(({ weight, bias }, l) => (blocks[l].weights = { weight, bias }))
    const first = blocks[0].forward(x)
    const second = blocks[1].forward(first.a)
    const Y = tensor(y, [5, 1], f64)
    const start = ops.sub(ops.div(ops.sub(1, Y), ops.sub(1, second.a)), ops.div(Y, second.a))
    const back2 = blocks[1].backward(start, second.cache)
    const back1 = blocks[0].backward(back2.dA, first.cache)
    for (const [l, back] of [back1, back2].entries()) {
      close(back.gradients.weight, gradients[l].weight, 1e-12)
      close(back.gradients.bias, gradients[l].bias, 1e-12)
    }
    expect(thrown(() => blocks[0].forward([[1, 2]]))).to.be.instanceOf(ShapeError)
    expect(thrown(() => blocks[0].backward([[1]], first.cache)).message).to.include('dA')
  })
})

describe('4.7 hyperparameters: one object, searched', function () {
  this.timeout(60_000)
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'myelin-search-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  const planted = (lambda: number) => Math.abs(Math.log(lambda / 0.37))

  it('at random on a log scale: finds the planted λ within a factor of 2, ranked, alike for one seed', async () => {
    const find = () =>
      search({ lambda: range.log(1e-3, 100) }, ({ lambda }) => planted(lambda), { trials: 30, seed: 1 })
    const { best, trials } = await find()
    expect(best.config.lambda / 0.37).to.be.within(0.5, 2)
    const errors = trials.map(({ error }) => error)
    expect(errors).to.deep.equal([...errors].sort((a, b) => a - b))
    expect((await find()).trials).to.deep.equal(trials)
    const decades = new Set(trials.map(({ config }) => Math.floor(Math.log10(config.lambda))))
    expect(decades.size, 'every decade is tried').to.equal(5)
  })

  it('finds the λ of a ridge regression that the dev set likes best, as a grid of exact solutions says', async () => {
    const next = normal(47)
    const truth = Array.from({ length: 12 }, next)
    const part = (m: number) => {
      const x = matrix(m, 12, next)
      return { x, y: x.map((row) => [row.reduce((sum, v, i) => sum + v * truth[i], 4 * next())]) }
    }
    const [train, dev] = [part(20), part(400)]
    const devError = async (lambda: number) => {
      using model = sequential({
        inputShape: [12],
        seed: 1,
        dtype: 'float64',
        layers: [layers.dense({ units: 1, useBias: false, kernelRegularizer: regularizers.l2({ lambda }) })],
      })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.15 }), loss: 'meanSquaredError' })
      await model.fit(train.x, train.y, { epochs: 400, batchSize: 'all' })
      return (await model.evaluate(dev.x, dev.y)).dataLoss
    }
    const sweep = Array.from({ length: 25 }, (_, i) => 0.5 * 1.3 ** i)
    const errors = await Promise.all(sweep.map(devError))
    const wanted = sweep[errors.indexOf(Math.min(...errors))]
    const { best } = await search({ lambda: range.log(0.5, 200) }, ({ lambda }) => devError(lambda), {
      trials: 16,
      seed: 3,
    })
    expect(best.config.lambda / wanted).to.be.within(0.5, 2)
  })

  it('a grid tries every combination, two at a time', async () => {
    let [running, most] = [0, 0]
    const space = {
      units: range.choice([4, 8]),
      alpha: range.log(0.01, 1, { points: 3 }),
      deep: range.choice([true, false]),
    }
    const { trials } = await search(
      space,
      async ({ units, alpha }) => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 5))
        running--
        return units * alpha
      },
      { strategy: 'grid', concurrency: 2 },
    )
    expect(most).to.equal(2)
    expect(trials).to.have.length(12)
    expect(new Set(trials.map(({ config }) => JSON.stringify(config))).size).to.equal(12)
    expect([...new Set(trials.map(({ config }) => config.alpha))]).to.deep.equal([0.01, 0.1, 1])
  })

  it('are one typed object that goes through JSON and builds the same network again', async () => {
    const space = {
      alpha: range.log(0.01, 0.1),
      iterations: range.choice([3]),
      hidden: range.choice([[4], [5, 3]]),
      activation: range.choice(['tanh', 'relu']),
      beta: range.linear(0.8, 0.95),
      batchSize: range.choice([4, 8]),
      lambda: range.log(1e-3, 1),
    }
    const [x, y] = [matrix(16, 3, normal(471)), matrix(16, 1, normal(472))]
    const costOf = async (h: Parameters<Parameters<typeof search<typeof space>>[1]>[0]) => {
      const kernelRegularizer = regularizers.l2({ lambda: h.lambda })
      using model = sequential({
        inputShape: [3],
        seed: 1,
        dtype: 'float64',
        layers: [
          ...h.hidden.map((units) => layers.dense({ units, activation: h.activation, kernelRegularizer })),
          layers.dense({ units: 1, kernelRegularizer }),
        ],
      })
      const optimizer = optimizers.momentum({ learningRate: h.alpha, beta: h.beta })
      model.compile({ optimizer, loss: 'meanSquaredError' })
      await model.fit(x, y, { epochs: h.iterations, batchSize: h.batchSize })
      return (await model.evaluate(x, y)).loss
    }
    const { best } = await search(space, costOf, { trials: 6, seed: 2 })
    const copy = JSON.parse(JSON.stringify(best.config)) as typeof best.config
    expect(copy).to.deep.equal(best.config)
    expect(Object.keys(copy)).to.deep.equal(Object.keys(space))
    expect(await costOf(copy)).to.equal(best.error)
  })

  it('survives being killed and resumed: the same trials as without', async () => {
    const file = join(folder, 'killed.jsonl')
    const before = await killedSearch('search-child.ts', file, 4)
    expect(before).to.be.within(4, 23)
    appendFileSync(file, '{"trial":23,"conf')
    let ran = 0
    const space = { lambda: range.log(1e-3, 100) }
    const train = ({ lambda }: { lambda: number }) => {
      ran++
      return planted(lambda)
    }
    const resumed = await search(space, train, { trials: 24, seed: 5, file })
    expect(ran).to.equal(24 - before)
    expect(resumed).to.deep.equal(await search(space, train, { trials: 24, seed: 5 }))
    const other = await rejected(search(space, train, { trials: 24, seed: 6, file }))
    expect(other).to.be.instanceOf(OptionError)
    expect(other.message).to.include('another space')
  })

  it('a run that diverges ranks last; any other exception ends the search', async () => {
    const { trials } = await search(
      { i: range.choice([1, 2, 3]) },
      ({ i }) => {
        if (i === 1) throw new NonFiniteError('fit: diverged')
        return i === 2 ? NaN : 5
      },
      { strategy: 'grid' },
    )
    expect(trials.map(({ error }) => error)).to.deep.equal([5, Infinity, Infinity])
    expect(trials[1].failure).to.include('diverged')
    const failing = search({ i: range.integer(1, 3) }, () => Promise.reject(new TypeError('a bug')))
    expect((await rejected(failing)).message).to.equal('a bug')
    const stop = AbortSignal.abort('enough')
    expect((await rejected(search({ i: range.integer(1, 3) }, () => 1, { signal: stop }))).name).to.equal('AbortError')
    expect(thrown(() => range.log(0, 1)).message).to.include('range.log: min')
  })
})
