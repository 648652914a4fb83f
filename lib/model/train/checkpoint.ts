/** Checkpoints: a model file that also holds where its fit stands. */
import { createHash } from 'node:crypto'
import { writeFileAtomic } from '../../base/disk'
import type { DType, NativeArray } from '../../base/dtype'
import { FormatError, StateError } from '../../base/errors'
import type { Json, JsonObject } from '../../base/json'
import { sizeOf } from '../../base/shape'
import { inTurns, slices, type Sliced } from '../../base/slices'
import type { DataLike } from '../../data/rows'
import { download, type Flat } from '../../data/transfer'
import { native } from '../../native/native'
import { tensor, type Tensor } from '../../tensor/tensor'
import type { NativeData } from '../data/examples'
import type { Engine } from '../engine'
import { snapshotOf } from '../files/save'
import type { ModelSnapshot } from '../files/snapshot'
import { snapshotParts } from '../files/snapshot-file'
import type { Callback, CallbackState } from './callback'
import type { FitData, Settings } from './fit-options'
import { History, type EpochLogs, type StopReason } from './history'
import type { EpochSums } from './recorder'

/** Where a fit stands. */
export interface CheckpointState {
  /** The epoch to go on with. */
  epoch: number
  /** What has run of it. */
  sums: EpochSums
  finished: boolean
  history: History
}

type NamedTensors = ModelSnapshot['tensors']

/** True when a checkpoint is due after so many epochs or steps of the run. */
export function checkpointBoundary({ checkpoint }: Settings, unit: 'epochs' | 'steps', done: number): boolean {
  const every = (checkpoint?.every as Record<string, number> | undefined)?.[unit]
  return every !== undefined && done > 0 && done % every === 0
}

/** SHA-256 over shapes and values of x and y, as the model sees them. */
export function* fingerprint(data: NativeData): Sliced<string> {
  const hash = createHash('sha256')
  const add = (values: NativeArray) => hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  hash.update(JSON.stringify(data.xShape))
  for (const [from, to] of slices(sizeOf(data.xShape))) {
    add(native.bufferRead(data.x, from, to - from))
    yield
  }
  const { data: y, shape } = data.targets!
  hash.update(JSON.stringify(shape))
  for (const [from, to] of slices(y.length)) {
    add(y.subarray(from, to))
    yield
  }
  return hash.digest('hex')
}

/**
 * What all checkpoints of a run repeat: so that resume needs x and y alone, weights and validation data are in them.
 */
export interface CheckpointData {
  fingerprint: string
  weights: Flat | null
  validation: KeptRows | null
}

/** A data set in JavaScript memory, as files hold it. */
interface KeptRows {
  x: Flat
  y: Flat
  weights: Flat | null
}

export async function checkpointData(
  dtype: DType,
  train: NativeData,
  validation: NativeData | null,
): Promise<CheckpointData> {
  const kept = validation && {
    x: await inTurns(
      download('checkpoint', { buffer: validation.x, shape: validation.xShape, release: () => undefined }, dtype),
    ),
    y: validation.targets!,
    weights: validation.exampleWeights,
  }
  return { fingerprint: await inTurns(fingerprint(train)), weights: train.exampleWeights, validation: kept }
}

function named(name: string, flat: Flat | null): NamedTensors {
  return flat ? [{ name: `checkpoint.${name}`, shape: [...flat.shape], data: flat.data }] : []
}

function vector(name: string, data: Float64Array | null): NamedTensors {
  return data?.length ? [{ name: `checkpoint.${name}`, shape: [data.length], data }] : []
}

/** Nobody asks for the data of a finished run again. */
function dataTensors({ weights, validation }: CheckpointData): NamedTensors {
  return [
    ...named('weights', weights),
    ...named('validation.x', validation?.x ?? null),
    ...named('validation.y', validation?.y ?? null),
    ...named('validation.weights', validation?.weights ?? null),
  ]
}

export interface CheckpointContents {
  settings: Settings
  callbacks: readonly Callback[]
  kept: CheckpointData
  state: CheckpointState
}

