import type { NativeArray } from '../../base/dtype'
import { describeValue, OptionError, ShapeError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import { sliceLength, slices, type Sliced } from '../../base/slices'
import { initializers, valuesInitializer, type Initializer } from '../../initializers'
import * as ops from '../../ops'
import { toFlat, type TensorLike } from '../../tensor/tensor'
import type { WeightSpec } from '../built'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, onlyInput, type CommonOptions } from '../options'

export interface NormalizeOptions extends CommonOptions {
  /** One number for all features, or one per feature (in the input's shape). Given together with `variance`. */
  mean?: TensorLike | undefined
  /** σ², at least 0: like `mean`. */
  variance?: TensorLike | undefined
}

/**
 * (x − μ)/σ per feature, in the input's shape; 0 where σ = 0. Stands only on an input of the model. μ and σ² are learnt
 * from the training inputs by the first `fit` or by `model.adapt(x)`, unless given; they are saved with the model and
 * are not among its weights (`getWeights({ statistics: true })` shows them).
 */
export function normalize(options: NormalizeOptions = {}): Layer<NoWeights> {
  const where = 'layers.normalize'
  const common = commonOptions(where, options, ['mean', 'variance'])
  const mean = statistic(where, 'mean', options.mean)
  const variance = statistic(where, 'variance', options.variance)
  if ((mean === undefined) !== (variance === undefined))
    throw new OptionError(
      `${where}: expected 'mean' and 'variance' together, or neither (then they are learnt), got only one.`,
    )
  const negative = variance?.findIndex((value) => value < 0) ?? -1
  if (variance && negative >= 0)
    throw new OptionError(
      `${where}: variance: expected numbers of at least 0, got ${variance[negative]} at ${negative}.`,
    )
  const given: JsonObject = mean && variance ? { mean: [...mean], variance: [...variance] } : {}
  return makeLayer({
    kind: 'normalize',
    ...common,
    config: given,
    build(inputs, layerName) {
      const shape = onlyInput(layerName, inputs)
      const weight = (name: string, initializer: Initializer): WeightSpec => {
        return { name, shape, initializer, role: 'statistic', trainable: false }
      }
      return {
        outputShape: shape,
        weights: [
          weight('mean', mean ? spread(layerName, 'mean', mean, shape) : initializers.constant(0)),
          weight('variance', variance ? spread(layerName, 'variance', variance, shape) : initializers.constant(1)),
        ],
        activation: 'linear',
        first: true,
        adapt: (read, rows) => featureStatistics(read, rows, sizeOf(shape)),
        needsAdapt: mean === undefined,
        call([x], w) {
          const row = [1, ...shape]
          const varies = ops.greater(ops.reshape(w.variance, row), 0)
          // 1 in place of σ² = 0: the quotient that select throws away stays finite.
          const deviation = ops.sqrt(ops.select(varies, ops.reshape(w.variance, row), 1))
          const scale = ops.select(varies, ops.div(1, deviation), 0)
          return { a: ops.mul(ops.sub(x, ops.reshape(w.mean, row)), scale) }
        },
      }
    },
  })
}

function statistic(where: string, name: string, value: TensorLike | undefined): Float64Array | undefined {
  if (value === undefined) return undefined
  const { data } = toFlat(`${where}: ${name}`, value, 'float64')
  const bad = data.findIndex((entry) => !Number.isFinite(entry))
  if (bad >= 0)
    throw new OptionError(`${where}: ${name}: expected finite numbers, got ${describeValue(data[bad])} at ${bad}.`)
  return Float64Array.from(data)
}

/** One number for every feature, or as many as there are. */
function spread(layerName: string, name: string, values: Float64Array, shape: Shape): Initializer {
  const size = sizeOf(shape)
  if (values.length === 1) return initializers.constant(values[0])
  if (values.length !== size)
    throw new ShapeError(
      `${layerName}: ${name}: expected 1 or ${size} numbers ` +
        `for inputs of shape ${shapeText(shape)}, got ${values.length}.`,
    )
  return valuesInitializer(values)
}

/**
 * μ and σ² (divided by m) of each feature, in float64. `read(from, to)` gives the examples [from, to), row by row, and
 * is called twice for each. Deviations are taken from the first example, so that a constant feature has exactly the
 * variance 0.
 */
export function* featureStatistics(
  read: (from: number, to: number) => NativeArray,
  rows: number,
  features: number,
): Sliced<Record<'mean' | 'variance', Float64Array>> {
  const mean = new Float64Array(features)
  const variance = new Float64Array(features)
  const first = Float64Array.from(read(0, 1))
  const rowsAtOnce = Math.max(1, Math.floor(sliceLength / features))
  for (const [from, to] of slices(rows, rowsAtOnce)) {
    const part = read(from, to)
    for (let i = 0; i < part.length; i += features) for (let j = 0; j < features; j++) mean[j] += part[i + j] - first[j]
    yield
  }
  for (let j = 0; j < features; j++) mean[j] /= rows
  for (const [from, to] of slices(rows, rowsAtOnce)) {
    const part = read(from, to)
    for (let i = 0; i < part.length; i += features)
      for (let j = 0; j < features; j++) {
        const deviation = part[i + j] - first[j] - mean[j]
        variance[j] += deviation * deviation
      }
    yield
  }
  for (let j = 0; j < features; j++) {
    variance[j] /= rows
    mean[j] += first[j]
  }
  return { mean, variance }
}
