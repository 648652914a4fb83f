import { oneOf } from '../../base/checks'
import { isArrayOf, newArray, type DType, type NativeArray } from '../../base/dtype'
import { describeValue, OptionError, ShapeError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import { initializers, valuesInitializer, type Initializer } from '../../initializers'
import * as ops from '../../ops'
import { toFlat, type TensorLike } from '../../tensor/tensor'
import type { Adapt } from '../built'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, onlyInput, type CommonOptions } from '../options'
import { deviationIn, featureStatistics, indicatorRules, type Indicators } from './feature-statistics'

export interface NormalizeOptions extends CommonOptions {
  /** One number for all features, or one per feature (in the input's shape). Given together with `variance`. */
  mean?: TensorLike | undefined
  /** σ², at least 0: like `mean`. */
  variance?: TensorLike | undefined
  /**
   * What becomes of features that are 0 or 1 in every row of the training inputs, and both occur: 'keep' leaves them
   * as they are, 'normalize' treats them as all others. Default 'keep'. Only where mean and variance are learnt.
   */
  indicators?: Indicators | undefined
}

/**
 * (x − μ)/σ per feature, in the input's shape. It is 0 where σ = 0, and where σ is no more than rounding: at most
 * 2⁻²²·|μ| in float32 and 2⁻⁴⁶·|μ| in float64. Features of 0 and 1 alone stay as they are: divided by its σ, the 1 of a
 * category in two of 1000 rows would become 22.
 *
 * Stands only on an input of the model. μ and σ are learnt from the training inputs by the first `fit` or by
 * `model.adapt(x)`, unless given; they are saved with the model and are not among its weights (`getWeights({
 * statistics: true })` shows them as `mean` and `deviation`).
 */
export function normalize(options: NormalizeOptions = {}): Layer<NoWeights> {
  const where = 'layers.normalize'
  const common = commonOptions(where, options, ['mean', 'variance', 'indicators'])
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
  const indicators = oneOf(`${where}: indicators`, options.indicators ?? 'keep', indicatorRules)
  if (mean && options.indicators !== undefined)
    throw new OptionError(`${where}: indicators: expected nothing where 'mean' and 'variance' are given.`)
  const given: JsonObject = mean && variance ? { mean: [...mean], variance: [...variance] } : {}
  return makeLayer({
    kind: 'normalize',
    ...common,
    config: indicators === 'keep' ? given : { indicators },
    build(inputs, layerName) {
      const shape = onlyInput(layerName, inputs)
      const learntArray = (name: string, initializer: Initializer) => {
        return { name, shape, initializer, role: 'statistic', trainable: false } as const
      }
      const former = { name: 'variance', convert: deviationsOf }
      return {
        outputShape: shape,
        weights: [
          learntArray('mean', mean ? spread(layerName, 'mean', mean, shape) : initializers.constant(0)),
          {
            ...learntArray('deviation', variance ? deviations(layerName, variance, shape) : initializers.constant(1)),
            former,
          },
        ],
        activation: 'linear',
        first: true,
        adapt: learnt(indicators, sizeOf(shape)),
        needsAdapt: mean === undefined,
        call([x], w) {
          const row = [1, ...shape]
          const varies = ops.greater(ops.reshape(w.deviation, row), 0)
          // 1 in place of σ = 0: the quotient that select throws away stays finite.
          const deviation = ops.select(varies, ops.reshape(w.deviation, row), 1)
          const scale = ops.select(varies, ops.div(1, deviation), 0)
          return { a: ops.mul(ops.sub(x, ops.reshape(w.mean, row)), scale) }
        },
      }
    },
  })
}

/** Learns μ and σ, in the dtype of the rows. */
function learnt(indicators: Indicators, features: number): Adapt {
  return function* (read, rows) {
    const { mean, variance, deviation } = yield* featureStatistics(read, rows, features, indicators)
    const dtype = dtypeOf(read(0, 1))
    return { mean, deviation: deviation.map((value, j) => deviationIn(dtype, variance[j], value)) }
  }
}

function dtypeOf(values: NativeArray): DType {
  return isArrayOf('float32', values) ? 'float32' : 'float64'
}

/** σ of σ² in a file: layers kept σ² until 0.2. */
function deviationsOf(variance: NativeArray): NativeArray {
  const dtype = dtypeOf(variance)
  return variance.map((value) => deviationIn(dtype, value))
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

/** σ of the given σ², in the dtype of the model. */
function deviations(layerName: string, variance: Float64Array, shape: Shape): Initializer {
  const { config, create } = spread(layerName, 'variance', variance, shape)
  return {
    config,
    create(size, context) {
      const values = create(size, { ...context, dtype: 'float64' })
      const result = newArray(context.dtype, values.length)
      result.set(values.map((value) => deviationIn(context.dtype, value)))
      return result
    },
  }
}
