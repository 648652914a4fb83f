/**
 * Metrics of hits (tp), false alarms (fp) and misses (fn), each 0 where its denominator is 0. With several classes or
 * outputs they are the mean over those that occur among targets or predictions (macro average).
 */
import * as ops from '../ops'
import { indicators, needsClasses } from './classes'
import type { MetricKind } from './metric'

/** tp/(tp + fp). */
export const precision = confusionMetric('precision', (predicted) => predicted)

/** tp/(tp + fn). */
export const recall = confusionMetric('recall', (_predicted, actual) => actual)

/** 2tp/(2tp + fp + fn), the harmonic mean of precision and recall. */
export const f1 = confusionMetric('f1', (predicted, actual) => (predicted + actual) / 2)

/** tp divided by what `of` makes of the numbers of predictions, tp + fp, and of targets, tp + fn. */
function confusionMetric(name: string, of: (predicted: number, actual: number) => number): MetricKind {
  return {
    largerIsBetter: true,
    bind(where, context) {
      needsClasses(where, name, context)
      return {
        name,
        config: name,
        statistics(yTrue, yPred) {
          const { truth, predicted } = indicators(yTrue, yPred, context)
          return [ops.mul(truth, predicted), predicted, truth].map((counted) => ops.sum(counted, { axis: 0 }))
        },
        finish([hits, predicted, actual]) {
          let total = 0
          let occurring = 0
          hits.forEach((hit, i) => {
            if (predicted[i] + actual[i] === 0) return
            occurring++
            const all = of(predicted[i], actual[i])
            if (all > 0) total += hit / all
          })
          return occurring === 0 ? 0 : total / occurring
        },
      }
    },
  }
}
