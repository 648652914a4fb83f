/** Checkpoints: a model file that also holds where its fit stands. */
import { createHash } from 'node:crypto'
import { writeFileAtomic } from '../../base/disk'
import { isArrayOf, type NativeArray, type TensorArray, type TensorDType } from '../../base/dtype'
import { FormatError, StateError } from '../../base/errors'
import type { Json, JsonObject } from '../../base/json'
import { sizeOf } from '../../base/shape'
import { inTurns, slices, type Sliced } from '../../base/slices'
import type { AugmentSettings } from '../../data/augment'
import { download, upload, type Flat } from '../../data/transfer'
import { native } from '../../native/native'
import { bufferOf, Tensor } from '../../tensor/tensor'
import type { NativeData, SampleWeights, TargetData } from '../data/examples'
import { dtypeOf, type InputData, type NativeInput } from '../data/inputs'
import type { Engine } from '../engine'
import { snapshotInTurns } from '../files/save'
import type { ModelSnapshot } from '../files/snapshot'
import { snapshotParts } from '../files/snapshot-file'
import type { Network } from '../structure/network'
import type { Callback, CallbackState } from './callback'
import type { FitData, Settings } from './fit-options'
import { History, type EpochLogs, type StopReason } from './history'
import { emptySums, type EpochSums } from './recorder'

/** Where a fit stands. */
export interface CheckpointState {
  /** The epoch to go on with. */
  epoch: number
  /** What has run of it. */
  sums: EpochSums
  finished: boolean
  /** A callback has asked for the end: the run ends with this epoch. */
  stopRequested: boolean
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
  const add = (values: TensorArray) => hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  for (const { buffer, shape } of data.x.list) {
    hash.update(JSON.stringify(shape))
    for (const [from, to] of slices(sizeOf(shape))) {
      add(native.bufferRead(buffer, from, to - from))
      yield
    }
  }
  for (const { targets } of data.y) {
    const { data: y, shape } = targets!
    hash.update(JSON.stringify(shape))
    for (const [from, to] of slices(y.length)) {
      add(y.subarray(from, to))
      yield
    }
  }
  return hash.digest('hex')
}

/**
 * What all checkpoints of a run repeat: so that resume needs x and y alone, weights and validation data are in them.
 * By the names of their slots in plans.
 */
export interface CheckpointData {
  fingerprint: string
  weights: KeptRows
  validation: KeptRows | null
}

/** Rows in JavaScript memory by slot, as files hold them. */
type KeptRows = Readonly<Record<string, Flat<TensorDType>>>

export async function checkpointData(
  engine: Pick<Engine, 'dtype'>,
  train: NativeData,
  validation: NativeData | null,
): Promise<CheckpointData> {
  const inputs: Record<string, Flat<TensorDType>> = {}
  for (const given of validation?.x.list ?? []) inputs[given.input.slot] = await inTurns(downloaded(given, engine))
  return {
    fingerprint: await inTurns(fingerprint(train)),
    weights: weightsOf(train),
    validation: validation && { ...inputs, ...targetsOf(validation), ...weightsOf(validation) },
  }
}

function downloaded({ input, buffer, shape }: NativeInput, engine: Pick<Engine, 'dtype'>): Sliced<Flat<TensorDType>> {
  const rows = { buffer, shape: [...shape], release: () => undefined }
  return download('checkpoint', rows, dtypeOf(input, engine))
}

function targetsOf({ y }: NativeData): KeptRows {
  return Object.fromEntries(y.map(({ output, targets }) => [output.slot, targets!]))
}

function weightsOf({ y }: NativeData): KeptRows {
  return Object.fromEntries(
    y.flatMap(({ output, exampleWeights }) => (exampleWeights ? [[output.weightSlot, exampleWeights]] : [])),
  )
}

function named(prefix: string, rows: KeptRows | null): NamedTensors {
  return Object.entries(rows ?? {}).map(([slot, { data, shape }]) => ({
    name: `checkpoint.${prefix}${slot}`,
    shape: [...shape],
    data,
  }))
}

