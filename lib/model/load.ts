/** From files to models. */
import { booleanOption, checkOptions, checkSignal, throwIfAborted } from '../base/checks'
import { rebuildAll, type Custom } from '../base/custom'
import { isArrayOf } from '../base/dtype'
import { DTypeError, FormatError, OptionError, ShapeError } from '../base/errors'
import { inTurns, type Sliced } from '../base/slices'
import { layerFromConfig } from '../layers/from-config'
import { lossFromConfig } from '../losses'
import { metricFromConfig } from '../metrics'
import { resolveDevice, type DeviceName } from '../native/devices'
import { optimizerFromConfig } from '../optimizers'
import type { ModelSnapshot } from './files/snapshot'
import { decodedSnapshot } from './files/snapshot-file'
import { withBytes } from './files/source'
import { Model, type AnyModel } from './model'
import { clipFromConfig, resolveCompile, type Compiled } from './structure/compile'
import { Network } from './structure/network'
import type { StateCell } from './structure/weights'
import type { ModelTypes } from './types'

export interface LoadOptions {
  /** Own layers and functions by the names they were saved under. */
  custom?: Custom | undefined
  /** False: leaves optimiser, losses and metrics in the file; the model predicts, or is compiled anew. Default true. */
  compile?: boolean | undefined
  /** Where the model goes, as for `sequential`; files are the same for all devices. */
  device?: DeviceName | undefined
  signal?: AbortSignal | undefined
}

/**
 * Reads a model from a file or from the bytes of one: it predicts the same bits as the one saved, and training goes on
 * where it stood. FormatError for anything that is not a whole model file, or where `custom` lacks a function the model
 * uses. `Types`: what TypeScript is to know of it, `loadModel<{ inputs: 'size' | 'place'; outputs: 'price' }>(path)`;
 * without it a model of one input and output.
 */
export async function loadModel<Types extends ModelTypes = ModelTypes>(
  source: string | Uint8Array,
  options: LoadOptions = {},
): Promise<Model<Types>> {
  checkOptions('loadModel', options, ['custom', 'compile', 'device', 'signal'])
  if (options.compile !== undefined) booleanOption('loadModel: compile', options.compile)
  checkSignal('loadModel', options.signal)
  const { snapshot, name } = await readSnapshot('loadModel', source, options.signal)
  return (await fromSnapshot(snapshot, options, name)) as AnyModel
}

/** Rebuilds a model; own layers and functions come from `custom`. FormatError that names `source`. */
export async function fromSnapshot(
  snapshot: ModelSnapshot,
  options: LoadOptions = {},
  source = 'model file',
): Promise<Model> {
  try {
    return await rebuilt(snapshot, options, source)
  } catch (error) {
    // To the caller, options and shapes of a file are no arguments: it is the file that is wrong.
    if (!(error instanceof OptionError || error instanceof ShapeError || error instanceof DTypeError)) throw error
    const { message } = error
    throw new FormatError(message.startsWith(`${source}: `) ? message : `${source}: ${message}`, { cause: error })
  }
}

async function rebuilt(snapshot: ModelSnapshot, options: LoadOptions, source: string): Promise<Model> {
  const { architecture } = snapshot
  const { custom } = options
  const compiled = options.compile === false ? null : snapshot.compiled
  const [layers, parts] = rebuildAll([
    () =>
      rebuildAll(
        architecture.layers.map(
          ({ kind, name, config, trainable }) =>
            () =>
              layerFromConfig(kind, config, { name, trainable }, custom),
        ),
      ),
    () => compiled && trainingParts(compiled, custom),
  ])
  const inputs = architecture.inputs.map((input) => ({ ...input, dtype: input.dtype ?? undefined }))
  const { uses, outputs, namedInputs, namedOutputs } = architecture
  const network = new Network({ inputs, layers, uses, outputs, namedInputs, namedOutputs }, source)
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
    await inTurns(restore(model, snapshot, parts && compiledFrom(parts, network), source), pause)
  } catch (error) {
    model.dispose()
    throw error
  }
  return model
}

function* restore(model: Model, snapshot: ModelSnapshot, compiled: Compiled | null, source: string): Sliced<void> {
  const { engine } = model.internals('loadModel')
  if (compiled) engine.useCompiled(compiled, true)
  const found = new Map(snapshot.tensors.map((tensor) => [tensor.name, tensor]))
  const { list, slots, statistics } = engine.weights
  for (const { name, place, spec } of list) {
    const tensor = spec.former && found.get(`${place.name}.${spec.former.name}`)
    if (tensor && !found.has(name) && !isArrayOf('int32', tensor.data))
      found.set(name, { ...tensor, data: spec.former!.convert(tensor.data) })
  }
  for (const place of [...engine.unadapted])
    if (statistics.every((p) => p.place !== place || found.has(p.name))) engine.unadapted.delete(place)
  const unlearnt = new Set<StateCell>(statistics.filter((p) => engine.unadapted.has(p.place)))
  for (const cell of [...list, ...[...slots.values()].flat()]) {
    const tensor = found.get(cell.name)
    if (!tensor) {
      if (unlearnt.has(cell)) continue
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
  const { scheduleStart, ...progress } = snapshot.progress
  Object.assign(engine.progress, progress, compiled || !snapshot.compiled ? null : { updates: 0 })
  engine.scheduleStart = scheduleStart
}

/** The training side, before it meets the network. FormatError where `custom` lacks functions of it. */
function trainingParts(
  { optimizer, outputs, gradientClip }: NonNullable<ModelSnapshot['compiled']>,
  custom: Custom | undefined,
) {
  const [made, ...given] = rebuildAll(
    [
      () => optimizerFromConfig(optimizer.kind, optimizer.config, custom),
      ...outputs.map(({ loss, lossWeight, metrics }) => () => {
        const tasks = metrics.map((config) => () => metricFromConfig(config, custom))
        const [own, list] = rebuildAll([() => lossFromConfig(loss, custom), () => rebuildAll(tasks)])
        return { loss: own, lossWeight, metrics: list }
      }),
    ],
    ' For predictions alone: loadModel with { compile: false }.',
  )
  return { optimizer: made, outputs: given, gradientClip: clipFromConfig(gradientClip) }
}

function compiledFrom(
  { optimizer, outputs: given, gradientClip }: ReturnType<typeof trainingParts>,
  network: Network,
): Compiled {
  const byName = <T>(of: (output: (typeof given)[number]) => T) =>
    Object.fromEntries(network.outputs.map(({ name }, i) => [name, of(given[i])]))
  const named = network.namedOutputs
  const options = {
    optimizer,
    loss: named ? byName(({ loss }) => loss) : given[0].loss,
    lossWeights: named ? byName(({ lossWeight }) => lossWeight) : undefined,
    metrics: named ? byName(({ metrics }) => metrics) : given[0].metrics,
    gradientClip,
  }
  return resolveCompile(options, network)
}

export async function readSnapshot(
  where: string,
  source: string | Uint8Array,
  signal: AbortSignal | undefined,
): Promise<{ snapshot: ModelSnapshot; name: string }> {
  const pause = () => throwIfAborted(where, signal)
  pause()
  return withBytes(where, source, 'model', async (bytes, name) => {
    return { snapshot: await inTurns(decodedSnapshot(bytes, name), pause), name }
  })
}
