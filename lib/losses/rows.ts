/** Values of a batch as rows, one an example: what losses and metrics share. */
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'

/** [m, n]: all but the first axis as one. */
export function asRows(values: Tensor): Tensor {
  return values.rank === 2 ? values : ops.reshape(values, [values.shape[0], values.size / values.shape[0]])
}

/** Σ over all but the first axis, [m, 1]. */
export function rowSums(values: Tensor): Tensor {
  return ops.sum(asRows(values), { axis: 1, keepDims: true })
}

/** The mean over all but the first axis, [m, 1]. */
export function rowMeans(values: Tensor): Tensor {
  const width = values.size / values.shape[0]
  return width === 1 ? asRows(values) : ops.div(rowSums(values), width)
}

/** Targets in the shape of the output; [m] for an output of width 1 gains its axis. */
export function inShapeOf(output: Tensor, yTrue: Tensor): Tensor {
  return yTrue.rank === output.rank ? yTrue : ops.reshape(yTrue, output.shape)
}
