import { nonNegativeNumber } from '../base/checks'
import { exactlyOne, magnitudes, type Regularizer } from './regularizer'

/** On the scale of 1/2m (`lambda`) or on Keras's (`l1`): one of the two. */
export type L1Options = { lambda: number } | { l1: number }

/**
 * `l1({ lambda })`: (λ/2m)·Σ|W|. `l1({ l1 })`: l1·Σ|W|. The coefficient is at least 0; the derivative at 0 is 0, so
 * zeros stay zeros.
 */
export function l1(options: L1Options): Regularizer {
  const where = 'regularizers.l1'
  const given = options as { lambda: number; l1: number }
  if (exactlyOne(where, options, ['lambda', 'l1']) === 'lambda') {
    const lambda = nonNegativeNumber(`${where}: lambda`, given.lambda)
    return { config: { kind: 'l1', lambda }, penalty: (weight) => ({ perExample: magnitudes(weight, lambda / 2) }) }
  }
  const factor = nonNegativeNumber(`${where}: l1`, given.l1)
  return { config: { kind: 'l1', l1: factor }, penalty: (weight) => ({ absolute: magnitudes(weight, factor) }) }
}
