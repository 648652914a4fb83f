/** Observers of `fit`: `callbacks.*`. */
import { earlyStopping } from './early-stopping'
import { progressBar } from './progress-bar'

export type { BatchLogs, Callback, CallbackState, TrainingProgress, TrainingRun } from './callback'
export type { EarlyStoppingOptions } from './early-stopping'
export type { ProgressBarOptions, ProgressStream } from './progress-bar'

export const callbacks = { earlyStopping, progressBar }
