import { sizeOf, type Shape } from '../base/shape'
import type { Loss } from '../losses'
import type { MetricContext } from './metric'

/** What the predictions of a model with this loss, last activation and output shape are. */
export function metricContext(loss: Loss, activation: string, outputShape: Shape): MetricContext {
  const classes = activation === 'softmax' || loss.targets === 'classNumbers' || loss.targets === 'oneHot'
  const binary = activation === 'sigmoid' || loss.targets === 'labels'
  const width = classes ? (outputShape.at(-1) ?? 1) : sizeOf(outputShape)
  return {
    kind: classes ? 'classes' : binary ? 'binary' : 'values',
    outputs: width,
    positions: sizeOf(outputShape) / width,
    fromLogits: loss.fromLogits,
  }
}
