import { nonNegativeNumber } from '../base/checks'
import { exactlyOne, squares, type Regularizer } from './regularizer'

/** On the scale of 1/2m (`lambda`) or on Keras's (`l2`): one of the two. */
export type L2Options = { lambda: number } | { l2: number }

/** `l2({ lambda })`: (λ/2m)·‖W‖²_F. `l2({ l2 })`: l2·‖W‖²_F. The coefficient is at least 0. */
export function l2(options: L2Options): Regularizer {
  const where = 'regularizers.l2'
  const given = options as { lambda: number; l2: number }
  if (exactlyOne(where, options, ['lambda', 'l2']) === 'lambda') {
    const lambda = nonNegativeNumber(`${where}: lambda`, given.lambda)
    return { config: { kind: 'l2', lambda }, penalty: (weight) => ({ perExample: squares(weight, lambda / 2) }) }
  }
  const factor = nonNegativeNumber(`${where}: l2`, given.l2)
  return { config: { kind: 'l2', l2: factor }, penalty: (weight) => ({ absolute: squares(weight, factor) }) }
}
