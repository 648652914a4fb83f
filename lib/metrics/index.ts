/**
 * Metrics: numbers that tell how good predictions are. Each declares statistics of a batch as tensors, which are added
 * over all batches in float64, and turns the totals into one number at the end. Metrics ignore sample weights.
 */
import { checkOptions, functionOption, nonEmptyString, oneOf } from '../base/checks'
import { customFunction, isFunctionConfig, type Custom } from '../base/custom'
import type { NativeArray } from '../base/dtype'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import type { Json } from '../base/json'
import { shapeText, type Shape } from '../base/shape'
import type { Loss } from '../losses'
import * as ops from '../ops'
import { Tensor } from '../tensor/tensor'
import { areaFromThresholds, areaUnderCurve, thresholdStatistics } from './auc'

export type MetricName = 'accuracy' | 'precision' | 'recall' | 'f1' | 'auc' | 'meanAbsoluteError' | 'meanSquaredError'
/** (yTrue, yPred) => scalar, written with `ops`: the mean over a batch. Batches count by their size. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor
export type MetricSpec = MetricName | { name: string; fn: MetricFunction }

/** What the predictions are. */
export interface MetricContext {
  /** 'binary': each output a probability of its own; 'classes': one probability per class; 'values': numbers. */
  kind: 'binary' | 'classes' | 'values'
  /** Number of outputs (classes) per example. */
  outputs: number
  /** True where predictions are scores z, not probabilities. */
  fromLogits: boolean
}

/** A metric bound to what the model's predictions are. */
export interface Metric {
  /** Key in the history and in what `evaluate` returns. */
  readonly name: string
  /** For files. */
  readonly config: Json
  /** Records the batch's statistics: small tensors that are added over batches. */
  statistics(yTrue: Tensor, yPred: Tensor): Tensor[]
  /** The metric from the totals of `statistics` (flat, in order) over m examples. */
  finish(totals: readonly Float64Array[], m: number): number
  /** Where present, `evaluate` uses this instead: exact, from all targets and predictions (flat, m rows). */
  exact?(yTrue: NativeArray, yPred: NativeArray, m: number): number
}

/** Names that already mean something in a history. */
const reservedNames = ['epoch', 'loss', 'dataLoss', 'learningRate']
const metricNames: readonly MetricName[] = [
  'accuracy',
  'precision',
  'recall',
  'f1',
  'auc',
  'meanAbsoluteError',
  'meanSquaredError',
]

/** What the predictions of a model with this loss, last activation and output shape are. */
export function metricContext(loss: Loss, activation: string, outputShape: Shape): MetricContext {
  const outputs = outputShape.reduce((product, size) => product * size, 1)
  const classes = activation === 'softmax' || loss.targets === 'classNumbers' || loss.targets === 'oneHot'
  const binary = activation === 'sigmoid' || loss.targets === 'labels'
  return { kind: classes ? 'classes' : binary ? 'binary' : 'values', outputs, fromLogits: loss.fromLogits }
}

/**
 * Resolves the `metrics` option. Throws OptionError for unknown, repeated or reserved names and for metrics that do not
 * fit.
 */
export function toMetrics(where: string, specs: readonly MetricSpec[] | undefined, context: MetricContext): Metric[] {
  if (specs === undefined) return []
  if (!Array.isArray(specs))
    throw new OptionError(`${where}: expected an array of metrics, got ${describeValue(specs)}.`)
  const metrics = specs.map((spec: MetricSpec, i) => toMetric(`${where}[${i}]`, spec, context))
  metrics.forEach((metric, i) => {
    if (metrics.findIndex((other) => other.name === metric.name) !== i)
      throw new OptionError(`${where}: expected each metric once, got '${metric.name}' twice.`)
  })
  return metrics
}

function toMetric(where: string, spec: MetricSpec, context: MetricContext): Metric {
  if (typeof spec === 'object' && spec !== null) {
    checkOptions(where, spec, ['name', 'fn'])
    return customMetric(where, nonEmptyString(`${where}: name`, spec.name), functionOption(`${where}: fn`, spec.fn))
  }
  if (typeof spec === 'function')
    throw new OptionError(`${where}: expected { name, fn }, got ${describeValue(spec)}. A metric needs a name.`)
  const name = oneOf(where, spec, metricNames)
  switch (name) {
    case 'accuracy':
      needsClasses(where, name, context)
      return accuracy(context)
    case 'precision':
    case 'recall':
    case 'f1':
      needsClasses(where, name, context)
      return confusionMetric(name, context)
    case 'auc':
      needsClasses(where, name, context)
      return auc(context)
    default:
      return errorMetric(where, name, context)
  }
}

function needsClasses(where: string, name: string, context: MetricContext): void {
  if (context.kind === 'values')
    throw new OptionError(
      `${where}: '${name}' needs predictions of classes (a sigmoid or softmax output, or a cross-entropy from logits), ` +
        `but the outputs are ` +
        "plain numbers. Use 'meanAbsoluteError' or 'meanSquaredError'.",
    )
}

/** [m, n], n from the number of elements. */
function asRows(values: Tensor): Tensor {
  return values.rank === 2 ? values : ops.reshape(values, [values.shape[0], values.size / values.shape[0]])
}

