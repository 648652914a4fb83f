/** Averages, saddle points, plateaus. */
import { expect } from 'chai'
import {
  callbacks,
  data,
  diagnose,
  layers,
  NonFiniteError,
  ops,
  optimizers,
  sequential,
  tensor,
  type Tensor,
  type Value,
} from '../../../lib'
import { close, matrix, normal, rejected, thrown, warnings } from './support'

describe('6.4 exponentially weighted averages', () => {
  it('β = 0.98: v₁ = 0.02·θ₁, v₂ = 0.0196·θ₁ + 0.02·θ₂, corrected by 0.0396', () => {
    const [t1, t2] = [40, 49]
    close([...data.ewa({ beta: 0.98 }).smooth([t1, t2])], [0.02 * t1, 0.0196 * t1 + 0.02 * t2], 1e-12)
    const corrected = data.ewa({ beta: 0.98, biasCorrection: true })
    close([...corrected.smooth([t1, t2])], [t1, (0.0196 * t1 + 0.02 * t2) / 0.0396], 1e-12)
    expect(corrected.value).to.be.closeTo(0.4949 * t1 + 0.5051 * t2, 0.005)
  })

  it('θ_(100−k) weighs 0.1·0.9ᵏ; the weights sum to 1 − 0.9¹⁰⁰; the window is 1/(1 − β)', () => {
    const weightOf = (day: number) => {
      const average = data.ewa({ beta: 0.9 })
      for (let t = 1; t <= 100; t++) average.next(t === day ? 1 : 0)
      return average.value
    }
    for (const k of [0, 1, 10, 50]) expect(weightOf(100 - k)).to.be.closeTo(0.1 * 0.9 ** k, 1e-15)
    const ones = data.ewa({ beta: 0.9 })
    ones.smooth(new Array<number>(100).fill(1))
    expect(ones.value).to.be.closeTo(1 - 0.9 ** 100, 1e-14)
    expect(ones.window).to.be.closeTo(10, 1e-12)
    expect(data.ewa({ beta: 0.98 }).window).to.be.closeTo(50, 1e-10)
  })

  it('a value of 10 days ago weighs 0.3487 of today’s at β = 0.9, one of 50 days 0.3642 at 0.98', () => {
    const ratio = (beta: number, days: number) => {
      const average = data.ewa({ beta })
      const today = average.next(1)
      for (let t = 0; t < days; t++) average.next(0)
      return average.value / today
    }
    expect(ratio(0.9, 10)).to.be.closeTo(0.3487, 5e-5)
    expect(ratio(0.98, 50)).to.be.closeTo(0.3642, 5e-5)
  })

  it('takes one value at a time and refuses what is no number', () => {
    const average = data.ewa({ beta: 0.5 })
    expect([average.next(2), average.next(4), average.t]).to.deep.equal([1, 2.5, 2])
    expect(thrown(() => average.next(NaN)).message).to.include('value 3')
    expect([average.value, average.t]).to.deep.equal([2.5, 2])
    expect(thrown(() => data.ewa({ beta: 1 })).message).to.include('[0, 1)')
  })
})

