import { expect } from 'chai'
import { layers, optimizers, schedules, sequential } from '../../../lib'
import { Random } from '../../../lib/data/random'

/** Points of the unit square; class 1 inside a ring that no line separates from the rest. */
function ring(m: number) {
  const random = new Random(21n)
  const x = Array.from({ length: m }, () => [random.uint32() / 2 ** 31 - 1, random.uint32() / 2 ** 31 - 1])
  const y = x.map(([a, b]) => (Math.hypot(a, b) < 0.7 ? 1 : 0))
  return { x, y }
}

describe('small fits', function () {
  this.timeout(60_000)

  it('2.1 logistic regression starts at a = 0.5 and J = ln 2, and separates what a line separates', async () => {
    const { x } = ring(200)
    const y = x.map(([a, b]) => (2 * a - b > 0.1 ? 1 : 0))
    const model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'zeros' })],
    })
    model.compile({
      optimizer: optimizers.gradientDescent({ learningRate: 2 }),
      loss: 'binaryCrossentropy',
      metrics: ['accuracy'],
    })
    expect((await model.predict(x)).data.every((a) => a === 0.5)).to.equal(true)
    const history = await model.fit(x, y, { epochs: 200, batchSize: 'all' })
    expect(history.batches[0]).to.be.closeTo(Math.LN2, 1e-6)
    // 2.4: batch gradient descent on a convex cost only falls.
    for (let i = 1; i < history.batches.length; i++) expect(history.batches[i]).to.be.below(history.batches[i - 1])
    expect((await model.evaluate(x, y)).accuracy).to.be.at.least(0.97)
  })

  it('3.9 a tanh network learns a ring by gradient descent until J stops falling', async () => {
    const { x, y } = ring(300)
    const model = sequential({
      inputShape: [2],
      seed: 2,
      layers: [layers.dense({ units: 8, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
    })
    model.compile({
      optimizer: optimizers.momentum({ learningRate: 1 }),
      loss: 'binaryCrossentropy',
      metrics: ['accuracy'],
    })
    const history = await model.fit(x, y, { epochs: 20_000, batchSize: 'all', stopWhen: { tolerance: 1e-5 } })
    expect(history.stopped).to.equal('converged')
    expect((await model.evaluate(x, y)).accuracy).to.be.at.least(0.95)
  })

  it('4.4 [4,16,8,1] learns the parity of four inputs', async () => {
    const x = Array.from({ length: 16 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1, (i >> 3) & 1])
    const y = x.map((bits) => bits.reduce((a, b) => a ^ b))
    let best = 0
    for (const seed of [1, 2, 3]) {
      const model = sequential({
        inputShape: [4],
        seed,
        layers: [
          layers.dense({ units: 16, activation: 'tanh' }),
          layers.dense({ units: 8, activation: 'tanh' }),
          layers.dense({ units: 1, activation: 'sigmoid' }),
        ],
      })
      model.compile({
        optimizer: optimizers.adam({ learningRate: 0.03 }),
        loss: 'binaryCrossentropy',
        metrics: ['accuracy'],
      })
      await model.fit(x, y, { epochs: 500, batchSize: 'all' })
      best = Math.max(best, (await model.evaluate(x, y)).accuracy)
    }
    expect(best).to.equal(1)
  })

  it('1.1 one linear neuron reaches the least-squares fit of the four houses', async () => {
    const houses = [
      [2104, 3],
      [1600, 3],
      [2400, 3],
      [3000, 4],
    ]
    const prices = [400, 330, 369, 540]
    const model = sequential({
      inputShape: [2],
      seed: 1,
      dtype: 'float64',
      layers: [layers.normalize(), layers.dense({ units: 1 })],
    })
    const learningRate = schedules.staircase({ initial: 0.3, factor: 0.5, every: 2000 })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'meanSquaredError' })
    await model.fit(houses, prices, { epochs: 5000, batchSize: 'all' })
    const expected = [370.4, 341.0, 387.7, 540.0]
    const predicted = (await model.predict(houses)).data
    expected.forEach((price, i) => expect(predicted[i]).to.be.closeTo(price, 0.5))
  })
})
