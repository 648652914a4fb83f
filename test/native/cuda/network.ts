/** A small network with what most models have, and data for it: what tests of models on cuda and on the CPU train. */
import * as my from '../../../lib'

export const x = Array.from({ length: 37 }, (_, i) => [Math.sin(i), Math.cos(3 * i), (i % 5) / 5])
export const y = x.map((v) => [v[0] * v[1] > 0 ? 1 : 0, v[0] * v[1] > 0 ? 0 : 1])

export interface Setting {
  device: my.DeviceName
  dtype?: my.DType
  optimizer?: my.OptimizerName
  keepProb?: number
  metrics?: my.MetricSpec[]
}

export function modelOn({
  device,
  dtype = 'float64',
  optimizer = 'adam',
  keepProb = 0.8,
  metrics = ['accuracy', 'auc'],
}: Setting) {
  const model = my.sequential({
    inputShape: [3],
    seed: 4,
    dtype,
    device,
    layers: [
      my.layers.normalize(),
      my.layers.dense({ units: 9, activation: 'relu', kernelRegularizer: my.regularizers.l2({ lambda: 0.1 }) }),
      my.layers.dropout({ keepProb }),
      my.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  })
  model.compile({
    optimizer,
    loss: 'categoricalCrossentropy',
    metrics,
    gradientClip: { norm: 1 },
  })
  return model
}

/** All numbers of all weights. */
export const flat = (set: my.WeightSet) =>
  set.flatMap((layer) => Object.values(layer).flatMap((v) => (typeof v === 'string' ? [] : [...v.data])))
