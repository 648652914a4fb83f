/** What compile() is given, checked and resolved. */
import { checkOptions, positiveNumber } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import type { Json } from '../../base/json'
import { toLoss, type Loss, type LossSpec } from '../../losses'
import { metricContext, toMetrics, type Metric, type MetricList } from '../../metrics'
import { toOptimizer, type Optimizer, type OptimizerName } from '../../optimizers'
import type { Network } from './network'

/** Limits gradients before the update: the norm of all of them together, or every element. */
export type GradientClip = { norm: number } | { value: number }

export interface CompileOptions<Metrics extends MetricList | undefined = MetricList> {
  /** `optimizers.…`, or a name for its defaults. */
  optimizer: Optimizer | OptimizerName
  /** A name, `losses.…`, or (yTrue, yPred) => scalar written with `ops`. */
  loss: LossSpec
  /** Names, or { name, fn: (yTrue, yPred) => scalar }. Default none. */
  metrics?: Metrics | undefined
  /** Default: no clipping. */
  gradientClip?: GradientClip | undefined
}

/** The training side of a model. */
export interface Compiled {
  optimizer: Optimizer
  loss: Loss
  metrics: readonly Metric[]
  gradientClip: GradientClip | null
}

export function resolveCompile(
  options: CompileOptions<MetricList | undefined>,
  network: Network,
): Compiled & { warnings: string[] } {
  const where = 'compile'
  if (options === undefined || options === null)
    throw new OptionError(
      `${where}: expected { optimizer, loss, metrics?, gradientClip? }, got ${describeValue(options)}.`,
    )
  checkOptions(where, options, ['optimizer', 'loss', 'metrics', 'gradientClip'])
  if (options.optimizer === undefined)
    throw new OptionError(`${where}: optimizer is missing; for example optimizers.adam().`)
  if (options.loss === undefined) throw new OptionError(`${where}: loss is missing; for example 'meanSquaredError'.`)
  const optimizer = toOptimizer(`${where}: optimizer`, options.optimizer)
  const loss = toLoss(`${where}: loss`, options.loss)
  const warning = loss.checkOutput(network.activation, network.outputShape)
  const metrics = toMetrics(
    `${where}: metrics`,
    options.metrics,
    metricContext(loss, network.activation, network.outputShape),
  )
  const gradientClip =
    options.gradientClip === undefined ? null : checkClip(`${where}: gradientClip`, options.gradientClip)
  return { optimizer, loss, metrics, gradientClip, warnings: warning === null ? [] : [warning] }
}

function checkClip(where: string, clip: unknown): GradientClip {
  checkOptions(where, clip, ['norm', 'value'])
  const { norm, value } = clip as { norm?: unknown; value?: unknown }
  if ((norm === undefined) === (value === undefined))
    throw new OptionError(
      `${where}: expected exactly one of { norm } and { value }, got ${norm === undefined ? 'neither' : 'both'}.`,
    )
  return norm !== undefined
    ? { norm: positiveNumber(`${where}.norm`, norm) }
    : { value: positiveNumber(`${where}.value`, value) }
}

/** For files: `null` for no clipping. */
export function clipFromConfig(config: Json): GradientClip | undefined {
  return config === null ? undefined : checkClip('gradientClip', config)
}
