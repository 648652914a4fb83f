/** From a model to what files hold. */
import { booleanOption, checkOptions, checkSignal } from '../../base/checks'
import { checkNames } from '../../base/custom'
import { absolutePath, writeFileAtomic } from '../../base/disk'
import { FormatError } from '../../base/errors'
import type { Json } from '../../base/json'
import { atOnce, inTurns, type Sliced } from '../../base/slices'
import type { Engine } from '../engine'
import type { StateCell } from '../structure/weights'
import type { ModelSnapshot } from './snapshot'
import { encodeSnapshot, snapshotParts } from './snapshot-file'

/** Statistics that are still to be learnt are no knowledge and are left out. */
function cellsOf({ weights, unadapted }: Engine, withSlots: boolean): StateCell[] {
  const values = weights.list.filter((p) => !(p.spec.role === 'statistic' && unadapted.has(p.place)))
  return withSlots ? [...values, ...[...weights.slots.values()].flat()] : values
}

function unsaved(where: string, what: string, remedy: string): FormatError {
  return new FormatError(`${where}: ${what} is an unnamed function, which a file cannot hold. ${remedy}`)
}

function architectureOf(engine: Engine, where: string): ModelSnapshot['architecture'] {
  const { name, labels } = engine.about
  const { network, weights } = engine
  const { inputs, uses, outputs, namedInputs, namedOutputs } = network.description
  return {
    name,
    dtype: engine.dtype,
    precision: engine.precision,
    seed: String(engine.seed),
    labels: labels && [...labels],
    inputs: inputs.map(({ name: input, shape, dtype }) => ({ name: input, shape: [...shape], dtype: dtype ?? null })),
    layers: network.layers.map((place) => {
      const { name: layerName, layer } = place
      if (layer.config === null)
        throw unsaved(
          where,
          `something in layer '${layerName}'`,
          'Name it with { name, fn }, and pass it to loadModel in { custom }. A model made anew takes the weights of ' +
            'this one: setWeights(model.getWeights({ statistics: true })).',
        )
      return { kind: layer.kind, name: layerName, config: layer.config, trainable: weights.isTrainable(place) }
    }),
    uses: uses.map(({ layer, from }) => ({ layer, from: [...from] })),
    outputs: outputs.map((output) => ({ ...output })),
    namedInputs,
    namedOutputs,
  }
}

/** What takes the option `compiled`: checkpoints cannot do without the training side. */
const callsWithChoice = ['save', 'toBytes']

function compiledOf(engine: Engine, where: string): ModelSnapshot['compiled'] {
  const { compiled, learningRate } = engine
  if (!compiled) return null
  const fail = (what: string, remedy: string): never => {
    const advice = callsWithChoice.includes(where)
      ? ' To save the model without its training side: { compiled: false }.'
      : ''
    throw unsaved(where, what, remedy + advice)
  }
  const { optimizer, gradientClip } = compiled
  const rate = learningRate ? learningRate.config : (optimizer.config?.learningRate ?? null)
  if (optimizer.config === null && optimizer.learningRate.config !== null)
    fail(`an option of the optimiser '${optimizer.kind}'`, 'Give it options that are plain data.')
  if (rate === null || (optimizer.config === null && !learningRate))
    fail('the learning rate', 'Use schedules.…, or name it with { name, fn }.')
  if (optimizer.config === null)
    return fail(
      "the optimiser's own learning rate",
      'Compile with a number or schedules.… before model.setLearningRate.',
    )
  return {
    optimizer: { kind: optimizer.kind, config: { ...optimizer.config, learningRate: rate } },
    outputs: compiled.outputs.map(({ loss, lossWeight, metrics, prefix }) => {
      if (loss.config === null)
        fail(
          prefix ? `the loss of '${prefix.slice(0, -1)}'` : 'the loss',
          'Name it with { name, fn }, and pass it to loadModel in { custom }.',
        )
      return { loss: loss.config, lossWeight, metrics: metrics.map((metric) => metric.config) }
    }),
    gradientClip: gradientClip as Json,
  }
}

