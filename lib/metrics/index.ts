/** The table of metrics, and how options and files name them. */
import { checkOptions, functionOption, nonEmptyString, oneOf } from '../base/checks'
import { customFunction, isFunctionConfig, type Custom, type Named } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import type { Json } from '../base/json'
import { accuracy } from './accuracy'
import { auc } from './auc'
import { f1, precision, recall } from './confusion'
import { meanAbsoluteError, meanSquaredError } from './mean-error'
import type { Metric, MetricContext, MetricFunction, MetricKind } from './metric'
import { ownMetric } from './own'

export { metricContext } from './context'
export { isRanked } from './metric'
export type { Metric, MetricContext, MetricFunction, RankedMetric } from './metric'

const table = { accuracy, precision, recall, f1, auc, meanAbsoluteError, meanSquaredError }

export type MetricName = keyof typeof table
/** A name, or a function (yTrue, yPred) => scalar with a name for histories. */
export type MetricSpec = MetricName | Named<MetricFunction>

const kinds: Readonly<Record<MetricName, MetricKind>> = table
const metricNames = Object.keys(table) as MetricName[]

/**
 * Whether larger values are better of what histories call `name`: a loss or a metric of the table, `val_…` or
 * `<output>_…`. Null where nobody knows: metrics and values of the user's own.
 */
export function largerIsBetter(name: string): boolean | null {
  const isCalled = (known: string) => name === known || name.endsWith(`_${known}`)
  if (isCalled('loss') || isCalled('dataLoss')) return false
  const metric = metricNames.find(isCalled)
  return metric === undefined ? null : kinds[metric].largerIsBetter
}

export type MetricList = readonly MetricSpec[]

/**
 * The names of metrics as far as TypeScript knows them: `string` where it does not, for a list that is not written out,
 * and for one of several lists or entries. Undefined are those that compile was not given.
 */
export type MetricNames<Metrics extends MetricList | undefined> = undefined extends Metrics
  ? never
  : IsUnion<Metrics> extends true
    ? string
    : Metrics extends MetricList
      ? number extends Metrics['length']
        ? string
        : NameOf<{ [At in keyof Metrics]: IsUnion<Metrics[At]> extends true ? string : Metrics[At] }[number]>
      : never
type NameOf<Spec> = Spec extends { name: infer Name extends string } ? Name : Spec extends string ? Spec : never
type IsUnion<Type, Each = Type> = Type extends unknown ? ([Each] extends [Type] ? false : true) : never

/**
 * Resolves the `metrics` option. Throws OptionError for unknown, repeated or reserved names and for metrics that do not
 * fit.
 */
export function toMetrics(where: string, specs: readonly MetricSpec[] | undefined, context: MetricContext): Metric[] {
  if (specs === undefined) return []
  if (!Array.isArray(specs))
    throw new OptionError(`${where}: expected an array of metrics, got ${describeValue(specs)}.`)
  // Holes of a list are undefined.
  const metrics = Array.from(specs, (spec: MetricSpec, i) => toMetric(`${where}[${i}]`, spec, context))
  metrics.forEach((metric, i) => {
    if (metrics.findIndex((other) => other.name === metric.name) !== i)
      throw new OptionError(`${where}: expected each metric once, got '${metric.name}' twice.`)
  })
  return metrics
}

function toMetric(where: string, spec: MetricSpec, context: MetricContext): Metric {
  if (typeof spec === 'object' && spec !== null) {
    checkOptions(where, spec, ['name', 'fn'])
    return ownMetric(where, nonEmptyString(`${where}: name`, spec.name), functionOption(`${where}: fn`, spec.fn))
  }
  if (typeof spec === 'function')
    throw new OptionError(`${where}: expected { name, fn }, got ${describeValue(spec)}. A metric needs a name.`)
  return kinds[oneOf(where, spec, metricNames)].bind(where, context)
}

/** Rebuilds what `Metric.config` describes, as an option. */
export function metricFromConfig(config: Json, custom?: Custom): MetricSpec {
  if (isFunctionConfig(config))
    return { name: config.custom, fn: customFunction<MetricFunction>('metric', config.custom, custom) }
  return oneOf('metric', config, metricNames)
}
