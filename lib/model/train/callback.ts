/** What a fit tells its observers. Generic in the model, which is built on top of this. */
import type { JsonObject } from '../../base/json'
import type { Tensor } from '../../tensor/tensor'
import type { EpochLogs, History } from './history'

/** The run a callback takes part in. `Model`: what trains; only the type of `model` depends on it. */
export interface TrainingRun<Model = unknown> {
  readonly model: Model
  readonly history: History
  /** Number of the last epoch planned. */
  readonly epochs: number
  /** Examples of an epoch; undefined for data streams. */
  readonly examples: number | undefined
  /** Steps of an epoch; undefined for data streams of unknown length. */
  readonly batches: number | undefined
  /**
   * Names of the values that the logs of an epoch will have: loss, dataLoss, learningRate, metrics, val_…. Null where a
   * callback of the user's may add others in its onEpoch.
   */
  readonly logNames: readonly string[] | null
  /** After a resume within an epoch: what had run of it. Its onEpochBegin has been called long ago. @internal */
  readonly begun?: { readonly epoch: number; readonly batch: number; readonly examples: number } | undefined
  /** Ends the run after the current epoch, after a resume too; `history.stopped` becomes 'early'. */
  stop(): void
}

/** A moment of an epoch, reported at most every few milliseconds. */
export interface TrainingProgress {
  /** Number of the running epoch. */
  epoch: number
  /** Steps done in this epoch. */
  batch: number
  /** Examples seen in this epoch. */
  examples: number
  /** Size-weighted mean cost of the epoch so far. */
  loss: number
}

/** What `onBatch` observes. */
export interface BatchLogs {
  epoch: number
  /** From 1 in each epoch. */
  batch: number
  /** J of the batch before its update. */
  loss: number
}

/** What a callback keeps in a checkpoint. */
export interface CallbackState {
  values: JsonObject
  tensors?: { [key: string]: Tensor } | undefined
}

/** A method that may be undefined too; like any method it may take a narrower argument than it is given. */
export type Hook<Arguments extends unknown[], Result = unknown> =
  { hook(...args: Arguments): Result }['hook'] | undefined

/**
 * An observer of `fit`. All methods are optional. `onTrainBegin`, `onEpochBegin`, `onEpoch` and `onTrainEnd` are
 * awaited at a step boundary, where the model's methods run at once; `onProgress` and `onBatch` come late and batched,
 * and what they promise is awaited at the end of the epoch. A method that throws or rejects ends the fit with its
 * error.
 */
export interface Callback<Model = unknown> {
  /** Names the callback in errors and checkpoints. */
  readonly name: string
  onTrainBegin?: Hook<[run: TrainingRun<Model>]>
  onEpochBegin?: Hook<[epoch: number, run: TrainingRun<Model>]>
  onProgress?: Hook<[progress: TrainingProgress, run: TrainingRun<Model>]>
  onBatch?: Hook<[batch: BatchLogs, run: TrainingRun<Model>]>
  onEpoch?: Hook<[logs: EpochLogs, run: TrainingRun<Model>]>
  onTrainEnd?: Hook<[run: TrainingRun<Model>]>
  /**
   * An observer with a state of its own for one run, which takes this one's place there: so one object can be given to
   * several fits, at once too. Without it, fits that share the object share its state.
   */
  forRun?: Hook<[], Callback<Model>>
  /** For checkpoints: what `restore` needs to go on as if nothing had happened. */
  save?: Hook<[], CallbackState | Promise<CallbackState>>
  restore?: Hook<[state: CallbackState], void | Promise<void>>
}
