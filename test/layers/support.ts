/** Small tools for the tests of layers. */
import type { BuiltLayer, Layer, LayerContext } from '../../lib/layers'
import { tensor, type Tensor } from '../../lib/tensor/tensor'

export const inference: LayerContext = { training: false, trainable: true, stream: 0 }

/** Initial values of a built layer's weights, in float64. */
export function weightsOf(built: BuiltLayer, seed = 1n): Record<string, Tensor> {
  return Object.fromEntries(
    built.weights.map(({ name, shape, initializer }, stream) => {
      const [fanOut, fanIn] = shape.length === 2 ? shape : [shape[0], shape[0]]
      const values = initializer.create(shape, { fanIn, fanOut, seed, stream, dtype: 'float64' })
      return [name, tensor(values, shape, { dtype: 'float64' })]
    }),
  )
}

/** What the layer makes of x at inference, with its initial weights unless others are given. */
export function run(layer: Layer, x: Tensor, weights?: Record<string, Tensor>): Tensor {
  const built = layer.build([x.shape.slice(1)], 'layer_1')
  return built.call([x], weights ?? weightsOf(built), inference).a
}
