/** Diagnosis. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  callbacks,
  data,
  diagnose,
  layers,
  ops,
  optimizers,
  OptionError,
  regularizers,
  schedules,
  sequential,
  tensor,
  type Regularizer,
} from '../../../lib'
import { matrix, normal, thrown } from './support'

const f64 = { dtype: 'float64' } as const

describe('5.2 mismatched distributions', () => {
  it('flags a shifted feature and only that one', () => {
    const next = normal(1)
    const a = matrix(400, 5, next)
    const b = matrix(300, 5, next).map((row) => row.map((v, j) => (j === 3 ? v + 0.5 : v)))
    const found = data.compareDistributions(a, b, { names: ['a', 'b', 'c', 'shifted', 'e'] })
    expect(found.same).to.equal(false)
    expect(found.features.filter(({ differs }) => differs).map(({ name }) => name)).to.deep.equal(['shifted'])
    expect(String(found)).to.include('shifted').and.include('1 of 5')
    expect(data.compareDistributions(a, a).same).to.equal(true)
  })

  it('the statistic is the largest distance of the cumulative distributions', () => {
    const [feature] = data.compareDistributions([1, 2, 3, 4], [3, 4, 5, 6]).features
    expect(feature.statistic).to.equal(0.5)
    expect(data.compareDistributions([3, 4, 5, 6], [1, 2, 3, 4]).features[0].statistic).to.equal(0.5)
    expect(data.compareDistributions([0, 0, 1, 1], [0, 1, 1, 1]).features[0].statistic).to.equal(0.25)
  })

  it('20 unshifted features: at most 7 % false alarms over 200 seeds', () => {
    let alarms = 0
    for (let seed = 1; seed <= 200; seed++) {
      const next = normal(1000 + seed)
      if (!data.compareDistributions(matrix(100, 20, next), matrix(80, 20, next)).same) alarms++
    }
    expect(alarms).to.be.at.most(14)
  })

  it('refuses other widths and values that are not finite', () => {
    expect(thrown(() => data.compareDistributions([[1, 2]], [[1]])).message).to.include('same features')
    expect(thrown(() => data.compareDistributions([[1, NaN]], [[1, 2]])).message).to.include('row 0, feature 1')
  })
})

describe('5.3 bias and variance', () => {
  const of = (trainError: number, devError: number, bayesError?: number) => {
    const { bias, variance } = diagnose.biasVariance({
      trainError: trainError / 100,
      devError: devError / 100,
      bayesError: bayesError === undefined ? undefined : bayesError / 100,
    })
    return [bias, variance]
  }

  it('1/11 high variance, 15/16 high bias, 15/30 both, 0.5/1 neither, 15/16 with Bayes 15 neither', () => {
    expect(of(1, 11)).to.deep.equal(['low', 'high'])
    expect(of(15, 16)).to.deep.equal(['high', 'low'])
    expect(of(15, 30)).to.deep.equal(['high', 'high'])
    expect(of(0.5, 1)).to.deep.equal(['low', 'low'])
    expect(of(15, 16, 15)).to.deep.equal(['low', 'low'])
  })

  it('a gap of exactly two points is not above two points; the threshold can be set', () => {
    expect(of(2, 4)).to.deep.equal(['low', 'low'])
    const { bias } = diagnose.biasVariance({ trainError: 0.02, devError: 0.02, threshold: 0.01 })
    expect(bias).to.equal('high')
  })

  it('refuses a Bayes error above the train error and percentages', () => {
    const impossible = thrown(() => diagnose.biasVariance({ trainError: 0.1, devError: 0.2, bayesError: 0.15 }))
    expect(impossible).to.be.instanceOf(OptionError)
    expect(impossible.message).to.include('bayesError 0.15 is above trainError 0.1')
    expect(thrown(() => diagnose.biasVariance({ trainError: 15, devError: 16 })).message).to.include('Divide')
  })
})

describe('5.4 the basic recipe', () => {
  const recipe = (trainError: number, devError: number) => diagnose.biasVariance({ trainError, devError }).recipe
  const bias = ['a bigger network', 'longer training', 'a better optimiser', 'another architecture']
  const variance = ['more data', 'regularisation', 'another architecture']
  const again = 'measure both errors again'

  it('bias first, then variance, then round again', () => {
    expect(recipe(0.15, 0.16)).to.deep.equal([...bias, again])
    expect(recipe(0.01, 0.11)).to.deep.equal([...variance, again])
    expect(recipe(0.15, 0.3)).to.deep.equal([...bias, ...variance, again])
    expect(recipe(0.005, 0.01)).to.deep.equal([])
  })
})

describe('5.6 L1 makes weights zero', () => {
  it('regression, 15 of 20 inputs useless, λ = 20: at least 8 below 1e-3 under L1, at most 2 under L2', async () => {
    const next = normal(15)
    const x = matrix(100, 20, next)
    const y = x.map((row) => [2 * row[0] - row[1] + 3 * row[2] + row[3] - 2 * row[4] + 0.5 * next()])
    const smallUnder = async (kernelRegularizer: Regularizer) => {
      const model = sequential({
        inputShape: [20],
        seed: 1,
        dtype: 'float64',
        layers: [layers.dense({ units: 1, kernelRegularizer })],
      })
      const learningRate = schedules.exponential({ initial: 0.1, beta: 0.98 })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'meanSquaredError' })
      await model.fit(x, y, { epochs: 600, batchSize: 'all' })
      const report = diagnose.sparsity(model)
      expect(report.share).to.equal(report.weights[0].small / 20)
      return report.weights
    }
    const [l1] = await smallUnder(regularizers.l1({ lambda: 20 }))
    expect([l1.name, l1.count]).to.deep.equal(['dense_1.weight', 20])
    expect(l1.small).to.be.at.least(8)
    expect((await smallUnder(regularizers.l2({ lambda: 20 })))[0].small).to.be.at.most(2)
  })
})

describe('5.12 vanishing and exploding signals', () => {
  const chain = (gamma: number) => {
    const model = sequential({
      inputShape: [3],
      seed: 1,
      dtype: 'float64',
      layers: [
        ...Array.from({ length: 49 }, () => layers.dense({ units: 3, activation: linear })),
        layers.dense({ units: 1, useBias: false }),
      ],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const weight = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? gamma : 0)))
    model.setWeights([
      ...Array.from({ length: 49 }, (_, l) => ({ name: `dense_${l + 1}`, weight, bias: [0, 0, 0] })),
      { name: 'dense_50', weight: [[1, 2, -1]] },
    ])
    return model
  }
  // A function of the user's own, so that 49 linear layers on purpose are not warned about.
  const linear = (z: Parameters<typeof ops.mul>[0]) => ops.mul(z, 1)
  const x = [[1, 0.5, 0.25]]

  for (const [gamma, growth, verdict, layer] of [
    [1.5, 4.25e8, 'exploding', 'dense_18'],
    [0.5, 1.78e-15, 'vanishing', 'dense_10'],
  ] as const)
    it(`γ = ${gamma}, L = 50: W_L·γ^(L−1)·x comes out (${growth}), ${verdict} from ${layer} on`, async () => {
      const model = chain(gamma)
      expect(model.predictSync(x).data[0]).to.be.closeTo(1.75 * gamma ** 49, 1e-12 * gamma ** 49)
      expect(gamma ** 49 / growth).to.be.closeTo(1, 0.005)
      const found = await diagnose.signals(model, x, [0])
      // 1.5^18 and 0.5^10 are the first powers beyond a factor of 1000.
      expect([found.verdict, found.layer]).to.deep.equal([verdict, layer])
      expect(found.message).to.include(layer).and.include(verdict)
    })

  it('statistics of activations and gradients, dead and saturated shares; a good network is healthy', async () => {
    const next = normal(16)
    const model = sequential({
      inputShape: [4],
      seed: 2,
      dtype: 'float64',
      layers: [
        layers.dense({ units: 3, activation: 'relu' }),
        layers.dense({ units: 2, activation: 'sigmoid' }),
        layers.dense({ units: 1 }),
      ],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const weights = model.getWeights()
    // The first unit never fires, the first sigmoid is always flat.
    model.setWeights([{ ...weights[0], bias: [-100, 0, 0] }, { ...weights[1], bias: [20, 0] }, weights[2]])
    const points = matrix(50, 4, next)
    const found = await diagnose.signals(model, points, new Float32Array(50))
    expect([found.verdict, found.layer]).to.deep.equal(['healthy', null])
    const [hidden, flat] = found.layers
    expect(hidden.dead).to.be.closeTo(1 / 3, 1e-12)
    expect(flat.saturated).to.be.at.least(0.5)
    const { a } = (await model.activations(points)).dense_1
    expect(hidden.activation.mean).to.be.closeTo(ops.mean(a).item(), 1e-12)
    expect(hidden.activation.std).to.be.closeTo(Math.sqrt(ops.variance(a).item()), 1e-12)
    expect(hidden.activation.zeros).to.equal(a.data.filter((v) => v === 0).length / 150)
    const { gradients } = await model.costAndGradients(points, new Float32Array(50))
    expect(found.layers[2].gradients.weight.mean).to.be.closeTo(ops.mean(gradients[2].weight).item(), 1e-12)
    expect(String(found)).to.include('dense_2')
  })
})

describe('5.18 ‖W_l‖²_F in the history', () => {
  it('equals the direct sum after every epoch', async () => {
    const next = normal(18)
    const model = sequential({
      inputShape: [3],
      seed: 1,
      dtype: 'float64',
      layers: [layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: 'meanSquaredError' })
    const direct: number[][] = []
    const history = await model.fit(matrix(20, 3, next), matrix(20, 1, next), {
      epochs: 3,
      callbacks: [callbacks.weightNorms()],
      onEpoch: () =>
        void direct.push(model.getWeights().map(({ weight }) => weight.data.reduce((sum, w) => sum + w * w, 0))),
    })
    const recorded = history.epochs.map((e) => [e['dense_1.weight.squaredNorm'], e['dense_2.weight.squaredNorm']])
    expect(recorded).to.deep.equal(direct)
    expect(recorded[2]).to.not.deep.equal(recorded[0])
    const norms = Object.keys(history.epochs[0]).filter((key) => key.endsWith('squaredNorm'))
    expect(norms, 'biases are left out').to.deep.equal(['dense_1.weight.squaredNorm', 'dense_2.weight.squaredNorm'])
  })

  it('the page on early stopping names its drawback, orthogonalisation, and L2 instead', () => {
    const page = readFileSync(join(__dirname, '../../../docs/api.md'), 'utf8')
    const paragraph = page.split('\n\n').find((text) => text.startsWith('Early stopping')) ?? ''
    expect(paragraph).to.include('orthogonalisation').and.include('L2 penalty')
  })
})

describe('5.19 normalised inputs make a rounder bowl', () => {
  const next = normal(19)
  const raw = Array.from({ length: 60 }, () => [100 + 40 * next(), 0.5 + 0.2 * next()])
  const y = raw.map(([a, b]) => 0.02 * a + 3 * b + 0.1 * next())
  const normalised = data.normalizer.fit(tensor(raw, f64)).transform(tensor(raw, f64))

  it("the Hessian's condition number is smaller", () => {
    const conditionOf = (x: ReturnType<typeof tensor>) => {
      const J = (w: ReturnType<typeof tensor>, b: ReturnType<typeof tensor>) =>
        ops.mean(ops.square(ops.sub(ops.add(ops.matmul(x, w), b), tensor(y, [60, 1], f64))))
      return diagnose.curvature(J, [[[0], [0]], [[0]]])
    }
    const [before, after] = [conditionOf(tensor(raw, f64)), conditionOf(normalised)]
    expect([before.kind, after.kind]).to.deep.equal(['minimum', 'minimum'])
    expect(after.conditionNumber).to.be.below(2)
    expect(before.conditionNumber).to.be.above(1000)
  })

  it('and a given cost is reached in fewer steps', async () => {
    const stepsTo = async (x: ReturnType<typeof tensor>, learningRate: number) => {
      const model = sequential({ inputShape: [2], seed: 1, dtype: 'float64', layers: [layers.dense({ units: 1 })] })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'meanSquaredError' })
      const { batches } = await model.fit(x, y, { epochs: 500, batchSize: 'all' })
      const reached = batches.findIndex((cost) => cost < 0.05)
      return reached < 0 ? Infinity : reached
    }
    // Each near the largest rate that does not diverge, 2 over the largest eigenvalue.
    expect(await stepsTo(normalised, 0.4)).to.be.below(50)
    expect(await stepsTo(tensor(raw, f64), 4e-5)).to.equal(Infinity)
  })
})
