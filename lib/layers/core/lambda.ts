import { functionOption } from '../../base/checks'
import { customFunction, functionName, standsFor, type Custom } from '../../base/custom'
import type { JsonObject } from '../../base/json'
import type { Tensor } from '../../tensor/tensor'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, withoutWeights, type CommonOptions } from '../options'
import { outputShapeOf } from '../probe'

/** Of one tensor [m, …], or of as many as the layer is applied to. */
export type LambdaFunction = (...inputs: Tensor[]) => Tensor

/**
 * A layer from a function of tensors [m, …] written with `ops`: of one, or of several where the layer is applied to a
 * list. The result keeps m as its first dimension. The name is the layer's, and what
 * `loadModel(path, { custom: { name: fn } })` asks for; without it (or a name of the function's own) the model cannot
 * be saved. `{ name, fn }` says both in one object, as losses and metrics do.
 */
export function lambda(
  given: LambdaFunction | (CommonOptions & { fn: LambdaFunction }),
  options?: CommonOptions,
): Layer<NoWeights> {
  const where = 'layers.lambda'
  const { fn, ...others } = typeof given === 'object' && given !== null ? given : { fn: given, ...options }
  functionOption(where, fn)
  const common = commonOptions(where, others)
  const key = common.name ?? functionName(fn)
  return makeLayer({
    kind: 'lambda',
    ...common,
    config: key === null ? null : standsFor({ function: key }, key, fn),
    build(inputs, layerName) {
      const { shape, stochastic } = outputShapeOf(layerName, inputs, (values) => fn(...values))
      const facts = { activation: 'custom', stochastic, anyDType: true }
      return withoutWeights(shape, (values) => ({ a: fn(...values) }), facts)
    },
  })
}

/** Rebuilds the layer from its config: the function comes from `custom`. */
export function lambdaFromConfig(config: JsonObject, common: CommonOptions, custom?: Custom): Layer {
  const key = String(config.function)
  const fn = customFunction<LambdaFunction>(common.name ?? 'lambda', key, custom)
  return makeLayer({ ...lambda(fn, common), config: standsFor({ function: key }, key, fn) })
}
