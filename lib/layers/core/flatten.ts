import { sizeOf } from '../../base/shape'
import * as ops from '../../ops'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, onlyInput, withoutWeights, type CommonOptions } from '../options'

/** [m, a, b, …] → [m, a·b·…], row by row. Copies nothing. */
export function flatten(options?: CommonOptions): Layer<NoWeights> {
  const common = commonOptions('layers.flatten', options)
  return makeLayer({
    kind: 'flatten',
    ...common,
    config: {},
    build(inputs, layerName) {
      const size = sizeOf(onlyInput(layerName, inputs))
      return withoutWeights([size], ([x]) => ({ a: ops.reshape(x, [x.shape[0], size]) }), {
        passes: true,
        moves: true,
      })
    },
  })
}
