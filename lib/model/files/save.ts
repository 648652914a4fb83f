/** From a model to what files hold. */
import { checkOptions, checkSignal } from '../../base/checks'
import { absolutePath, writeFileAtomic } from '../../base/disk'
import { FormatError } from '../../base/errors'
import type { Json } from '../../base/json'
import { inTurns } from '../../base/slices'
import type { Engine } from '../engine'
import type { StateCell } from '../structure/weights'
import type { ModelSnapshot } from './snapshot'
import { encodeSnapshot, snapshotParts } from './snapshot-file'

/** Statistics that are still to be learnt are no knowledge and are left out. */
function cellsOf(engine: Engine): StateCell[] {
  const { weights, unadapted } = engine
  const values = weights.list.filter((p) => !(p.spec.role === 'statistic' && unadapted.has(p.place)))
  return [...values, ...[...weights.slots.values()].flat()]
}

function unsaved(what: string, remedy: string): FormatError {
  return new FormatError(`save: ${what} is an unnamed function, which a file cannot hold. ${remedy}`)
}

function architectureOf(engine: Engine): ModelSnapshot['architecture'] {
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
          `something in layer '${layerName}'`,
          'Give the function a name, and pass it to loadModel in { custom }.',
        )
      return { kind: layer.kind, name: layerName, config: layer.config, trainable: weights.isTrainable(place) }
    }),
    uses: uses.map(({ layer, from }) => ({ layer, from: [...from] })),
    outputs: outputs.map((output) => ({ ...output })),
    namedInputs,
    namedOutputs,
  }
}

function compiledOf(engine: Engine): ModelSnapshot['compiled'] {
  const { compiled, learningRate } = engine
  if (!compiled) return null
  const { optimizer, gradientClip } = compiled
  const rate = learningRate ? learningRate.config : (optimizer.config?.learningRate ?? null)
  if (optimizer.config === null && optimizer.learningRate.config !== null)
    throw unsaved(`an option of the optimiser '${optimizer.kind}'`, 'Give it options that are plain data.')
  if (rate === null || (optimizer.config === null && !learningRate))
    throw unsaved('the learning rate', 'Use schedules.…, or a named function.')
  if (optimizer.config === null)
    throw unsaved(
      "the optimiser's own learning rate",
      'Compile with a number or schedules.… before model.setLearningRate.',
    )
  return {
    optimizer: { kind: optimizer.kind, config: { ...optimizer.config, learningRate: rate } },
    outputs: compiled.outputs.map(({ loss, lossWeight, metrics, prefix }) => {
      if (loss.config === null)
        throw unsaved(
          prefix ? `the loss of '${prefix.slice(0, -1)}'` : 'the loss',
          'Use a named function, and pass it to loadModel in { custom }.',
        )
      return { loss: loss.config, lossWeight, metrics: metrics.map((metric) => metric.config) }
    }),
    gradientClip: gradientClip as Json,
  }
}

/** Everything the model is, as plain data. FormatError where a function has no name. */
export function snapshotOf(
  engine: Engine,
  checkpoint: { json: Json; tensors: ModelSnapshot['tensors'] } | null = null,
): ModelSnapshot {
  const architecture = architectureOf(engine)
  const compiled = compiledOf(engine)
  const tensors = cellsOf(engine).map((cell) => ({
    name: cell.name,
    shape: [...cell.shape],
    data: engine.weights.read(cell),
  }))
  return {
    architecture,
    compiled,
    progress: { ...engine.progress, scheduleStart: engine.scheduleStart },
    checkpoint: checkpoint?.json ?? null,
    tensors: [...tensors, ...(checkpoint?.tensors ?? [])],
  }
}

/** The bytes of a model file. */
export function bytesOf(engine: Engine): Uint8Array {
  return encodeSnapshot(snapshotOf(engine))
}

export interface SaveOptions {
  signal?: AbortSignal | undefined
}

/** `model.save`, in the model's queue. */
export async function save(engine: Engine, path: string, options: SaveOptions): Promise<void> {
  checkOptions('save', options, ['signal'])
  checkSignal('save', options.signal)
  const file = absolutePath('write', path)
  return engine.queue.enqueue('save', 'read', options.signal, async (job) => {
    const pause = () => job.throwIfAborted()
    await writeFileAtomic(file, await inTurns(snapshotParts(snapshotOf(engine)), pause), pause)
  })
}
