import { isArrayOf, newArray, type NativeArray } from '../base/dtype'
import { sliceLength, slices, type Sliced } from '../base/slices'
import { needsClasses } from './classes'
import type { MetricKind } from './metric'
import { areaUnderCurve, meanOfNumbers } from './roc'

/**
 * Area under the ROC curve, exact: the share of (positive, negative) pairs that the scores put in the right order, ties
 * counting half. With several outputs the mean over the outputs, each class against the rest. NaN where only one of the
 * two classes occurs.
 */
export const auc: MetricKind = {
  largerIsBetter: true,
  bind(where, context) {
    needsClasses(where, 'auc', context)
    return {
      name: 'auc',
      config: 'auc',
      *ofAll(yTrue, yPred, m) {
        const { kind, outputs, positions, fromLogits } = context
        const answers = m * positions
        const isClasses = kind === 'classes' && outputs > 1
        const scores = fromLogits && isClasses ? yield* logOdds(yPred, outputs) : yPred
        const classes = isClasses ? yield* classNumbers(yTrue, answers) : null
        const column = newArray(isArrayOf('float32', scores) ? 'float32' : 'float64', answers)
        const areas: number[] = []
        for (let output = 0; output < outputs; output++) {
          // The scores of the positives from the front, those of the negatives behind them.
          let [positives, end] = [0, answers]
          for (const [from, to] of slices(answers)) {
            for (let row = from, at = from * outputs + output; row < to; row++, at += outputs) {
              if (Number.isNaN(scores[at])) return NaN
              const isPositive = classes ? classes[row] === output : yTrue[at] > 0.5
              column[isPositive ? positives++ : --end] = scores[at]
            }
            yield
          }
          areas.push(yield* areaUnderCurve(column.subarray(0, positives), column.subarray(positives)))
        }
        return meanOfNumbers(areas)
      },
    }
  },
}

/** The class of each answer; of rows of several numbers the largest, as accuracy takes it. */
function* classNumbers(yTrue: NativeArray, answers: number): Sliced<NativeArray> {
  const width = yTrue.length / answers
  if (width === 1) return yTrue
  const classes = new Float64Array(answers)
  for (const [from, to] of slices(answers, Math.ceil(sliceLength / width))) {
    for (let row = from; row < to; row++) classes[row] = largestOf(yTrue, row * width, width)
    yield
  }
  return classes
}

/** The place of the first of the largest of `count` values from `at` on. */
function largestOf(values: NativeArray, at: number, count: number): number {
  let best = 0
  for (let c = 1; c < count; c++) if (values[at + c] > values[at + best]) best = c
  return best
}

/**
 * log(p/(1 − p)) of the softmax of each row, z_c − log Σ_{j≠c} exp(z_j): they order rows as the probabilities do, but
 * stay apart where these round to 0 or 1.
 */
function* logOdds(z: NativeArray, classes: number): Sliced<Float64Array> {
  const result = new Float64Array(z.length)
  const rows = z.length / classes
  for (const [from, to] of slices(rows, Math.ceil((sliceLength >> 3) / classes))) {
    for (let row = from; row < to; row++) {
      const at = row * classes
      const best = largestOf(z, at, classes)
      let second = -Number.MAX_VALUE // also where all others are −Infinity
      for (let c = 0; c < classes; c++) if (c !== best && z[at + c] > second) second = z[at + c]
      // Without the largest: from 1 to classes − 1.
      let others = 0
      for (let c = 0; c < classes; c++) if (c !== best) others += Math.exp(z[at + c] - second)
      result[at + best] = z[at + best] - second - Math.log(others)
      const shift = Math.exp(second - z[at + best])
      for (let c = 0; c < classes; c++) {
        if (c === best) continue
        // In units of exp(the largest): 1 for it, and what the others but c have.
        const rest = Math.max(0, others - Math.exp(z[at + c] - second)) * shift
        result[at + c] = z[at + c] - z[at + best] - Math.log1p(rest)
      }
    }
    yield
  }
  return result
}
