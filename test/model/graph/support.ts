/** Models of several inputs and outputs, and numbers to compare them by. */
import * as my from '../../../lib'

const { input, layers, model, ops } = my

export const rows = 22
const table = (width: number, of: (i: number, j: number) => number) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: width }, (__, j) => of(i, j)))

export const x = { left: table(3, (i, j) => Math.sin(i + 2 * j)), right: table(3, (i, j) => Math.cos(3 * i - j)) }
export const y = { sum: table(1, (i) => Math.sin(i)), same: table(1, (i) => i % 2) }

/** a + b. */
export const Plus = my.defineLayer({ name: 'plus', inputs: 2, call: ([a, b]) => ops.add(a, b) })

/** x minus the running mean of what it has seen; learns a gain. */
export const Centre = my.defineLayer({
  name: 'centre',
  build: (shape, _config: { momentum?: number }, add) => ({
    gain: add('gain', shape, { initializer: 'ones' }),
    mean: add('movingMean', shape, { role: 'state' }),
    seen: add('seen', [], { role: 'state' }),
  }),
  call(v, w, { training, trainable, config: { momentum = 0.9 } }) {
    if (!training || !trainable) return ops.mul(ops.sub(v, w.mean), w.gain)
    const mean = ops.mean(v, { axis: 0, keepDims: true })
    return {
      value: ops.mul(ops.sub(v, mean), w.gain),
      updates: { mean: ops.add(ops.mul(momentum, w.mean), ops.mul(1 - momentum, mean)), seen: ops.add(w.seen, 1) },
    }
  },
})

export const custom = { plus: Plus, centre: Centre }

/** Two inputs through one shared layer, a state, a merge, two outputs. */
export function net(options: { dtype?: my.DType; seed?: number; optimizer?: my.Optimizer; dropout?: boolean } = {}) {
  const [left, right] = [input({ shape: [3] }), input({ shape: [3] })]
  const encoder = layers.dense({ units: 4, activation: 'tanh', name: 'encoder' })
  const merged = Plus().apply([encoder.apply(left), encoder.apply(right)])
  const centred = Centre({ momentum: 0.8 }).apply(merged)
  const trunk = options.dropout ? layers.dropout({ keepProb: 0.8 }).apply(centred) : centred
  const outputs = {
    sum: layers.dense({ units: 1, name: 'total' }).apply(trunk),
    same: layers.dense({ units: 1, activation: 'sigmoid', name: 'equal' }).apply(trunk),
  }
  const made = model({
    inputs: { left, right },
    outputs,
    seed: options.seed ?? 5,
    dtype: options.dtype ?? 'float64',
  })
  return made.compile({
    optimizer: options.optimizer ?? my.optimizers.adam({ learningRate: 0.02 }),
    loss: { sum: 'meanSquaredError', same: 'binaryCrossentropy' },
    lossWeights: { sum: 0.5 },
    metrics: { sum: ['meanAbsoluteError'], same: ['accuracy', 'auc'] },
  })
}

/** All numbers of a set of weights by `layer.name`. */
export function valuesOf(set: readonly object[]): Record<string, number[]> {
  return Object.fromEntries(
    set.flatMap((entry) => {
      const { name, ...weights } = entry as { name: string } & Record<string, my.Tensor>
      return Object.entries(weights).map(([key, value]) => [`${name}.${key}`, [...value.data]])
    }),
  )
}
