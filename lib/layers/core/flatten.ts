import { checkOptions } from '../../base/checks'
import { sizeOf } from '../../base/shape'
import * as ops from '../../ops'
import type { Layer, NoWeights } from '../layer'
import { nameOption, withoutWeights } from '../options'

/** [m, a, b, …] → [m, a·b·…], row by row. Copies nothing. */
export function flatten(options?: { name?: string | undefined }): Layer<NoWeights> {
  const where = 'layers.flatten'
  checkOptions(where, options, ['name'])
  return {
    kind: 'flatten',
    name: nameOption(where, options?.name),
    config: {},
    build(inputShape) {
      const size = sizeOf(inputShape)
      return withoutWeights([size], (x) => ({ a: ops.reshape(x, [x.shape[0], size]) }))
    },
  }
}
