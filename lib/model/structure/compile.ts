/** What compile() is given, checked and resolved. */
import { checkOptions, nonNegativeNumber, positiveNumber } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import type { Json } from '../../base/json'
import { toLoss, type Loss, type LossSpec } from '../../losses'
import { metricContext, toMetrics, type Metric, type MetricList } from '../../metrics'
import { toOptimizer, type Optimizer, type OptimizerName } from '../../optimizers'
import { recordOf } from './record'
import type { Network, NetworkOutput } from './network'

/** Limits gradients before the update: the norm of all of them together, or every element. */
export type GradientClip = { norm: number } | { value: number }

/** Metrics of the only output, or of outputs by name. */
export type MetricLists = MetricList | { readonly [output: string]: MetricList }

export interface CompileOptions<Metrics extends MetricLists | undefined = MetricLists> {
  /** `optimizers.…`, or a name for its defaults. */
  optimizer: Optimizer | OptimizerName
  /**
   * A name, `losses.…`, or (yTrue, yPred) => scalar written with `ops`; for a model with outputs by name, one for each:
   * `{ price: 'meanSquaredError', sold: 'binaryCrossentropy' }`.
   */
  loss: LossSpec | { readonly [output: string]: LossSpec }
  /** What the loss of an output counts in the sum of all, by the output's name. At least 0; default 1. */
  lossWeights?: { readonly [output: string]: number } | undefined
  /** Names, or { name, fn: (yTrue, yPred) => scalar }; by output where outputs have names. Default none. */
  metrics?: Metrics | undefined
  /** Default: no clipping. */
  gradientClip?: GradientClip | undefined
}

/** What is said for each output. */
type OutputOptions = Pick<CompileOptions<MetricLists | undefined>, 'loss' | 'lossWeights' | 'metrics'>

/** What an output is trained and judged by. */
export interface CompiledOutput {
  readonly output: NetworkOutput
  readonly loss: Loss
  /** Of the loss in the sum of all. */
  readonly lossWeight: number
  readonly metrics: readonly Metric[]
  /** What stands before the names of its losses and metrics in logs: '' or 'price_'. */
  readonly prefix: string
}

/** The training side of a model. */
export interface Compiled {
  optimizer: Optimizer
  outputs: readonly CompiledOutput[]
  gradientClip: GradientClip | null
}

/** Names in logs of all metrics, in order. */
export function metricNamesOf({ outputs }: Pick<Compiled, 'outputs'>): string[] {
  return outputs.flatMap(({ prefix, metrics }) => metrics.map(({ name }) => prefix + name))
}

/** Names in logs of the losses of outputs that have names. */
export function lossNamesOf({ outputs }: Pick<Compiled, 'outputs'>): string[] {
  return outputs.flatMap(({ prefix }) => (prefix ? [`${prefix}loss`] : []))
}

/** Names in logs that every model has. */
const commonNames = ['epoch', 'loss', 'dataLoss', 'learningRate']

/** OptionError where two values would stand under one name in logs, in which validation repeats names as 'val_…'. */
function checkLogNames(where: string, compiled: Pick<Compiled, 'outputs'>): void {
  const own = [...lossNamesOf(compiled), ...metricNamesOf(compiled)]
  const names = [...commonNames, ...own]
  const validation = ['loss', 'dataLoss', ...own].map((name) => `val_${name}`)
  const all = [...names, ...validation]
  const twice = all.find((name, i) => all.indexOf(name) !== i)
  if (twice !== undefined)
    throw new OptionError(
      `${where}: expected names of outputs and metrics that tell all logs apart, got two values named '${twice}'. ` +
        'Give the output or the metric another name.',
    )
}

const optionNames = ['optimizer', 'loss', 'lossWeights', 'metrics', 'gradientClip']

export function resolveCompile(
  options: CompileOptions<MetricLists | undefined>,
  network: Network,
): Compiled & { warnings: string[] } {
  const where = 'compile'
  if (options === undefined || options === null)
    throw new OptionError(
      `${where}: expected { optimizer, loss, metrics?, gradientClip? }, got ${describeValue(options)}.`,
    )
  checkOptions(where, options, optionNames)
  if (options.optimizer === undefined)
    throw new OptionError(`${where}: optimizer is missing; for example optimizers.adam().`)
  if (options.loss === undefined) throw new OptionError(`${where}: loss is missing; for example 'meanSquaredError'.`)
  const optimizer = toOptimizer(`${where}: optimizer`, options.optimizer)
  const { outputs, warnings } = resolveOutputs(where, options, network)
  checkLogNames(where, { outputs })
  checkDecay(where, optimizer, network)
  const gradientClip =
    options.gradientClip === undefined ? null : checkClip(`${where}: gradientClip`, options.gradientClip)
  return { optimizer, outputs, gradientClip, warnings }
}

/** Losses and metrics of all outputs, bound to what the network gives. `where` opens the messages of errors. */
export function resolveOutputs(
  where: string,
  options: OutputOptions,
  network: Network,
): { outputs: CompiledOutput[]; warnings: string[] } {
  const warnings: string[] = []
  const outputs = givenByOutput(where, options, network).map(({ output, at, prefix, given }): CompiledOutput => {
    const loss = toLoss(`${where}: loss${at}`, given.loss)
    const warning = loss.checkOutput(output.activation, output.shape)
    if (warning !== null) warnings.push(warning)
    const context = metricContext(loss, output.activation, output.shape)
    const metrics = toMetrics(`${where}: metrics${at}`, given.metrics, context)
    const lossWeight = nonNegativeNumber(`${where}: lossWeights${at}`, given.lossWeight ?? 1)
    return { output, loss, lossWeight, metrics, prefix }
  })
  return { outputs, warnings }
}

interface GivenOutput {
  output: NetworkOutput
  /** Behind the option's name in errors. */
  at: string
  prefix: string
  given: { loss: LossSpec; lossWeight: number | undefined; metrics: MetricList | undefined }
}

/** The options of each output. */
function givenByOutput(
  where: string,
  { loss, lossWeights, metrics }: OutputOptions,
  { outputs, namedOutputs }: Network,
): GivenOutput[] {
  if (!namedOutputs) {
    if (lossWeights !== undefined)
      throw new OptionError(
        `${where}: lossWeights: expected none for a model with one output, got ${describeValue(lossWeights)}.`,
      )
    const given = { loss: loss as LossSpec, lossWeight: undefined, metrics: metrics as MetricList | undefined }
    return [{ output: outputs[0], at: '', prefix: '', given }]
  }
  const names = outputs.map(({ name }) => name)
  const byName = <T>(option: string, value: unknown, partial = true) =>
    recordOf<T>(`${where}: ${option}`, 'output', value, names, partial)
  const losses = byName<LossSpec>('loss', loss, false)
  const weights = byName<number>('lossWeights', lossWeights)
  const lists = byName<MetricList>('metrics', metrics)
  return outputs.map((output) => {
    const { name } = output
    const given = { loss: losses[name], lossWeight: weights[name], metrics: lists[name] }
    return { output, at: `.${name}`, prefix: `${name}_`, given }
  })
}

/** OptionError for weight decay on a table of which an update may change the rows alone that a step reads. */
export function checkDecay(where: string, { decays, kind }: Optimizer, network: Network): void {
  if (!decays) return
  const found = network.weights().find(({ spec }) => spec.updates === 'touched')
  if (found)
    throw new OptionError(
      `${where}: optimizer: expected one without weight decay for '${found.place.name}', whose updates are ` +
        `'touched', got '${kind}': decay changes all rows. Use optimizers.adam, or updates: 'all'.`,
    )
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
