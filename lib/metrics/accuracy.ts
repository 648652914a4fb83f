import * as ops from '../ops'
import { answersIn, classOf, indicators, needsClasses } from './classes'
import type { MetricKind } from './metric'

/** Share of right answers: of examples, or of positions (largest class), or, for sigmoid outputs, of outputs (threshold 0.5). */
export const accuracy: MetricKind = {
  largerIsBetter: true,
  bind(where, context) {
    needsClasses(where, 'accuracy', context)
    const { kind, outputs, positions } = context
    return {
      name: 'accuracy',
      config: 'accuracy',
      statistics(yTrue, yPred) {
        if (kind === 'classes') {
          const answers = answersIn(yPred, context)
          return [ops.sum(ops.equal(classOf(yTrue, answers), classOf(yPred, answers)))]
        }
        const { truth, predicted } = indicators(yTrue, yPred, context)
        return [ops.sum(ops.equal(truth, predicted))]
      },
      finish: ([right], m) => right[0] / (m * (kind === 'classes' ? positions : outputs)),
    }
  },
}
