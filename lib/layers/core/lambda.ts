import { checkOptions, functionOption } from '../../base/checks'
import { customFunction, functionName, type Custom } from '../../base/custom'
import type { JsonObject } from '../../base/json'
import type { Tensor } from '../../tensor/tensor'
import type { Layer, NoWeights } from '../layer'
import { nameOption, withoutWeights } from '../options'
import { outputShapeOf } from '../probe'

/**
 * A layer from a function of one tensor [m, …] written with `ops`; the result keeps m as its first dimension. The name
 * is the layer's, and what `loadModel(path, { custom: { name: fn } })` asks for; without it (or a name of the
 * function's own) the model cannot be saved.
 */
export function lambda(fn: (x: Tensor) => Tensor, options?: { name?: string | undefined }): Layer<NoWeights> {
  const where = 'layers.lambda'
  functionOption(where, fn)
  checkOptions(where, options, ['name'])
  const name = nameOption(where, options?.name)
  const key = name ?? functionName(fn)
  return {
    kind: 'lambda',
    name,
    config: key === null ? null : { function: key },
    build(inputShape, layerName) {
      const outputShape = outputShapeOf(layerName, inputShape, (x) => fn(x))
      return withoutWeights(outputShape, (x) => ({ a: fn(x) }), 'custom')
    },
  }
}

/** Rebuilds the layer from its config: the function comes from `custom`. */
export function lambdaFromConfig(config: JsonObject, name?: string, custom?: Custom): Layer {
  const key = String(config.function)
  const rebuilt = lambda(customFunction<(x: Tensor) => Tensor>(name ?? 'lambda', key, custom), { name })
  return { ...rebuilt, config: { function: key } }
}
