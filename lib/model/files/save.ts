/** From a model to what files hold. */
import { FormatError } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Engine } from '../engine'
import type { StateCell } from '../structure/weights'
import type { ModelSnapshot } from './snapshot'
import { encodeSnapshot } from './snapshot-file'

/** Statistics of an unadapted normalize layer are no knowledge and are left out. */
function cellsOf(engine: Engine): StateCell[] {
  const { weights } = engine
  const values = weights.list.filter((p) => !(p.spec.statistic && engine.needsAdapt))
  return [...values, ...[...weights.slots.values()].flat()]
}

function unsaved(what: string, remedy: string): FormatError {
  return new FormatError(`save: ${what} is an unnamed function, which a file cannot hold. ${remedy}`)
}

function architectureOf(engine: Engine): ModelSnapshot['architecture'] {
  const { name, labels } = engine.about
  return {
    name,
    inputShape: [...engine.network.inputShape],
    dtype: engine.dtype,
    precision: engine.precision,
    seed: String(engine.seed),
    labels: labels && [...labels],
    layers: engine.network.layers.map(({ name: layerName, layer }) => {
      if (layer.config === null)
        throw unsaved(
          `something in layer '${layerName}'`,
          'Give the function a name, and pass it to loadModel in { custom }.',
        )
      return { kind: layer.kind, name: layerName, config: layer.config }
    }),
  }
}

function compiledOf(engine: Engine): ModelSnapshot['compiled'] {
  const { compiled, learningRate } = engine
  if (!compiled) return null
  const { optimizer, loss, metrics, gradientClip } = compiled
  const rate = learningRate ? learningRate.config : (optimizer.config?.learningRate ?? null)
  if (rate === null || (optimizer.config === null && !learningRate))
    throw unsaved('the learning rate', 'Use schedules.…, or a named function.')
  if (optimizer.config === null)
    throw unsaved(
      "the optimiser's own learning rate",
      'Compile with a number or schedules.… before model.setLearningRate.',
    )
  if (loss.config === null) throw unsaved('the loss', 'Use a named function, and pass it to loadModel in { custom }.')
  return {
    optimizer: { kind: optimizer.kind, config: { ...optimizer.config, learningRate: rate } },
    loss: loss.config,
    metrics: metrics.map((metric) => metric.config),
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
    progress: { ...engine.progress },
    checkpoint: checkpoint?.json ?? null,
    tensors: [...tensors, ...(checkpoint?.tensors ?? [])],
  }
}

/** The bytes of a model file. */
export function bytesOf(engine: Engine): Uint8Array {
  return encodeSnapshot(snapshotOf(engine))
}
