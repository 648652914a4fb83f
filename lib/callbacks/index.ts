/** Observers of `fit`: `callbacks.*`. */
import { earlyStopping } from './early-stopping'
import { plateau } from './plateau'
import { progressBar } from './progress-bar'
import { weightNorms } from './weight-norms'

export type { BatchLogs, Callback, CallbackState, TrainingProgress, TrainingRun } from './callback'
export type { EarlyStoppingOptions } from './early-stopping'
export type { PlateauOptions } from './plateau'
export type { ProgressBarOptions, ProgressStream } from './progress-bar'

export const callbacks = { earlyStopping, plateau, progressBar, weightNorms }