/** Class number of each row, [m]. Targets of one number per row are class numbers already. */
function classOf(values: Tensor): Tensor {
  const rows = values.shape[0]
  return values.size === rows ? ops.reshape(values, [rows]) : ops.argmax(asRows(values), { axis: 1 })
}

/** 1 where the (first-kind) prediction says yes: a > 0.5, for scores z > 0. [m, n] */
function positives(yPred: Tensor, context: MetricContext): Tensor {
  return ops.greater(asRows(yPred), context.fromLogits ? 0 : 0.5)
}

/** 0/1 matrices [m, n] of what is true and what was predicted; one column per class or output. */
function indicators(yTrue: Tensor, yPred: Tensor, context: MetricContext): { truth: Tensor; predicted: Tensor } {
  if (context.kind === 'classes') {
    return {
      truth: ops.oneHot(classOf(yTrue), context.outputs),
      predicted: ops.oneHot(classOf(yPred), context.outputs),
    }
  }
  const predicted = positives(yPred, context)
  return { truth: ops.greater(ops.reshape(yTrue, predicted.shape), 0.5), predicted }
}

/** Share of right answers: of examples (largest class) or, for sigmoid outputs, of outputs (threshold 0.5). */
function accuracy(context: MetricContext): Metric {
  return {
    name: 'accuracy',
    config: 'accuracy',
    statistics(yTrue, yPred) {
      if (context.kind === 'classes') return [ops.sum(ops.equal(classOf(yTrue), classOf(yPred)))]
      const { truth, predicted } = indicators(yTrue, yPred, context)
      return [ops.sum(ops.equal(truth, predicted))]
    },
    finish: ([right], m) => right[0] / (context.kind === 'classes' ? m : m * context.outputs),
  }
}

/**
 * precision = tp/(tp+fp), recall = tp/(tp+fn), f1 = 2tp/(2tp+fp+fn), each 0 where the denominator is 0. With several
 * classes or outputs the mean over those that occur among targets or predictions (macro average).
 */
function confusionMetric(name: 'precision' | 'recall' | 'f1', context: MetricContext): Metric {
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
        const of = name === 'precision' ? predicted[i] : name === 'recall' ? actual[i] : (predicted[i] + actual[i]) / 2
        if (of > 0) total += hit / of
      })
      return occurring === 0 ? 0 : total / occurring
    },
  }
}

/**
 * Area under the ROC curve; with several outputs the mean over the outputs, each class against the rest. While training
 * from 4,096 thresholds, in `evaluate` exact (ties count half). NaN where only one of the two classes occurs.
 */
function auc(context: MetricContext): Metric {
  // One softmax or sigmoid puts scores where the thresholds are.
  const probabilities = (yPred: Tensor): Tensor => {
    const rows = asRows(yPred)
    if (!context.fromLogits) return rows
    return context.kind === 'classes' ? ops.softmax(rows) : ops.sigmoid(rows)
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
      const { outputs, kind } = context
      const isClassNumber = kind === 'classes' && yTrue.length === m && outputs > 1
      const truth = (row: number, output: number): boolean =>
        isClassNumber ? yTrue[row] === output : yTrue[row * outputs + output] > 0.5
      const scores = context.fromLogits && kind === 'classes' ? softmaxRows(yPred, outputs) : yPred
      return areaUnderCurve(truth, (row, output) => scores[row * outputs + output], m, outputs)
    },
  }
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

/** Mean over examples and outputs of |a − y| or (a − y)². */
function errorMetric(where: string, name: 'meanAbsoluteError' | 'meanSquaredError', context: MetricContext): Metric {
  return {
    name,
    config: name,
    statistics(yTrue, yPred) {
      if (yTrue.size !== yPred.size)
        throw new ShapeError(
          `${where}: '${name}' needs targets in the shape of the output ` +
            `${shapeText(yPred.shape)}, got ${shapeText(yTrue.shape)}. ` +
            "For class numbers use 'accuracy'.",
        )
      const predicted = asRows(yPred)
      const difference = ops.sub(predicted, ops.reshape(yTrue, predicted.shape))
      return [name === 'meanAbsoluteError' ? ops.sum(ops.abs(difference)) : ops.sumSquares(difference)]
    },
    finish: ([total], m) => total[0] / (m * context.outputs),
  }
}

function customMetric(where: string, name: string, fn: MetricFunction): Metric {
  if (reservedNames.includes(name) || name.startsWith('val_'))
    throw new OptionError(`${where}: the name '${name}' is taken in histories. Choose another.`)
  return {
    name,
    config: { custom: name },
    statistics(yTrue, yPred) {
      const value: unknown = fn(yTrue, yPred)
      if (!(value instanceof Tensor))
        throw new OptionError(`metric '${name}': expected a scalar Tensor, got ${describeValue(value)}.`)
      if (value.size !== 1)
        throw new ShapeError(
          `metric '${name}': expected a scalar, got shape ${shapeText(value.shape)}. ` +
            `Use ops.mean or ops.sum over all axes.`,
        )
      return [ops.mul(yPred.shape[0], ops.reshape(value, []))]
    },
    finish: ([total], m) => total[0] / m,
  }
}

/** Rebuilds what `Metric.config` describes, as an option. */
export function metricFromConfig(config: Json, custom?: Custom): MetricSpec {
  if (isFunctionConfig(config))
    return { name: config.custom, fn: customFunction<MetricFunction>('metric', config.custom, custom) }
  return oneOf('metric', config, metricNames)
}
