/**
 * A layer and a loss of one's own, and the check that tells whether a gradient written by hand is right.
 *
 *   npx tsx examples/own-layer.ts
 */
import { defineLayer, gradientCheck, layers, ops, optimizers, sequential, type Layer, type Tensor } from 'myelin'

/** x·σ(βx) with a learnt β for every feature. Its gradient is derived. */
const Swish = defineLayer({
  name: 'swish',
  build: (inputShape, _config, add) => ({ beta: add('beta', inputShape, { initializer: 'ones' }) }),
  call: (x, { beta }) => ops.mul(x, ops.sigmoid(ops.mul(beta, x))),
})

/** g·x with the gradient written by hand; `factor` 1 is right. */
const Gain = defineLayer({
  name: 'gain',
  build: (inputShape, _config: { factor: number }, add) => ({ g: add('g', inputShape, { initializer: 'ones' }) }),
  call: (x, { g }) => ops.mul(x, g),
  gradient: (dy, { x, w, config }) => ({
    x: ops.mul(dy, w.g),
    weights: { g: ops.mul(config.factor, ops.sum(ops.mul(dy, x), { axis: 0 })) },
  }),
})

/** Quadratic near the target, linear far from it. */
function huber(yTrue: Tensor, yPred: Tensor): Tensor {
  const distance = ops.abs(ops.sub(yPred, yTrue))
  return ops.mean(ops.select(ops.lessEqual(distance, 1), ops.mul(0.5, ops.square(distance)), ops.sub(distance, 0.5)))
}

const x = Array.from({ length: 64 }, (_, i) => [Math.cos(i), Math.sin(3 * i)])
const y = x.map(([a, b]) => a * b)

async function check(title: string, layer: Layer): Promise<void> {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [layers.dense({ units: 8 }), layer, layers.dense({ units: 1 })],
  })
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.02 }), loss: huber })
  const before = await model.evaluate(x, y)
  await model.fit(x, y, { epochs: 200 })
  const after = await model.evaluate(x, y)
  console.log(`\n${title}: cost ${before.loss.toFixed(4)} → ${after.loss.toFixed(4)}`)
  console.log(String(await gradientCheck(model, x, y)))
}

async function main(): Promise<void> {
  await check('swish', Swish())
  await check('a right gradient', Gain({ factor: 1 }))
  await check('a gradient that is 1 % too large', Gain({ factor: 1.01 }))
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
