import { expect } from 'chai'
import { defineLayer, gradientCheck, input, layers, model, ops, OptionError, ShapeError, type Tensor } from '../../lib'
import { grad } from '../../lib/functions/grad'
import { close, t } from '../numbers'
import { inference } from './support'

/** (a·g) ∘ b, with its own gradient. */
const gated = (gradient?: unknown) =>
  defineLayer({
    name: 'gated',
    inputs: 2,
    build: ([shape], _config: object, add) => ({ gain: add('gain', shape, { initializer: 'ones' }) }),
    call: ([a, b], w) => ops.mul(ops.mul(a, w.gain), b),
    gradient: gradient as never,
  })

const own = (dy: Tensor, { x: [a, b], w }: { x: Tensor[]; w: { gain: Tensor } }) => ({
  x: [ops.mul(dy, ops.mul(w.gain, b)), ops.mul(dy, ops.mul(a, w.gain))],
  weights: { gain: ops.sum(ops.mul(dy, ops.mul(a, b)), { axis: 0 }) },
})

describe('defineLayer of several inputs', () => {
  const [a, b, gain] = [t([1, 2, 3, 4], [2, 2]), t([5, 6, 7, 8], [2, 2]), t([0.5, -1])]
  const slopes = (Gated: ReturnType<typeof gated>) => {
    const built = Gated().build([[2], [2]], 'gated_1')
    const cost = (x: Tensor, y: Tensor, g: Tensor) => ops.sumSquares(built.call([x, y], { gain: g }, inference).a)
    return grad(cost)(a, b, gain) as Tensor[]
  }

  it('build gets all shapes, call all tensors', () => {
    const seen: unknown[] = []
    const Three = defineLayer({
      name: 'three',
      inputs: 3,
      build: (shapes, _config: object, add) => (seen.push(shapes), { shift: add('shift', shapes[1]) }),
      call: ([p, q, r], w) =>
        ops.add(ops.sum(p, { axis: [1, 2] }), ops.sum(ops.mul(ops.add(q, w.shift), r), { axis: 1 })),
    })
    const built = Three().build([[2, 2], [3], [3]], 'three_1')
    expect(seen).to.deep.equal([[[2, 2], [3], [3]]])
    expect([built.outputShape, built.weights.map(({ shape }) => shape)]).to.deep.equal([[], [[3]]])
    const given = [t([1, 2, 3, 4], [1, 2, 2]), t([[1, 2, 3]]), t([[1, 0, 2]])]
    close(built.call(given, { shift: t([10, 20, 30]) }, inference).a, [10 + 11 + 66])
  })
  it("'any': as many as it is applied to", () => {
    const Total = defineLayer({ name: 'total', inputs: 'any', call: (x) => x.reduce((p, q) => ops.add(p, q)) })
    for (const count of [1, 2, 4]) {
      const built = Total().build(Array<number[]>(count).fill([2]), 'total_1')
      close(
        built.call(Array<Tensor>(count).fill(a), {}, inference).a,
        a.data.map((v) => count * v),
      )
    }
  })
  it('derived gradients and own ones are the same, towards every input', () => {
    const [derived, given] = [slopes(gated()), slopes(gated(own))]
    given.forEach((slope, i) => close(slope, derived[i].data))
    const product = a.data.map((v, i) => v * b.data[i] * gain.data[i % 2])
    close(
      derived[0],
      product.map((v, i) => 2 * v * gain.data[i % 2] * b.data[i]),
    )
    close(
      derived[1],
      product.map((v, i) => 2 * v * a.data[i] * gain.data[i % 2]),
    )
  })
  it('null is no gradient towards that input alone', () => {
    const [da, db] = slopes(
      gated((dy: Tensor, values: Parameters<typeof own>[1]) => {
        const { x, weights } = own(dy, values)
        return { x: [null, x[1]], weights }
      }),
    )
    close(da, [0, 0, 0, 0])
    close(db, slopes(gated())[1].data)
  })
  it('gradientCheck finds a gradient that is right, and one that is wrong', async () => {
    for (const [gradient, verdict] of [
      [own, 'correct'],
      [
        (dy: Tensor, values: Parameters<typeof own>[1]) => {
          const { x, weights } = own(dy, values)
          return { x: [x[0], ops.mul(1.1, x[1])], weights }
        },
        'wrong',
      ],
    ] as const) {
      const [left, right] = [input({ shape: [3] }), input({ shape: [3] })]
      const branches = [left, right].map((value) => layers.dense({ units: 2, activation: 'tanh' }).apply(value))
      const outputs = layers.dense({ units: 1 }).apply(gated(gradient)().apply(branches))
      using made = model({ inputs: { left, right }, outputs, seed: 2, dtype: 'float64' })
      made.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      const x = (phase: number) => [0, 1, 2, 3].map((i) => [0, 1, 2].map((j) => Math.sin(3 * i + j + phase)))
      const check = await gradientCheck(made, { left: x(0), right: x(1) }, [1, 0, -1, 2])
      expect(check.verdict, String(check)).to.equal(verdict)
      if (verdict === 'wrong') expect(check.parameters[0].name).to.include('dense_2')
    }
  })
  it('refuses another number of inputs, and gradients that are none', () => {
    expect(() => gated()().build([[2]], 'gated_1')).to.throw(OptionError, 'gated_1: expected 2 inputs, got 1.')
    for (const inputs of [0, 1.5, 'two'])
      expect(() => defineLayer({ name: 'odd', inputs, call: (x: Tensor) => x } as never)).to.throw(
        OptionError,
        /defineLayer 'odd': inputs/,
      )
    const wrong = (x: unknown) => () =>
      slopes(gated((dy: Tensor) => ({ x, weights: { gain: ops.sum(dy, { axis: 0 }) } })))
    expect(wrong(a)).to.throw(OptionError, /gated_1: gradient must return as x a list of 2, one for each input/)
    expect(wrong([a])).to.throw(OptionError, /a list of 2/)
    expect(wrong([a, t([1, 2])])).to.throw(ShapeError, /gradient of 'x\[1\]': expected shape \[2, 2\], got \[2\]/)
  })
})
