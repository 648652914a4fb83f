import { nonNegativeNumber } from '../../base/checks'
import { randomUniform } from '../../graph/build'
import * as ops from '../../ops'
import { contextOf, Tensor } from '../../tensor/tensor'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, onlyInput, withoutWeights, type CommonOptions } from '../options'

export interface GaussianNoiseOptions extends CommonOptions {
  /** The standard deviation of what is added, at least 0. */
  stddev: number
}

/** Streams of layers, programs and initial weights lie below it: the second draw of a layer has a stream of its own. */
const secondDraw = 2 ** 30

/**
 * x + stddev·ε in training steps, ε of the standard normal distribution, drawn afresh for every entry, example and
 * step (Box and Muller 1958). The identity in evaluation and prediction, and with stddev 0. Keeps the shape.
 */
export function gaussianNoise(options: GaussianNoiseOptions): Layer<NoWeights> {
  const where = 'layers.gaussianNoise'
  const common = commonOptions(where, options, ['stddev'])
  const stddev = nonNegativeNumber(`${where}: stddev`, options?.stddev)
  return makeLayer({
    kind: 'gaussianNoise',
    ...common,
    config: { stddev },
    build: (inputs, layerName) =>
      withoutWeights(
        onlyInput(layerName, inputs),
        ([x], _w, { training, stream }) => {
          if (!training || stddev === 0) return { a: x }
          const draw = (from: number) => Tensor.fromNode(randomUniform(x.shape, from), contextOf(x) ?? x.dtype)
          // 1 − u lies in (0, 1], so that its logarithm is finite.
          const radius = ops.sqrt(ops.mul(-2, ops.log(ops.sub(1, draw(stream)))))
          const angle = ops.mul(2 * Math.PI, draw(stream + secondDraw))
          return { a: ops.add(x, ops.mul(stddev, ops.mul(radius, ops.cos(angle)))) }
        },
        { stochastic: stddev !== 0, passes: true },
      ),
  })
}
