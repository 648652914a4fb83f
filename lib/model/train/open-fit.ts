/** From what a user gives to `fit` to a request that is checked, with its data open. */
import { Examples, type TargetData } from '../data/examples'
import type { InputData } from '../data/inputs'
import type { Engine } from '../engine'
import { checkSavable } from '../files/save'
import type { Callback } from './callback'
import type { CheckpointState } from './checkpoint'
import type { FitRequest } from './fit'
import {
  callbacksOf,
  checkCommon,
  checkFitNames,
  settingsOf,
  type FitData,
  type FitOptions,
  type Settings,
  type ValidationData,
} from './fit-options'

/** What `model.fit(x, y, options)` asks for. Everything that can be wrong about it is found here, at the call. */
export function openFit(engine: Engine, x: InputData, y: TargetData, options: FitOptions): FitRequest {
  const where = 'fit'
  checkFitNames(options)
  engine.requireCompiled(where)
  const common = checkCommon(where, options)
  const callbacks = callbacksOf(where, options)
  // Not at the first checkpoint, when the data have been read.
  if (options.checkpoint !== undefined) checkSavable(engine, `${where}: checkpoint`)
  const { sampleWeight, classWeight, validationData, signal } = options
  const opened = openData(engine, where, { x, y, sampleWeight, classWeight, validationData })
  try {
    const settings = settingsOf(options, common, opened.examples.rows, engine.network)
    return { where, ...opened, settings, callbacks, signal, resumed: null }
  } catch (error) {
    opened.examples.release()
    opened.validation?.release()
    throw error
  }
}

/** The same for a run that was interrupted: its options come from the checkpoint. */
export function openResumed(
  engine: Engine,
  data: FitData,
  settings: Settings,
  resumed: CheckpointState,
  { callbacks, signal, verify }: { callbacks: readonly Callback[] } & Pick<FitRequest, 'signal' | 'verify'>,
): FitRequest {
  const where = 'resume'
  return { where, ...openData(engine, where, data), settings, callbacks, signal, resumed, verify }
}

function openData(engine: Engine, where: string, data: FitData): Pick<FitRequest, 'examples' | 'validation'> {
  const examples = Examples.fitting(engine, where, data)
  try {
    return { examples, validation: openValidation(engine, where, data.validationData) }
  } catch (error) {
    examples.release()
    throw error
  }
}

/** The rows that a run is judged on; null where there are none. */
export function openValidation(
  engine: Engine,
  where: string,
  given: ValidationData | null | undefined,
): Examples | null {
  if (!given) return null
  const [x, y, sampleWeight] = given
  return Examples.fitting(engine, `${where}: validationData`, { x, y, sampleWeight })
}