function vector(name: string, data: NativeArray | null): NamedTensors {
  return data?.length ? [{ name: `checkpoint.${name}`, shape: [data.length], data }] : []
}

/** Nobody asks for the data of a finished run again. */
function dataTensors({ weights, validation }: CheckpointData): NamedTensors {
  return [...named('', weights), ...named('validation.', validation)]
}

export interface CheckpointContents {
  /** An absolute path: the settings keep it as it was given, for a resume in another place. */
  file: string
  settings: Settings
  callbacks: readonly Callback[]
  kept: CheckpointData
  state: CheckpointState
}

/**
 * Writes the model with the run's options, state and data. `pause` is called after each turn of the event loop, until
 * all of it is read.
 */
export async function writeCheckpoint(
  engine: Engine,
  { file, settings, callbacks, kept, state }: CheckpointContents,
  pause: () => void,
): Promise<void> {
  const { sums, history } = state
  const callbackTensors: NamedTensors = []
  const callbackStates: Json[] = []
  for (const [i, callback] of callbacks.entries()) {
    const saved = await callback.save?.()
    pause()
    callbackStates.push(saved ? { name: callback.name, values: saved.values } : null)
    if (!saved) continue
    for (const [name, value] of Object.entries(saved.tensors ?? {})) {
      const rows = { buffer: bufferOf(value), shape: [...value.shape], release: () => undefined }
      const { data } = await inTurns(download('checkpoint', rows, value.dtype), pause)
      callbackTensors.push({ name: `checkpoint.callback.${i}.${name}`, shape: rows.shape, data })
    }
  }
  const json: Json = {
    settings: settings as unknown as Json,
    fingerprint: kept.fingerprint,
    validation: kept.validation !== null && !state.finished,
    epoch: state.epoch,
    sums: { ...sums, totals: null, answers: sums.answers.length },
    finished: state.finished,
    stopRequested: state.stopRequested,
    history: { epochs: history.epochs as Json[], stopped: history.stopped },
    callbacks: callbackStates,
  }
  const tensors = [
    ...vector('batches', history.batches),
    ...vector('totals', sums.totals),
    ...sums.answers.flatMap((values, i) => vector(`answers.${i}`, values)),
    ...(state.finished ? [] : dataTensors(kept)),
    ...callbackTensors,
  ]
  const snapshot = await snapshotInTurns(engine, 'checkpoint', { checkpoint: { json, tensors } }, pause)
  await writeFileAtomic(file, await inTurns(snapshotParts(snapshot)))
}

/** What a callback kept. */
interface SavedCallback {
  name: string
  values: JsonObject
  tensors: NamedTensors
}

/** A checkpoint read back. */
export interface Checkpoint {
  settings: Settings
  fingerprint: string
  /** Weights of the training rows and validation data, as the interrupted run had them, by slot. */
  weights: KeptRows
  validation: KeptRows | null
  state: CheckpointState
  callbacks: (SavedCallback | null)[]
}

