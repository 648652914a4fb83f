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

/** Class number of each of `answers`. Targets of one number for each are class numbers already. */
export function classOf(values: Tensor, answers: number): Tensor {
  if (values.size === answers) return ops.reshape(values, [answers])
  return ops.argmax(ops.reshape(values, [answers, values.size / answers]), { axis: 1 })
}

/** Answers in a batch of predictions. */
export function answersIn(yPred: Tensor, { positions }: MetricContext): number {
  return yPred.shape[0] * positions
}

/** 0/1 matrices [answers, n] of what is true and what was predicted; one column per class or output. */
export function indicators(yTrue: Tensor, yPred: Tensor, context: MetricContext): { truth: Tensor; predicted: Tensor } {
  if (context.kind === 'classes') {
    const answers = answersIn(yPred, context)
    return {
      truth: ops.oneHot(classOf(yTrue, answers), context.outputs),
      predicted: ops.oneHot(classOf(yPred, answers), context.outputs),
    }
  }
  // Yes is a > 0.5; for scores z > 0.
  const predicted = ops.greater(asRows(yPred), context.fromLogits ? 0 : 0.5)
  return { truth: ops.greater(ops.reshape(yTrue, predicted.shape), 0.5), predicted }
}
