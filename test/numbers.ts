/** Small tools for tests that compare numbers. */
import { expect } from 'chai'
import { tensor, type NestedNumbers, type Tensor } from '../lib/tensor/tensor'

/** A float64 tensor. */
export const t = (data: NestedNumbers, shape?: number[]): Tensor => tensor(data, shape, { dtype: 'float64' })

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
