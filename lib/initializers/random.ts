import { newArray } from '../base/dtype'
import type { Json } from '../base/json'
import * as ops from '../ops'
import type { Initializer, InitializerContext } from './initializer'

/** offset + scale·r with r from N(0, 1) or from [0, 1). */
export function random(
  config: Json,
  kind: 'normal' | 'uniform',
  law: (context: InitializerContext) => { offset: number; scale: number },
): Initializer {
  return {
    config,
    create(shape, context) {
      const { offset, scale } = law(context)
      const options = { seed: context.seed, stream: context.stream, dtype: 'float64' as const }
      const drawn = kind === 'normal' ? ops.randomNormal(shape, options) : ops.randomUniform(shape, options)
      const values = drawn.data
      drawn.dispose()
      const result = newArray(context.dtype, values.length)
      for (let i = 0; i < values.length; i++) result[i] = offset + scale * values[i]
      return result
    },
  }
}
