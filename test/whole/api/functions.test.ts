/** The examples of the documentation of tensors, functions, derivatives and checks, as written there. */
import { expect } from 'chai'
import {
  assertShape,
  grad,
  gradientCheck,
  layers,
  memory,
  numericalDerivative,
  ops,
  regularizers,
  sequential,
  tensor,
  trace,
  valueAndGrad,
  type Tensor,
} from '../../../lib'
import { collectGarbage } from '../../garbage'

type Value = Tensor | number

describe('api: tensors, functions, derivatives', () => {
  it('percentages of a table', () => {
    const A = tensor([
      [56, 0, 4.4, 68],
      [1.2, 104, 52, 8],
      [1.8, 135, 99, 0.9],
    ])
    const percentage = ops.div(ops.mul(100, A), ops.sum(A, { axis: 0, keepDims: true }))
    expect(percentage.shape).to.deep.equal([3, 4])
    expect(percentage.toArray()[0][0]).to.be.closeTo(94.915, 1e-3)
    assertShape(percentage, [3, null])
  })

  it('a function, its derivative and its graph', () => {
    const J = (a: Value, b: Value, c: Value) => ops.mul(3, ops.add(a, ops.mul(b, c)))
    expect(grad(J)(5, 3, 2)).to.deep.equal([3, 6, 9])
    expect(valueAndGrad(J)(5, 3, 2)).to.deep.equal({ value: 33, grads: [3, 6, 9] })
    expect(trace(J, [[], [], []]).toDot()).to.match(/^digraph/)
    const [da] = grad(J)(tensor(5), 3, 2)
    expect((da as Tensor).item()).to.equal(3)
  })

  it('data of a tensor is an array of numbers with the methods of arrays', () => {
    const { data } = tensor([1, 2, 3])
    const sum: number = data.reduce((a, b) => a + b, 0)
    const text: string = data.reduce((all, v) => all + v, '')
    const last: number = data.reduceRight((a) => a)
    const both: Float32Array | Float64Array = data
    expect([text, last, both.length]).to.deep.equal(['123', 3, 3])
    const doubled: number[] = Array.from(data.map((v) => 2 * v))
    const found: number | undefined = data.find((v) => v > 1)
    const above = data.filter((v) => v > 1)
    data.forEach((v) => expect(v).to.be.a('number'))
    expect([sum, doubled, found, above.length, data.every(Number.isFinite)]).to.deep.equal([6, [2, 4, 6], 2, 2, true])
    const float64 = tensor([1, 2], { dtype: 'float64' })
    expect(float64.data).to.be.instanceOf(Float64Array)
  })

  it('using frees memory at once', async () => {
    await collectGarbage()
    const before = memory().liveBytes
    {
      using big = tensor(new Float32Array(1000))
      expect(big.size).to.equal(1000)
      expect(memory().liveBytes).to.be.at.least(before + 4000)
    }
    expect(memory().liveBytes).to.equal(before)
  })
})

describe('api: checking', () => {
  it('gradientCheck and numericalDerivative', async () => {
    const model = sequential({
      inputShape: [3],
      seed: 2,
      layers: [
        layers.dense({ units: 4, activation: 'tanh', kernelRegularizer: regularizers.l2({ lambda: 0.7 }) }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
    const x = [
      [1, 2, 3],
      [-1, 0.5, 0],
    ]
    const y = [1, 0]
    const check = await gradientCheck(model, x, y)
    expect(check.distance).to.be.below(1e-6)
    expect(check.floor).to.be.above(0)
    expect(check.verdict).to.equal('correct')
    const { name, distance, worst } = check.parameters[0]
    expect(name).to.match(/^dense_[12]\.(weight|bias)$/)
    expect(distance).to.be.a('number')
    expect(worst[0]).to.have.keys('index', 'analytic', 'numeric')
    const { gradients } = await model.costAndGradients(x, y)
    expect((await gradientCheck(model, x, y, { gradients })).verdict).to.equal('correct')
    const wrong = gradients.map((layer, i) => (i === 1 ? { ...layer, bias: tensor([3]) } : layer))
    const bad = await gradientCheck(model, x, y, { gradients: wrong })
    expect(bad.verdict).to.equal('wrong')
    expect(bad.parameters[0].name).to.equal('dense_2.bias')
    expect(numericalDerivative((t) => t ** 3, 1, { epsilon: 0.01 })).to.be.closeTo(3.0001, 1e-9)
    expect(numericalDerivative((t) => t ** 3, 1, { epsilon: 0.01, sided: 'one' })).to.be.closeTo(3.0301, 1e-9)
  })
})
