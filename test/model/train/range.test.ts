import { expect } from 'chai'
import {
  defineOptimizer,
  layers,
  NonFiniteError,
  ops,
  OptionError,
  optimizers,
  sequential,
  tensor,
  type CompileOptions,
  type DType,
  type Optimizer,
} from '../../../lib'

/** One weight, w = 0 at first, and a bias; dJ/dw is about half of what x holds. */
function single(options: Partial<CompileOptions> & { dtype?: DType }) {
  const { dtype, ...compile } = options
  const dense = layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'zeros', name: 'single' })
  const model = sequential({ inputShape: [1], dtype, seed: 1, layers: [dense] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', ...compile })
  return model
}
type Single = ReturnType<typeof single>

const weight = (model: Single) => (model.getWeights()[0] as { weight: { data: ArrayLike<number> } }).weight.data[0]
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error) => error,
  )

const own = defineOptimizer({
  name: 'adagrad',
  slots: ['sum'],
  update({ weight: w, gradient, slots, learningRate }) {
    const sum = ops.add(slots.sum, ops.mul(gradient, gradient))
    const change = ops.div(gradient, ops.add(ops.sqrt(sum), 1e-8))
    return { weight: ops.sub(w, ops.mul(learningRate, change)), slots: { sum } }
  },
})

describe('gradients and rates at the end of the range', () => {
  const rules: Record<string, () => Optimizer> = {
    ...Object.fromEntries(Object.entries(optimizers).map(([name, make]) => [name, () => make({ learningRate: 0.1 })])),
    'one of the user’s own': () => own({ learningRate: 0.1 }),
  }
  const sizes = { float32: 1e20, float64: 1e160 } as const
  for (const [name, optimizer] of Object.entries(rules))
    for (const dtype of ['float32', 'float64'] as const)
      it(`${name}, ${dtype}: squares beyond it are refused, and training goes on afterwards`, async () => {
        const [model, fresh] = [single({ dtype, optimizer: optimizer() }), single({ dtype, optimizer: optimizer() })]
        const size = sizes[dtype]
        const error = await failure(model.fit([[size], [-size]], [1, 0], { batchSize: 'all' }))
        expect(error).to.be.instanceOf(NonFiniteError)
        expect(error!.message).to.include("the squares of the gradient of 'single.weight'").and.include('was not taken')
        expect(weight(model)).to.equal(0)
        const [x, y] = [
          [[1], [2], [-1], [-2]],
          [1, 1, 0, 0],
        ]
        for (const each of [model, fresh]) await each.fit(x, y, { epochs: 20, batchSize: 'all' })
        expect(weight(model)).to.equal(weight(fresh)).and.greaterThan(0.05)
      })

  it('optimizer.apply and trainOnBatch refuse them, too', async () => {
    const optimizer = optimizers.adam()
    const model = single({ optimizer })
    const gradients = [{ name: 'single', weight: tensor([[1e20]]), bias: tensor([0]) }]
    expect(() => optimizer.apply(model, gradients as never)).to.throw(
      NonFiniteError,
      /gradient of single\.weight is finite, but its squares leave the range of float32\. Nothing was changed/,
    )
    expect((await failure(model.trainOnBatch([[1e20]], [1])))!.message).to.include("the gradient of 'single.weight'")
    expect(weight(model)).to.equal(0)
  })

  it('a norm is clipped wherever it is in the range itself', async () => {
    for (const [dtype, size] of [
      ['float32', 1e20],
      ['float32', 1e30],
      ['float64', 1e200],
      ['float64', 1e290],
    ] as const) {
      const optimizer = optimizers.gradientDescent({ learningRate: 0.1 })
      const model = single({ dtype, optimizer, gradientClip: { norm: 1 } })
      await model.fit([[size], [-size]], [1, 0], { batchSize: 'all' })
      expect(weight(model), `${dtype} ${size}`).to.be.closeTo(0.1, 1e-7)
    }
    // The second moment takes what is clipped.
    const model = single({ optimizer: optimizers.adam({ learningRate: 0.1 }), gradientClip: { value: 5 } })
    await model.fit([[1e20], [-1e20]], [1, 0], { batchSize: 'all' })
    expect(weight(model)).to.be.closeTo(0.1, 1e-6)
  })

  it('a norm beyond it, and one that leaves nothing of the gradient, are refused', async () => {
    for (const [size, norm] of [
      [3e38, 1e-9],
      [1e30, 1e-20],
    ]) {
      const model = single({ optimizer: optimizers.gradientDescent(), gradientClip: { norm } })
      const error = await failure(model.fit([[size], [-size]], [1, 0], { batchSize: 'all' }))
      expect(error, String(size)).to.be.instanceOf(NonFiniteError)
      expect(weight(model)).to.equal(0)
    }
  })

  it('a limit of the norm may be as large as one likes', async () => {
    const optimizer = () => optimizers.gradientDescent({ learningRate: 0.1 })
    const plain = single({ optimizer: optimizer() })
    await plain.fit([[1], [-1]], [1, 0], { batchSize: 'all' })
    for (const norm of [1e19, 1e20, 1e38, 1e39, Number.MAX_VALUE]) {
      const model = single({ optimizer: optimizer(), gradientClip: { norm } })
      await model.fit([[1], [-1]], [1, 0], { batchSize: 'all' })
      expect(weight(model), String(norm)).to.equal(weight(plain)).and.not.equal(0)
      // What squares a gradient is refused those that it leaves beyond the range.
      const large = single({ optimizer: optimizer(), gradientClip: { norm } })
      const error = await failure(large.fit([[1e20], [-1e20]], [1, 0], { batchSize: 'all' }))
      if (norm > 1e19) expect(error!.message).to.include("the squares of the gradient of 'single.weight'")
    }
  })

  it('learning rates that leave the range with a gradient are an OptionError, and change nothing', async () => {
    const limit = /learningRate: expected at most 1\.84e\+19, whose square is the largest float32, got 10{20}\./
    for (const learningRate of [1e20, ({ step }: { step: number }) => (step > 0 ? 1e20 : 1)]) {
      const optimizer = optimizers.gradientDescent({ learningRate })
      const model = single({ optimizer })
      const error = await failure(model.fit([[1], [2]], [1, 0]))
      expect(error).to.be.instanceOf(OptionError)
      expect(error!.message).to.match(limit)
      expect(weight(model)).to.equal(0)
      const gradients = [{ name: 'single', weight: tensor([[1]]), bias: tensor([0]) }]
      expect(() => optimizer.apply(model, gradients as never)).to.throw(OptionError, limit)
    }
  })

  it('the largest rate times the largest gradient is in it', async () => {
    const model = single({ optimizer: optimizers.gradientDescent({ learningRate: 1.8e19 }) })
    await model.fit([[3e19], [-3e19]], [1, 0], { batchSize: 'all' })
    expect(weight(model)).to.be.closeTo(2.7e38, 1e37)
  })
})
