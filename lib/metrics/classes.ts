/** What targets and predictions say about classes: for the metrics that count right and wrong answers. */
import { OptionError } from '../base/errors'
import { asRows } from '../losses/rows'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import type { MetricContext } from './metric'

export function needsClasses(where: string, name: string, context: MetricContext): void {
  if (context.kind === 'values')
    throw new OptionError(
      `${where}: '${name}' needs predictions of classes (a sigmoid or softmax output, or a cross-entropy from ` +
        `logits), but the outputs are plain numbers. Use 'meanAbsoluteError' or 'meanSquaredError'.`,
    )
}

/** Class number of each row, [m]. Targets of one number per row are class numbers already. */
export function classOf(values: Tensor): Tensor {
  const rows = values.shape[0]
  return values.size === rows ? ops.reshape(values, [rows]) : ops.argmax(asRows(values), { axis: 1 })
}

/** 0/1 matrices [m, n] of what is true and what was predicted; one column per class or output. */
export function indicators(yTrue: Tensor, yPred: Tensor, context: MetricContext): { truth: Tensor; predicted: Tensor } {
  if (context.kind === 'classes') {
    return {
      truth: ops.oneHot(classOf(yTrue), context.outputs),
      predicted: ops.oneHot(classOf(yPred), context.outputs),
    }
  }
  // Yes is a > 0.5; for scores z > 0.
  const predicted = ops.greater(asRows(yPred), context.fromLogits ? 0 : 0.5)
  return { truth: ops.greater(ops.reshape(yTrue, predicted.shape), 0.5), predicted }
}