describe('6.10 saddle points and plateaus', () => {
  it('(0, 0) of x² − y²: eigenvalues 2, −2, a saddle; of x² + y²: a minimum', () => {
    const saddle = diagnose.curvature((x: Value, y: Value) => ops.sub(ops.mul(x, x), ops.mul(y, y)), [0, 0])
    expect([saddle.kind, saddle.gradientNorm]).to.deep.equal(['saddle', 0])
    close(saddle.eigenvalues, [2, -2], 1e-14)
    const bowl = diagnose.curvature((x: Value, y: Value) => ops.add(ops.mul(x, x), ops.mul(y, y)), [0, 0])
    expect(bowl.kind).to.equal('minimum')
    close(bowl.eigenvalues, [2, 2], 1e-14)
  })

  it('maximum, valley, flat; eigenvalues of a full matrix', () => {
    const kind = (f: (x: Value, y: Value) => Value) => diagnose.curvature(f, [0, 0]).kind
    expect(kind((x, y) => ops.neg(ops.add(ops.mul(x, x), ops.mul(y, y))))).to.equal('maximum')
    expect(kind((x, y) => ops.add(ops.mul(x, x), ops.mul(0, y)))).to.equal('degenerate')
    expect(kind((x, y) => ops.add(x, y))).to.equal('flat')
    const A = [
      [2, -1, 0],
      [-1, 2, -1],
      [0, -1, 2],
    ]
    const quadratic = (x: Tensor) => {
      let sum: Value = 0
      A.forEach((row, i) =>
        row.forEach((a, j) => {
          const at = (k: number) => ops.reshape(ops.slice(x, [k], [1]), [])
          sum = ops.add(sum, ops.mul(a / 2, ops.mul(at(i), at(j))))
        }),
      )
      return sum
    }
    const found = diagnose.curvature(quadratic, [[1, 2, 3]])
    expect(found.hessian).to.deep.equal(A)
    close(found.eigenvalues, [2 + Math.SQRT2, 2, 2 - Math.SQRT2], 1e-13)
    expect(found.conditionNumber).to.be.closeTo((2 + Math.SQRT2) / (2 - Math.SQRT2), 1e-12)
    expect(thrown(() => diagnose.curvature((x: Value) => ops.sum(x), [new Float32Array(401)])).message).to.include(
      '400',
    )
  })

  it('of numbers that are not finite nothing is said', () => {
    const root = (x: Value) => ops.sqrt(x)
    for (const [f, at, what] of [
      [root, NaN, 'the point'],
      [root, -1, 'the gradient'],
      [(x: Value) => ops.power(x, 1.5), 0, 'the Hessian'],
    ] as const) {
      const error = thrown(() => diagnose.curvature(f, [at]))
      expect(error).to.be.instanceOf(NonFiniteError)
      expect(error.message).to.include(what)
    }
  })

  it('of a small network: all weights zero is a saddle point: slopes of 0, curvatures of both signs', async () => {
    const next = normal(610)
    const [x, y] = [matrix(20, 2, next), matrix(20, 1, next)]
    const [X, Y] = [tensor(x, { dtype: 'float64' }), tensor(y, { dtype: 'float64' })]
    const J = (W1: Tensor, W2: Tensor) => {
      const hidden = ops.tanh(ops.matmul(X, W1, { transposeB: true }))
      return ops.mean(ops.square(ops.sub(ops.matmul(hidden, W2, { transposeB: true }), Y)))
    }
    const start = diagnose.curvature(J, [matrix(2, 2, () => 0), [[0, 0]]])
    expect([start.kind, start.gradientNorm]).to.deep.equal(['saddle', 0])
    // dJ/dW2 = −2/m·Σ(y − ŷ)·a1 has the derivative −2/m·Σ y·xₖ by W1ₖ, nothing else: two pairs ±‖2/m·Σ y·x‖.
    const slopes = [0, 1].map((k) => (2 / 20) * x.reduce((sum, row, i) => sum + row[k] * y[i][0], 0))
    const size = Math.hypot(...slopes)
    close(start.eigenvalues, [size, size, 0, 0, -size, -size], 1e-12)
  })

  it('a gradient that stays small is noticed and warned of once, with advice', async () => {
    const next = normal(3)
    const [x, y] = [matrix(40, 2, next), matrix(40, 1, next)]
    const train = (kernelInitializer: 'zeros' | 'xavier', epochs: number) => {
      const model = sequential({
        inputShape: [2],
        seed: 1,
        dtype: 'float64',
        layers: [
          layers.dense({ units: 4, activation: 'tanh', kernelInitializer, useBias: false }),
          layers.dense({ units: 1, kernelInitializer, useBias: false }),
        ],
      })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.05 }), loss: 'meanSquaredError' })
      return model.fit(x, y, { epochs, callbacks: [callbacks.plateau({ x, y, patience: 4 })] })
    }
    // All weights zero: a saddle point, where every derivative is 0.
    let history: Awaited<ReturnType<typeof train>> | undefined
    const seen = await warnings(async () => (history = await train('zeros', 10)))
    expect(seen).to.have.length(1)
    expect(seen[0]).to.include('epoch 4').and.include('saddle').and.include('Adam')
    expect(history!.epochs.map(({ gradientNorm }) => gradientNorm)).to.deep.equal(new Array(10).fill(0))
    expect(await warnings(async () => (history = await train('xavier', 10)))).to.be.empty
    expect(history!.epochs[0].gradientNorm).to.be.above(1e-3)
    expect((await rejected(Promise.resolve().then(() => callbacks.plateau({} as never)))).message).to.include(
      '{ x, y }',
    )
  })
})