/** Everything but numbers. FormatError where a function has no name, or shares it with another. */
function describe(
  engine: Engine,
  where: string,
  withCompiled: boolean,
): Pick<ModelSnapshot, 'architecture' | 'compiled'> {
  const description = {
    architecture: architectureOf(engine, where),
    compiled: withCompiled ? compiledOf(engine, where) : null,
  }
  checkNames(where, description as unknown as Json)
  return description
}

/** FormatError for a model that no file can hold. `where` opens its message. */
export function checkSavable(engine: Engine, where: string): void {
  describe(engine, where, true)
}

interface SnapshotOptions {
  /** False: without optimiser, losses and metrics. */
  compiled?: boolean
  /** What a checkpoint adds. */
  checkpoint?: { json: Json; tensors: ModelSnapshot['tensors'] }
}

/** Everything the model is, as plain data. FormatError where a function has no name, or shares it with another. */
function* snapshotOf(
  engine: Engine,
  where: string,
  { compiled: withCompiled = true, checkpoint }: SnapshotOptions,
): Sliced<ModelSnapshot> {
  const { architecture, compiled } = describe(engine, where, withCompiled)
  const progress = { ...engine.progress }
  const tensors: ModelSnapshot['tensors'] = []
  for (const cell of cellsOf(engine, withCompiled))
    tensors.push({ name: cell.name, shape: [...cell.shape], data: yield* engine.weights.copy(cell) })
  return {
    architecture,
    compiled,
    progress: { ...progress, updates: compiled ? progress.updates : 0, scheduleStart: engine.scheduleStart },
    checkpoint: checkpoint?.json ?? null,
    tensors: [...tensors, ...(checkpoint?.tensors ?? [])],
  }
}

/**
 * The same with turns of the event loop in between, of the model as it is at the call: what changes it meanwhile has
 * the rest read first. `pause` is called after each turn.
 */
export async function snapshotInTurns(
  engine: Engine,
  where: string,
  options: SnapshotOptions,
  pause?: () => void,
): Promise<ModelSnapshot> {
  let snapshot: ModelSnapshot | undefined
  const work = (function* (): Sliced<void> {
    snapshot = yield* snapshotOf(engine, where, options)
  })()
  const over = engine.queue.beforeChanges(() => atOnce(work))
  try {
    await inTurns(work, pause)
  } finally {
    over()
  }
  return snapshot!
}

/** What a file of a model is to hold. */
export interface ContentOptions {
  /** False: leaves optimiser, losses and metrics out, for a model that only predicts. Default true. */
  compiled?: boolean | undefined
}

function withCompiled(where: string, { compiled }: ContentOptions): boolean {
  return booleanOption(`${where}: compiled`, compiled ?? true)
}

/** The bytes of a model file. */
export function bytesOf(engine: Engine, options: ContentOptions): Uint8Array {
  checkOptions('toBytes', options, ['compiled'])
  return encodeSnapshot(atOnce(snapshotOf(engine, 'toBytes', { compiled: withCompiled('toBytes', options) })))
}

export interface SaveOptions extends ContentOptions {
  signal?: AbortSignal | undefined
}

/** `model.save`, in the model's queue. */
export async function save(engine: Engine, path: string, options: SaveOptions): Promise<void> {
  checkOptions('save', options, ['compiled', 'signal'])
  checkSignal('save', options.signal)
  const compiled = withCompiled('save', options)
  const file = absolutePath('write', path)
  return engine.queue.enqueue('save', 'read', options.signal, async (job) => {
    const pause = () => job.throwIfAborted()
    const snapshot = await snapshotInTurns(engine, 'save', { compiled }, pause)
    await writeFileAtomic(file, await inTurns(snapshotParts(snapshot), pause), pause)
  })
}
