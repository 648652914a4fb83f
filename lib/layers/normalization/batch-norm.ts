import { numberInRange } from '../../base/checks'
import type { Shape } from '../../base/shape'
import { initializers } from '../../initializers'
import * as ops from '../../ops'
import type { Tensor } from '../../tensor/tensor'
import type { BuiltLayer, WeightSpec } from '../built'
import { makeLayer, type Layer } from '../layer'
import { commonOptions, onlyInput } from '../options'
import { affine, affineOptionNames, lastAxis, type Affine, type AffineOptions, type AffineWeights } from './affine'

export interface BatchNormOptions<
  Center extends boolean = boolean,
  Scale extends boolean = boolean,
> extends AffineOptions<Center, Scale> {
  /** What the moving statistics keep of themselves in a training step, 0 ≤ momentum < 1. Default 0.9. */
  momentum?: number | undefined
}

/** All [c]. */
export type BatchNormWeights<Center extends boolean = boolean, Scale extends boolean = boolean> = AffineWeights<
  Center,
  Scale
> & { readonly movingMean: Tensor; readonly movingVariance: Tensor }

/**
 * Batch normalisation (Ioffe and Szegedy 2015): γ·(x − μ)/√(σ² + epsilon) + β for each entry of the last axis, for x
 * [m, …, c]; keeps the shape. In a training step μ and σ² are those of the batch and of all its positions (σ² divided
 * by their number), and the states movingMean and movingVariance become momentum·moving + (1 − momentum)·batch.
 * Prediction, evaluation and a frozen layer use the moving ones and keep them. ShapeError for an input without an axis.
 */
export function batchNorm<Center extends boolean = true, Scale extends boolean = true>(
  options: BatchNormOptions<Center, Scale> = {},
): Layer<BatchNormWeights<Center, Scale>> {
  const where = 'layers.batchNorm'
  const common = commonOptions(where, options, ['momentum', ...affineOptionNames])
  const momentum = numberInRange(`${where}: momentum`, options.momentum ?? 0.9, 0, 1, '[)')
  const rest = affine(where, options)
  return makeLayer({
    kind: 'batchNorm',
    ...common,
    config: { momentum, ...rest.config },
    build: (inputs, layerName) => build(momentum, rest, onlyInput(layerName, inputs), layerName),
  })
}

function build(momentum: number, rest: Affine, shape: Shape, layerName: string): BuiltLayer {
  const c = lastAxis('batchNorm', layerName, shape)
  const state = (name: string, value: number): WeightSpec => {
    return { name, shape: [c], initializer: initializers.constant(value), role: 'state', trainable: false }
  }
  const row = (values: Tensor) => ops.reshape(values, [1, c])
  const moved = (moving: Tensor, batch: Tensor) =>
    ops.add(ops.mul(momentum, moving), ops.mul(1 - momentum, ops.reshape(batch, [c])))
  return {
    outputShape: shape,
    weights: [...rest.weights(c), state('movingMean', 0), state('movingVariance', 1)],
    activation: 'linear',
    passes: true,
    call([x], w, { training, trainable }) {
      const flat = ops.reshape(x, [-1, c])
      const isLearning = training && trainable
      const mean = isLearning ? ops.mean(flat, { axis: 0, keepDims: true }) : row(w.movingMean)
      // Deviations first, then the mean of their squares: E[x²] − μ² would lose the digits that both share.
      const deviation = ops.sub(flat, mean)
      const variance = isLearning ? ops.mean(ops.square(deviation), { axis: 0, keepDims: true }) : row(w.movingVariance)
      const perDeviation = ops.div(1, ops.sqrt(ops.add(variance, rest.epsilon)))
      const a = ops.reshape(rest.apply(deviation, perDeviation, w), x.shape)
      if (!isLearning) return { a }
      const updates = {
        movingMean: moved(w.movingMean, mean),
        movingVariance: moved(w.movingVariance, variance),
      }
      return { a, updates }
    },
  }
}
