import { numberInRange } from '../../base/checks'
import { OptionError } from '../../base/errors'
import { randomUniform } from '../../graph/build'
import * as ops from '../../ops'
import { contextOf, Tensor } from '../../tensor/tensor'
import { makeLayer, type Layer, type NoWeights } from '../layer'
import { commonOptions, onlyInput, withoutWeights, type CommonOptions } from '../options'

/** One of the two: the probability to keep a unit, 0 < keepProb ≤ 1, or to drop it, rate = 1 − keepProb. */
export type DropoutOptions = ({ keepProb: number; rate?: undefined } | { rate: number; keepProb?: undefined }) &
  CommonOptions

/**
 * Inverted dropout (Srivastava et al. 2014): in training steps each entry is kept with probability keepProb and divided
 * by it, else set to 0, freshly for every example and step. The identity in evaluation and prediction, and with
 * keepProb 1. Keeps the shape.
 */
export function dropout(options: DropoutOptions): Layer<NoWeights> {
  const where = 'layers.dropout'
  const common = commonOptions(where, options, ['keepProb', 'rate'])
  const { keepProb, rate }: { keepProb?: number; rate?: number } = options ?? {}
  if ((keepProb === undefined) === (rate === undefined)) {
    const found = keepProb === undefined ? 'neither' : 'both'
    throw new OptionError(`${where}: expected exactly one of 'keepProb' and 'rate' (= 1 − keepProb), got ${found}.`)
  }
  const keep =
    rate === undefined
      ? numberInRange(`${where}: keepProb`, keepProb, 0, 1, '(]')
      : 1 - numberInRange(`${where}: rate`, rate, 0, 1, '[)')
  return makeLayer({
    kind: 'dropout',
    ...common,
    config: { keepProb: keep },
    build: (inputs, layerName) =>
      withoutWeights(
        onlyInput(layerName, inputs),
        ([x], _w, { training, stream }) => {
          if (!training || keep === 1) return { a: x }
          const uniform = Tensor.fromNode(randomUniform(x.shape, stream), contextOf(x) ?? x.dtype)
          // The gradient of select takes the same mask and 1/keepProb; a dropped NaN or Infinity stays dropped.
          return { a: ops.select(ops.less(uniform, keep), ops.mul(x, 1 / keep), 0) }
        },
        { stochastic: keep !== 1, passes: true },
      ),
  })
}
