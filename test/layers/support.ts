/** Small tools for the tests of layers. */
import { CompiledProgram } from '../../lib/graph/compiled'
import { TraceContext } from '../../lib/graph/context'
import { gradients } from '../../lib/graph/grad'
import { inputNode } from '../../lib/graph/leaves'
import { emptyProgram } from '../../lib/graph/node'
import type { BuiltLayer, Layer, LayerContext } from '../../lib/layers'
import { native } from '../../lib/native/native'
import * as ops from '../../lib/ops'
import { nodeOf, tensor, Tensor, tensorToNative } from '../../lib/tensor/tensor'

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

/**
 * A training step of a layer that draws random numbers, which are those of seed 0: what it makes of x, and the
 * derivative of Σa² by x.
 */
export function drawing(layer: Layer, x: Tensor, stream = 1): { a: Float64Array; slope: Float64Array } {
  const context = new TraceContext('float64')
  const input = inputNode(x.shape)
  const built = layer.build([x.shape.slice(1)], 'layer_1')
  const { a } = built.call([Tensor.fromNode(input, context)], {}, { training: true, trainable: true, stream })
  const fetches = [nodeOf(a)!, ...gradients(nodeOf(ops.sumSquares(a))!, [input])]
  using program = CompiledProgram.of('layer_1', { ...emptyProgram('float64'), inputs: [input], fetches })
  const { buffer } = tensorToNative(x, 'float64')
  const found = program.runSync({ inputs: [buffer], seed: 0n }).fetches
  const [values, slope] = found.map((fetched) => native.bufferRead(fetched) as Float64Array)
  for (const fetched of found) native.bufferDispose(fetched)
  return { a: values, slope }
}
