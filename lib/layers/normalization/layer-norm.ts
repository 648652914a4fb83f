import * as ops from '../../ops'
import { makeLayer, type Layer } from '../layer'
import { commonOptions, onlyInput } from '../options'
import { affine, affineOptionNames, lastAxis, type AffineOptions, type AffineWeights } from './affine'

export type LayerNormOptions<Center extends boolean = boolean, Scale extends boolean = boolean> = AffineOptions<
  Center,
  Scale
>

/** Both [c]. */
export type LayerNormWeights<Center extends boolean = boolean, Scale extends boolean = boolean> = AffineWeights<
  Center,
  Scale
>

/**
 * Layer normalisation (Ba, Kiros and Hinton 2016): γ·(x − μ)/√(σ² + epsilon) + β, where μ and σ² (divided by c) are
 * those of the c numbers of the last axis, for each example and position of x [m, …, c] by itself; keeps the shape.
 * The same in training and prediction. ShapeError for an input without an axis.
 */
export function layerNorm<Center extends boolean = true, Scale extends boolean = true>(
  options: LayerNormOptions<Center, Scale> = {},
): Layer<LayerNormWeights<Center, Scale>> {
  const where = 'layers.layerNorm'
  const common = commonOptions(where, options, affineOptionNames)
  const rest = affine(where, options)
  return makeLayer({
    kind: 'layerNorm',
    ...common,
    config: rest.config,
    build(inputs, layerName) {
      const shape = onlyInput(layerName, inputs)
      const c = lastAxis('layerNorm', layerName, shape)
      return {
        outputShape: shape,
        weights: rest.weights(c),
        activation: 'linear',
        call([x], w) {
          const flat = ops.reshape(x, [-1, c])
          const deviation = ops.sub(flat, ops.mean(flat, { axis: 1, keepDims: true }))
          const variance = ops.mean(ops.square(deviation), { axis: 1, keepDims: true })
          const perDeviation = ops.div(1, ops.sqrt(ops.add(variance, rest.epsilon)))
          return { a: ops.reshape(rest.apply(deviation, perDeviation, w), x.shape) }
        },
      }
    },
  })
}
