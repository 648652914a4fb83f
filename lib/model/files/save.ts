/** Between models and snapshots: what files hold. */
import { throwIfAborted } from '../../base/checks'
import type { Custom } from '../../base/custom'
import { readFile } from '../../base/disk'
import { FormatError } from '../../base/errors'
import type { Json } from '../../base/json'
import { inTurns, type Sliced } from '../../base/slices'
import { layerFromConfig } from '../../layers'
import { lossFromConfig } from '../../losses'
import { metricFromConfig } from '../../metrics'
import { resolveDevice, type DeviceName } from '../../native/devices'
import { optimizerFromConfig } from '../../optimizers'
import { Model } from '../model'
import { clipFromConfig, resolveCompile } from '../structure/compile'
import type { Engine } from '../structure/engine'
import { Network } from '../structure/network'
import type { StateCell } from '../structure/weights'
import type { ModelSnapshot } from './snapshot'
import { decodedSnapshot, encodeSnapshot } from './snapshot-file'

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

/** Rebuilds a model; own layers and functions come from `custom`. */
export async function fromSnapshot(
  snapshot: ModelSnapshot,
  options: LoadOptions = {},
  source = 'model file',
): Promise<Model> {
  const { architecture } = snapshot
  const { custom } = options
  const layers = architecture.layers.map(({ kind, name, config }) => layerFromConfig(kind, config, name, custom))
  const network = new Network(architecture.inputShape, layers)
  const model = new Model({
    network,
    dtype: architecture.dtype,
    precision: architecture.precision,
    seed: BigInt(architecture.seed),
    name: architecture.name,
    labels: architecture.labels,
    device: resolveDevice(source, options.device, network.sizeIn(architecture.dtype)),
    blank: true,
  })
  try {
    const pause = () => throwIfAborted('loadModel', options.signal)
    await inTurns(restore(model, snapshot, network, custom, source), pause)
  } catch (error) {
    model.dispose()
    throw error
  }
  return model
}

function* restore(
  model: Model,
  snapshot: ModelSnapshot,
  network: Network,
  custom: Custom | undefined,
  source: string,
): Sliced<void> {
  const { engine } = model.internals
  if (snapshot.compiled) {
    const { optimizer, loss, metrics, gradientClip } = snapshot.compiled
    const options = {
      optimizer: optimizerFromConfig(optimizer.kind, optimizer.config, custom),
      loss: lossFromConfig(loss, custom),
      metrics: metrics.map((config) => metricFromConfig(config, custom)),
      gradientClip: clipFromConfig(gradientClip),
    }
    engine.useCompiled(resolveCompile(options, network), true)
  }
  const found = new Map(snapshot.tensors.map((tensor) => [tensor.name, tensor]))
  const { list, slots, statistics } = engine.weights
  const learnt = statistics.length > 0 && statistics.every((p) => found.has(p.name))
  if (learnt) engine.needsAdapt = false
  for (const cell of [...list, ...[...slots.values()].flat()]) {
    const tensor = found.get(cell.name)
    if (!tensor) {
      if (statistics.some((p) => p === cell) && engine.needsAdapt) continue
      throw new FormatError(`${source}: the tensor '${cell.name}' is missing.`)
    }
    if (tensor.shape.join() !== cell.shape.join())
      throw new FormatError(
        `${source}: '${cell.name}': expected shape [${cell.shape.join(', ')}], got [${tensor.shape.join(', ')}].`,
      )
    const wanted = engine.dtype === 'float32' ? Float32Array : Float64Array
    if (!(tensor.data instanceof wanted))
      throw new FormatError(`${source}: '${cell.name}': expected ${engine.dtype}, got another dtype.`)
    yield* engine.weights.fill(cell, tensor.data)
  }
  Object.assign(engine.progress, snapshot.progress)
}

export interface LoadOptions {
  /** Own layers and functions by the names they were saved under. */
  custom?: Custom
  /** Where the model goes, as for `sequential`; files are the same for all devices. */
  device?: DeviceName
  signal?: AbortSignal
}

export async function readSnapshot(
  where: string,
  source: string | Uint8Array,
  signal: AbortSignal | undefined,
): Promise<{ snapshot: ModelSnapshot; name: string }> {
  const name = typeof source === 'string' ? source : 'model bytes'
  throwIfAborted(where, signal)
  const bytes = typeof source === 'string' ? await readFile(source) : source
  if (bytes?.length === 0) throw new FormatError(`${where}: '${name}' is empty.`)
  const snapshot = await inTurns(decodedSnapshot(bytes, name), () => throwIfAborted(where, signal))
  return { snapshot, name }
}

/** The bytes of a model file. */
export function bytesOf(engine: Engine): Uint8Array {
  return encodeSnapshot(snapshotOf(engine))
}
