import type { NativeArray } from '../base/dtype'
import { asRows } from '../losses/rows'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import { indicators, needsClasses } from './classes'
import type { MetricKind } from './metric'
import { areaFromThresholds, areaUnderCurve, thresholdStatistics } from './roc'

/**
 * Area under the ROC curve; with several outputs the mean over the outputs, each class against the rest. While training
 * from 4,096 thresholds, in `evaluate` exact (ties count half). NaN where only one of the two classes occurs.
 */
export const auc: MetricKind = {
  largerIsBetter: true,
  bind(where, context) {
    needsClasses(where, 'auc', context)
    const { kind, outputs, positions, fromLogits } = context
    // One softmax or sigmoid puts scores where the thresholds are.
    const probabilities = (yPred: Tensor): Tensor => {
      const rows = positions === 1 ? asRows(yPred) : ops.reshape(yPred, [yPred.size / outputs, outputs])
      if (!fromLogits) return rows
      return kind === 'classes' ? ops.softmax(rows) : ops.sigmoid(rows)
    }
    return {
      name: 'auc',
      config: 'auc',
      statistics(yTrue, yPred) {
        const { truth } = indicators(yTrue, yPred, context)
        return thresholdStatistics(truth, probabilities(yPred))
      },
      finish: (totals) => areaFromThresholds(totals),
      exact(yTrue, yPred, m) {
        const answers = m * positions
        const isClassNumber = kind === 'classes' && yTrue.length === answers && outputs > 1
        const truth = (row: number, output: number): boolean =>
          isClassNumber ? yTrue[row] === output : yTrue[row * outputs + output] > 0.5
        const scores = fromLogits && kind === 'classes' ? softmaxRows(yPred, outputs) : yPred
        return areaUnderCurve(truth, (row, output) => scores[row * outputs + output], answers, outputs)
      },
    }
  },
}

/** Softmax of each row in float64: scores of different rows can be compared only after it. */
function softmaxRows(z: NativeArray, classes: number): Float64Array {
  const result = Float64Array.from(z)
  for (let start = 0; start < result.length; start += classes) {
    const row = result.subarray(start, start + classes)
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity)
    let total = 0
    for (let c = 0; c < classes; c++) total += row[c] = Math.exp(row[c] - largest)
    for (let c = 0; c < classes; c++) row[c] /= total
  }
  return result
}
