/** Observers of `fit`: `callbacks.*`. */
import { progressBar } from '../model/train/progress-bar'
import { earlyStopping } from './early-stopping'
import { plateau } from './plateau'
import { weightNorms } from './weight-norms'

export type { EarlyStoppingOptions } from './early-stopping'
export type { PlateauOptions } from './plateau'
export type { ProgressBarOptions, ProgressStream } from '../model/train/progress-bar'

export const callbacks = { earlyStopping, plateau, progressBar, weightNorms }
