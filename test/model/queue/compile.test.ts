import { expect } from 'chai'
import { defineLayer, layers, ops, sequential, type Tensor } from '../../../lib'
import { longestHold } from '../../longest-hold'

/** A recurrence, step by step: a large graph of small ops. */
const Unrolled = defineLayer({
  name: 'unrolled',
  build: (shape, { units }: { units: number }, add) => ({
    input: add('input', [shape[1]!, units]),
    state: add('state', [units, units]),
  }),
  call: (x, w) => {
    const [m, steps, width] = x.shape as [number, number, number]
    const at = (s: number) => ops.reshape(ops.slice(x, [0, s, 0], [m, 1, width]), [m, width])
    let h: Tensor = ops.tanh(ops.matmul(at(0), w.input))
    for (let s = 1; s < steps; s++) h = ops.tanh(ops.add(ops.matmul(at(s), w.input), ops.matmul(h, w.state)))
    return ops.mul(h, ops.randomUniform(h.shape, { min: 0.9, max: 1.1 }))
  },
})

const [rows, steps] = [8, 150]
const x = { data: Float32Array.from({ length: rows * steps * 2 }, (_, i) => Math.sin(i)), shape: [rows, steps, 2] }
const y = Float32Array.from({ length: rows }, (_, i) => Math.cos(i))

function recurrent() {
  const [first, second] = ['first', 'second'].map((name) => Unrolled({ units: 3, name }))
  const repeat = defineLayer({ name: 'again', call: (h: Tensor) => ops.stack(Array(steps).fill(h), { axis: 1 }) })
  const model = sequential({
    inputShape: [steps, 2],
    seed: 1,
    layers: [first, repeat({}), second, layers.dense({ units: 1 })],
  })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

describe('graphs of thousands of nodes', function () {
  this.timeout(60_000)

  const calls: [string, (model: ReturnType<typeof recurrent>) => Promise<unknown>][] = [
    ['fit', (model) => model.fit(x, y, { epochs: 1 })],
    ['trainOnBatch', (model) => model.trainOnBatch(x, y)],
    ['costAndGradients', (model) => model.costAndGradients(x, y)],
    ['evaluate', (model) => model.evaluate(x, y)],
    ['predict', (model) => model.predict(x)],
  ]
  for (const [name, call] of calls)
    it(`${name}: the event loop turns while they are made ready`, async function () {
      this.retries(2) // a garbage collection may fall into a turn
      using model = recurrent()
      expect(await longestHold(() => call(model)), 'longest hold in ms').to.be.at.most(25)
    })

  it('are traced beside each other to the same bits as alone', async () => {
    const alone = await recurrent().fit(x, y, { epochs: 2 })
    const together = await Promise.all([1, 2].map(() => recurrent().fit(x, y, { epochs: 2 })))
    for (const history of together) expect([...history.batches]).to.deep.equal([...alone.batches])
  })
})
