/** Small tools for the tests of layers, losses and the like. */
import { expect } from 'chai'
import type { BuiltLayer, LayerContext } from '../../lib/layers/layer'
import { tensor, type NestedNumbers, type Tensor } from '../../lib/tensor/tensor'

/** A float64 tensor. */
export const t = (data: NestedNumbers, shape?: number[]): Tensor => tensor(data, shape, { dtype: 'float64' })

export const inference: LayerContext = { training: false, stream: 0 }

/** Every number within `tolerance` (absolute, and relative for numbers above 1). */
export function close(actual: Tensor | ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12): void {
  const values = 'shape' in actual ? actual.data : actual
  expect(values.length).to.equal(expected.length)
  for (let i = 0; i < values.length; i++) {
    if (Object.is(values[i], expected[i])) continue
    const allowed = tolerance * Math.max(1, Math.abs(expected[i]))
    if (!(Math.abs(values[i] - expected[i]) <= allowed))
      expect(values[i], `element ${i}`).to.be.closeTo(expected[i], allowed)
  }
}

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