export function readCheckpoint(source: string, { checkpoint, tensors }: ModelSnapshot): Checkpoint {
  if (checkpoint === null || typeof checkpoint !== 'object' || Array.isArray(checkpoint))
    throw new StateError(
      `resume: '${source}' is a saved model, not the checkpoint of a fit. Use loadModel, then model.fit.`,
    )
  const json = checkpoint as JsonObject
  try {
    const find = (name: string) => tensors.find((t) => t.name === `checkpoint.${name}`)
    const rows = (prefix: string): KeptRows =>
      Object.fromEntries(
        tensors
          .filter(({ name }) => name.startsWith(`checkpoint.${prefix}`))
          .map(({ name, shape, data }) => [name.slice(`checkpoint.${prefix}`.length), { data, shape }]),
      )
    const history = new History()
    const past = json.history as unknown as { epochs: EpochLogs[]; stopped: StopReason }
    history.epochs.push(...past.epochs)
    history.stopped = past.stopped
    history.addBatches(float64(find('batches')?.data))
    const { answers: count = 0, ...numbers } = json.sums as unknown as Omit<EpochSums, 'answers'> & { answers?: number }
    const answers = Array.from({ length: count }, (_, i) => find(`answers.${i}`)!.data as NativeArray)
    const sums: EpochSums = { ...emptySums(), ...numbers, answers, totals: null }
    const totals = find('totals')
    if (totals) sums.totals = float64(totals.data)
    return {
      settings: settingsFrom(json.settings as JsonObject),
      fingerprint: json.fingerprint as string,
      weights: Object.fromEntries(Object.entries(rows('')).filter(([slot]) => /^weights(\.|$)/.test(slot))),
      validation: json.validation ? rows('validation.') : null,
      state: {
        epoch: json.epoch as number,
        sums,
        finished: json.finished as boolean,
        // Files of 0.1 do not say.
        stopRequested: json.stopRequested === true,
        history,
      },
      callbacks: (json.callbacks as (JsonObject | null)[]).map(
        (entry, i) =>
          entry && {
            name: entry.name as string,
            values: entry.values as JsonObject,
            tensors: tensorsOfCallback(tensors, i),
          },
      ),
    }
  } catch (error) {
    throw new FormatError(`resume: '${source}': the checkpoint is incomplete: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Settings as they are now. */
function settingsFrom(json: JsonObject): Settings {
  const settings = json as unknown as Settings
  const { augment } = json
  // Version 1 knew one input only.
  const isOld = augment !== null && typeof augment === 'object' && 'flip' in augment
  return isOld ? { ...settings, augment: { input: 'x', how: augment as unknown as AugmentSettings } } : settings
}

function float64(data: TensorArray | undefined): Float64Array {
  return data ? new Float64Array(data) : new Float64Array(0)
}

function tensorsOfCallback(tensors: NamedTensors, index: number): NamedTensors {
  const prefix = `checkpoint.callback.${index}.`
  const own = tensors.filter(({ name }) => name.startsWith(prefix))
  return own.map((t) => ({ ...t, name: t.name.slice(prefix.length) }))
}

/** What `restore` of a callback takes, made with turns of the event loop in between. */
export async function callbackState({ values, tensors }: SavedCallback): Promise<CallbackState> {
  const made: Record<string, Tensor> = {}
  for (const { name, shape, data } of tensors) {
    const dtype = isArrayOf('float32', data) ? 'float32' : 'float64'
    const buffer = await inTurns(upload('resume', { data: data as NativeArray, shape }, { dtype, device: 'cpu' }))
    made[name] = Tensor.fromBuffer(buffer, shape, dtype)
  }
  return { values, tensors: made }
}

/** The data of the interrupted run around x and y as given again. FormatError where some are missing. */
export function resumedData(
  x: InputData,
  y: TargetData,
  { weights, validation }: Checkpoint,
  network: Network,
): FitData {
  const sampleWeight = weightsFrom(weights, network)
  if (!validation) return { x, y, sampleWeight }
  const { inputs, outputs, namedInputs, namedOutputs } = network
  const need = (slot: string): Flat<TensorDType> => {
    const found = validation[slot]
    if (!found) throw new FormatError(`resume: the checkpoint is incomplete: checkpoint.validation.${slot} is missing.`)
    return found
  }
  const vx = namedInputs ? Object.fromEntries(inputs.map(({ name, slot }) => [name, need(slot)])) : need('x')
  const vy = namedOutputs ? Object.fromEntries(outputs.map(({ name, slot }) => [name, need(slot)])) : need('y')
  const vw = weightsFrom(validation, network)
  return { x, y, sampleWeight, validationData: vw ? [vx, vy, vw] : [vx, vy] }
}

/** Weights of rows as fit takes them; undefined where there are none. */
function weightsFrom(rows: KeptRows, { outputs, namedOutputs }: Network): SampleWeights | undefined {
  if (!namedOutputs) return rows.weights
  const given = outputs.filter(({ weightSlot }) => rows[weightSlot])
  if (given.length === 0) return undefined
  return Object.fromEntries(given.map(({ name, weightSlot }) => [name, rows[weightSlot]]))
}
