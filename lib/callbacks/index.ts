export type { BatchLogs, Callback, CallbackState, TrainingProgress, TrainingRun } from './callback'
export { earlyStopping, type EarlyStoppingOptions } from './early-stopping'
export { progressBar, type ProgressBarOptions, type ProgressStream } from './progress-bar'
