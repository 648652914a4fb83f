/** What users hold: every method checks its arguments and hands the work to the queue. */
import { dispose } from '../base/disposal'
import { inspect } from 'node:util'
import { booleanOption, checkOptions, checkSignal, oneOf, positiveInteger } from '../base/checks'
import type { DType, Precision } from '../base/dtype'
import { StateError } from '../base/errors'
import type { Shape } from '../base/shape'
import { resolveDevice, type DeviceName } from '../native/devices'
import type { Optimizer } from '../optimizers/optimizer'
import { toSchedule, type LearningRate } from '../schedules'
import type { WeightSetLike } from '../tensor/weight-set'
import type { TargetData } from './data/examples'
import { OpenInputs, type InputData } from './data/inputs'
import { withExamples, withInputs } from './calls'
import { Engine, type ModelParts } from './engine'
import { bytesOf, save, type ContentOptions, type SaveOptions } from './files/save'
import { activations, type LayerActivations } from './infer/activations'
import { defaultChunk } from './infer/chunks'
import { costAndGradients, type CostAndGradients, type CostOptions } from './infer/cost-and-gradients'
import { evaluate, type EvaluateOptions, type Evaluation } from './infer/evaluate'
import { predict, predictSync, type PredictOptions } from './infer/predict'
import type { Parts } from './programs/tracer'
import type { JobQueue } from './queue/queue'
import { resolveCompile, type Compiled, type CompileOptions, type MetricLists } from './structure/compile'
import type { LayerChoice } from './structure/freeze'
import * as listing from './structure/listing'
import { summaryOf } from './summary'
import { adaptOn } from './train/adapt'
import { applyGradients } from './train/apply'
import type * as observed from './train/callback'
import { Fit } from './train/fit'
import { fitDataset, type BatchSource, type FitDatasetOptions as DatasetOptions } from './train/fit-dataset'
import type { FitOptions as OptionsOfFit, WithValidation } from './train/fit-options'
import type { History } from './train/history'
import { openFit } from './train/open-fit'
import { trainOnBatch, type TrainOnBatchOptions } from './train/train-on-batch'
import { warn } from './train/warn'
import type {
  CompiledMetrics,
  InputsIn,
  LogNames,
  MetricsIn,
  ModelTypes,
  PredictionsIn,
  TargetsIn,
  ValidatedLogNames,
  WeightsIn,
  WithMetrics,
} from './types'

// What fit takes and tells, now that there is a model to name.
export type TrainingRun = observed.TrainingRun<Model>
export type Callback = observed.Callback<Model>
export type FitOptions = OptionsOfFit<Model>
export type FitDatasetOptions = DatasetOptions<Model>

/**
 * A network with its weights. Made by `sequential`, `model` or `loadModel`. Long methods return promises and run on the
 * library's own threads, one after the other; during a `fit` they run at a step boundary.
 */
export class Model<Types extends ModelTypes = ModelTypes> {
  readonly #engine: Engine

  /** @internal */
  constructor(parts: ModelParts) {
    this.#engine = new Engine(parts)
  }

  /** For other parts of the library; DisposedError in the words of `where`. @internal */
  internals(where: string): { engine: Engine; parts: Parts; compiled: Compiled | null; queue: JobQueue } {
    const engine = this.#engine
    engine.queue.assertUsable(where)
    const { network, weights, dtype, precision, compiled, queue } = engine
    return { engine, parts: { network, weights, dtype, precision }, compiled, queue }
  }

  get name(): string | null {
    return this.#engine.about.name
  }

  /** Names of the outputs, if given. */
  get labels(): readonly string[] | null {
    return this.#engine.about.labels
  }

  get dtype(): DType {
    return this.#engine.dtype
  }

  /** What matrix products may be computed in on a GPU with tensor cores: the dtype, 'tf32' or 'bf16'. */
  get precision(): Precision {
    return this.#engine.precision
  }

  /** The seed given, or the one drawn. A BigInt only where a number could not hold it. */
  get seed(): number | bigint {
    const { seed } = this.#engine
    return seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : seed
  }

  /** Where weights live and steps run: 'cpu', 'cuda:0', … */
  get device(): string {
    return this.#engine.device
  }