/** Writes the model with the run's options, state and data. */
export async function writeCheckpoint(
  engine: Engine,
  { settings, callbacks, kept, state }: CheckpointContents,
): Promise<void> {
  const { sums, history } = state
  const callbackTensors: NamedTensors = []
  const callbackStates: Json = callbacks.map((callback, i) => {
    const saved = callback.save?.()
    if (!saved) return null
    for (const [name, value] of Object.entries(saved.tensors ?? {}))
      callbackTensors.push({ name: `checkpoint.callback.${i}.${name}`, shape: [...value.shape], data: value.data })
    return { name: callback.name, values: saved.values }
  })
  const json: Json = {
    settings: settings as unknown as Json,
    fingerprint: kept.fingerprint,
    validation: kept.validation !== null && !state.finished,
    epoch: state.epoch,
    sums: { ...sums, totals: null },
    finished: state.finished,
    history: { epochs: history.epochs as Json[], stopped: history.stopped },
    callbacks: callbackStates,
  }
  const tensors = [
    ...vector('batches', history.batches),
    ...vector('totals', sums.totals),
    ...(state.finished ? [] : dataTensors(kept)),
    ...callbackTensors,
  ]
  const snapshot = snapshotOf(engine, { json, tensors })
  await writeFileAtomic(settings.checkpoint!.path, await inTurns(snapshotParts(snapshot)))
}

/** A checkpoint read back. */
export interface Checkpoint {
  settings: Settings
  fingerprint: string
  /** Weights of the training rows and validation data, as the interrupted run had them. */
  weights: Flat | null
  validation: KeptRows | null
  state: CheckpointState
  callbacks: ({ name: string; state: CallbackState } | null)[]
}

export function readCheckpoint(source: string, { checkpoint, tensors }: ModelSnapshot): Checkpoint {
  if (checkpoint === null || typeof checkpoint !== 'object' || Array.isArray(checkpoint))
    throw new StateError(
      `resume: '${source}' is a saved model, not the checkpoint of a fit. Use loadModel, then model.fit.`,
    )
  const json = checkpoint as JsonObject
  try {
    const find = (name: string) => tensors.find((t) => t.name === `checkpoint.${name}`)
    const flat = (name: string): Flat | null => {
      const found = find(name)
      return found ? { data: found.data, shape: found.shape } : null
    }
    const need = (name: string): Flat => {
      const found = flat(name)
      if (!found) throw new Error(`checkpoint.${name} is missing`)
      return found
    }
    const history = new History()
    const past = json.history as unknown as { epochs: EpochLogs[]; stopped: StopReason }
    history.epochs.push(...past.epochs)
    history.stopped = past.stopped
    history.addBatches(float64(find('batches')?.data))
    const sums = { ...(json.sums as unknown as EpochSums), totals: null as Float64Array | null }
    const totals = find('totals')
    if (totals) sums.totals = float64(totals.data)
    return {
      settings: json.settings as unknown as Settings,
      fingerprint: json.fingerprint as string,
      weights: flat('weights'),
      validation: json.validation
        ? { x: need('validation.x'), y: need('validation.y'), weights: flat('validation.weights') }
        : null,
      state: { epoch: json.epoch as number, sums, finished: json.finished as boolean, history },
      callbacks: (json.callbacks as (JsonObject | null)[]).map(
        (entry, i) =>
          entry && {
            name: entry.name as string,
            state: { values: entry.values as JsonObject, tensors: callbackTensors(tensors, i) },
          },
      ),
    }
  } catch (error) {
    throw new FormatError(`resume: '${source}': the checkpoint is incomplete: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function float64(data: NativeArray | undefined): Float64Array {
  return data ? Float64Array.from(data) : new Float64Array(0)
}

function callbackTensors(tensors: NamedTensors, index: number): Record<string, Tensor> {
  const prefix = `checkpoint.callback.${index}.`
  const own = tensors.filter((t) => t.name.startsWith(prefix))
  return Object.fromEntries(
    own.map((t) => [
      t.name.slice(prefix.length),
      tensor(t.data, t.shape, { dtype: t.data instanceof Float32Array ? 'float32' : 'float64' }),
    ]),
  )
}

/** The data of the interrupted run around x and y as given again. */
export function resumedData(x: DataLike, y: DataLike, { weights, validation }: Checkpoint): FitData {
  const sampleWeight = weights ?? undefined
  if (!validation) return { x, y, sampleWeight }
  const { x: vx, y: vy, weights: vw } = validation
  return { x, y, sampleWeight, validationData: vw ? [vx, vy, vw] : [vx, vy] }
}