  /** Inputs with their shapes without the batch. */
  get inputs(): listing.InputListing[] {
    return listing.listingOf(this.#engine).inputs
  }

  /** Outputs with their shapes without the batch. */
  get outputs(): listing.OutputListing[] {
    return listing.listingOf(this.#engine).outputs
  }

  /** Of the only input, without the batch. StateError where there are several: see `inputs`. */
  get inputShape(): Shape {
    return listing.only('inputShape', 'inputs', this.inputs).shape
  }

  /** Of the only output, without the batch. StateError where there are several: see `outputs`. */
  get outputShape(): Shape {
    return listing.only('outputShape', 'outputs', this.outputs).shape
  }

  get disposed(): boolean {
    return this.#engine.queue.disposed
  }

  /** Counters of training so far: steps and epochs ever run, updates of the compiled optimiser. */
  get progress(): { steps: number; epochs: number; updates: number } {
    return { ...this.#engine.progress }
  }

  get layers(): listing.LayerListing[] {
    return listing.listingOf(this.#engine).layers
  }

  /** A table of layers, output shapes, weights and counts. */
  summary(): string {
    return summaryOf(this.#engine, this.name)
  }

  /** What console.log shows: the summary. */
  [inspect.custom](): string {
    return this.summary()
  }

  /** JSON holds no weights; what it shows is the summary. `save` and `toBytes` keep a model. */
  toJSON(): string {
    return this.summary()
  }

  /**
   * Chooses optimiser, loss and metrics. Starts the optimiser afresh; weights stay. Returns this model, of which
   * TypeScript then knows the names of the metrics.
   */
  compile<const Metrics extends MetricLists | undefined>(
    options: CompileOptions<Metrics>,
  ): Model<WithMetrics<Types, CompiledMetrics<Metrics>>> {
    const engine = this.#engine
    engine.queue.assertUsable('compile')
    if (engine.queue.owner)
      throw new StateError(`compile: ${engine.queue.owner} is running on this model. Wait for it.`)
    engine.queue.assertQuiet('compile', true)
    const { warnings, ...compiled } = resolveCompile(options, engine.network)
    engine.useCompiled(compiled)
    warnings.forEach(warn)
    return this as unknown as Model<WithMetrics<Types, CompiledMetrics<Metrics>>>
  }

  /**
   * Freezes layers, by names or by a function of what `layers` lists: training and `optimizer.apply` leave their
   * weights and states as they are. Starts the optimiser afresh, as compile does. OptionError for an unknown name.
   */
  freeze(layers: LayerChoice): void {
    this.#engine.setFrozen('freeze', layers, true)
  }

  /** The opposite of `freeze`: all layers unless some are chosen. */
  unfreeze(layers: LayerChoice = () => true): void {
    this.#engine.setFrozen('unfreeze', layers, false)
  }

  /**
   * A new learning rate from the next epoch on: a number, `schedules.…` or a function of { epoch, step }. Its steps
   * count from here; epochs are those of the fit.
   */
  setLearningRate(rate: LearningRate): void {
    this.#engine.queue.assertQuiet('setLearningRate', true)
    this.#engine.requireCompiled('setLearningRate')
    this.#engine.useSchedule(toSchedule('setLearningRate', rate))
  }

  /**
   * Trains on rows x [m, ...inputShape] and targets y, bare or by the names of inputs and outputs. Resolves with the
   * history. Arrays are read in slices, so that the event loop stays free: leave them as they are until the promise
   * settles.
   */
  fit(
    x: InputsIn<Types>,
    y: TargetsIn<Types>,
    options: OptionsOfFit<Model<Types>> & WithValidation,
  ): Promise<History<ValidatedLogNames<Types>>>
  fit(x: InputsIn<Types>, y: TargetsIn<Types>, options?: OptionsOfFit<Model<Types>>): Promise<History<LogNames<Types>>>
  async fit(x: InputData, y: TargetData, options: OptionsOfFit<Model<Types>> = {}): Promise<History> {
    this.#engine.queue.assertUsable('fit')
    return await new Fit(this.#engine, this, openFit(this.#engine, x, y, options)).run()
  }

  /** Trains on a stream of batches: `source` is called for every epoch. Two batches are prefetched. */
  fitDataset(
    source: BatchSource,
    options: FitDatasetOptions & WithValidation,
  ): Promise<History<ValidatedLogNames<Types>>>
  fitDataset(source: BatchSource, options?: FitDatasetOptions): Promise<History<LogNames<Types>>>
  async fitDataset(source: BatchSource, options: FitDatasetOptions = {}): Promise<History> {
    this.#engine.queue.assertUsable('fitDataset')
    return fitDataset(this.#engine, this, source, options)
  }

  /** Loss and metrics on rows x, y. Changes nothing. */
  async evaluate(
    x: InputsIn<Types>,
    y: TargetsIn<Types>,
    options: EvaluateOptions = {},
  ): Promise<Evaluation<MetricsIn<Types>>> {
    checkOptions('evaluate', options, ['batchSize', 'sampleWeight', 'signal'])
    checkSignal('evaluate', options.signal)
    if (options.batchSize !== undefined) positiveInteger('evaluate: batchSize', options.batchSize)
    return withExamples(this.#engine, 'evaluate', 'read', { x, y, ...options }, options.signal, (job, examples) =>
      evaluate<MetricsIn<Types>>(this.#engine, job, examples, options.batchSize),
    )
  }

  /** The output for every row of x, [m, ...outputShape]; where outputs have names, an object of them. */
  async predict(x: InputsIn<Types>, options: PredictOptions = {}): Promise<PredictionsIn<Types>> {
    checkOptions('predict', options, ['batchSize', 'signal'])
    checkSignal('predict', options.signal)
    const batch = positiveInteger('predict: batchSize', options.batchSize ?? defaultChunk)
    return withInputs(this.#engine, 'predict', 'read', x, options.signal, async (job, rows) => {
      return (await predict(this.#engine, job, rows, batch)) as PredictionsIn<Types>
    })
  }

  /** Like predict, at once on the calling thread: for a few rows. StateError while a fit is running. */
  predictSync(x: InputsIn<Types>): PredictionsIn<Types> {
    this.#engine.queue.assertQuiet('predictSync', false)
    const rows = OpenInputs.open('predictSync', x, this.#engine.network, this.#engine)
    try {
      return predictSync(this.#engine, rows) as PredictionsIn<Types>
    } finally {
      rows.release()
    }
  }

  /** One training step on the rows given. */
  async trainOnBatch(
    x: InputsIn<Types>,
    y: TargetsIn<Types>,
    options: TrainOnBatchOptions = {},
  ): Promise<Evaluation<MetricsIn<Types>>> {
    checkOptions('trainOnBatch', options, ['sampleWeight', 'classWeight', 'signal'])
    checkSignal('trainOnBatch', options.signal)
    return withExamples(this.#engine, 'trainOnBatch', 'write', { x, y, ...options }, options.signal, (job, examples) =>
      trainOnBatch<MetricsIn<Types>>(this.#engine, job, examples),
    )
  }

  /**
   * J on the rows given (penalties included, m = their number) and dJ/dW of the weights that training changes, laid out
   * as getWeights. Changes no state.
   */
  async costAndGradients(
    x: InputsIn<Types>,
    y: TargetsIn<Types>,
    options: CostOptions = {},
  ): Promise<CostAndGradients<WeightsIn<Types>>> {
    checkOptions('costAndGradients', options, ['sampleWeight', 'classWeight', 'training', 'signal'])
    checkSignal('costAndGradients', options.signal)
    const training = booleanOption('costAndGradients: training', options.training ?? false)
    return withExamples(
      this.#engine,
      'costAndGradients',
      'read',
      { x, y, ...options },
      options.signal,
      (job, examples) => costAndGradients<WeightsIn<Types>>(this.#engine, job, examples, training),
    )
  }

  /**
   * z and a of every layer by name, for all rows of x at once; the second use of a shared layer is `encoder#2`.
   * `training: true` keeps dropout active.
   */
  async activations(
    x: InputsIn<Types>,
    options: { training?: boolean | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<Record<string, LayerActivations>> {
    checkOptions('activations', options, ['training', 'signal'])
    checkSignal('activations', options.signal)
    const training = booleanOption('activations: training', options.training ?? false)
    return withInputs(this.#engine, 'activations', 'read', x, options.signal, (job, rows) =>
      activations(this.#engine, job, rows, training),
    )
  }

  /** Learns mean and variance of the normalize layers from x. */
  async adapt(x: InputsIn<Types>, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    checkOptions('adapt', options, ['signal'])
    checkSignal('adapt', options.signal)
    return withInputs(this.#engine, 'adapt', 'write', x, options.signal, (job, inputs) =>
      adaptOn(this.#engine, job, inputs),
    )
  }

  /**
   * Copies of all weights and states: `[{ name: 'dense_1', weight, bias }, …]` in layer order. `statistics: true`: also
   * what normalize layers have learnt.
   */
  getWeights(options: { statistics?: boolean | undefined } = {}): WeightsIn<Types> {
    checkOptions('getWeights', options, ['statistics'])
    const all = booleanOption('getWeights: statistics', options.statistics ?? false)
    const { queue, weights } = this.#engine
    queue.assertQuiet('getWeights', false)
    return weights.get(all ? weights.list : weights.visible) as WeightsIn<Types>
  }

  /**
   * Replaces weights and states, and statistics that the set has, by a set laid out as getWeights; or throws and
   * changes nothing. `partial: true`: only the layers that the set names.
   */
  setWeights(weights: WeightSetLike, options: { partial?: boolean | undefined } = {}): void {
    checkOptions('setWeights', options, ['partial'])
    const partial = booleanOption('setWeights: partial', options.partial ?? false)
    this.#engine.queue.assertQuiet('setWeights', true)
    this.#engine.setWeights('setWeights', weights, partial)
  }

  /** One update by gradients of the trainable weights, laid out as getWeights; `optimizer.apply` calls it. */
  applyGradients(optimizer: Optimizer, gradients: WeightSetLike): void {
    applyGradients(this.#engine, optimizer, gradients)
  }

  /**
   * Writes one safetensors file, whole or not at all: architecture, weights, statistics, labels, optimiser state. It
   * takes owner and mode of the file that it replaces; devices and pipes are written to as they are. `compiled: false`
   * leaves optimiser, losses and metrics out. FormatError for functions without a name, or of one name.
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    return save(this.#engine, path, options)
  }

  /**
   * What `save` would write. It is a property of each model: so structuredClone and postMessage, which would make an
   * empty object of a model, throw a DataCloneError.
   */
  readonly toBytes = (options: ContentOptions = {}): Uint8Array => {
    this.#engine.queue.assertQuiet('toBytes', false)
    return bytesOf(this.#engine, options)
  }

  /**
   * Moves weights and optimiser state to a device, once the jobs before it are done. DeviceError for one that is
   * missing or has no room: the model then stays where it is.
   */
  async to(device: DeviceName): Promise<this> {
    const engine = this.#engine
    return engine.queue.enqueue('to', 'write', undefined, async (job) => {
      await engine.moveTo(resolveDevice('model.to', device, engine.network.sizeIn(engine.dtype)), job)
      return this
    })
  }

  /**
   * Aborts running jobs and frees all native memory. Later calls throw DisposedError; a second dispose does nothing.
   * `after: 'jobs'` refuses new calls in the same way, lets those that run and wait end, a fit too, and then frees the
   * memory: the promise resolves when that is done.
   */
  dispose(options: { after: 'jobs' }): Promise<void>
  dispose(): void
  dispose(options: { after?: 'jobs' } = {}): void | Promise<void> {
    checkOptions('dispose', options, ['after'])
    if (options.after === undefined) return this.#engine.dispose()
    oneOf('dispose: after', options.after, ['jobs'])
    return this.#engine.disposeAfterJobs()
  }

  [dispose](): void {
    this.dispose()
  }
}

listing.refuseAssignments(Model.prototype)

/** Any model, whatever its inputs and outputs: for functions that work on all of them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- nothing else is assignable from models of all types
export type AnyModel = Model<any>
