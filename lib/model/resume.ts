/** Taking up an interrupted fit. */
import { checkOptions, checkSignal } from '../base/checks'
import type { Custom } from '../base/custom'
import { StateError } from '../base/errors'
import { inTurns } from '../base/slices'
import { heldRows } from '../data/row-source'
import type { TargetData } from './data/examples'
import type { InputData } from './data/inputs'
import type { DeviceName } from '../native/devices'
import { fromSnapshot, readSnapshot } from './load'
import type { Model } from './model'
import type { Callback } from './train/callback'
import { callbackState, fingerprint, readCheckpoint, resumedData, type Checkpoint } from './train/checkpoint'
import { Fit, type FitRequest } from './train/fit'
import { callbacksOf, type CommonFitOptions } from './train/fit-options'
import type { History } from './train/history'
import { openResumed } from './train/open-fit'
import { withHistory } from './train/recorder'

export interface ResumeOptions extends Pick<CommonFitOptions, 'onBatch' | 'onEpoch' | 'verbose'> {
  /** Own layers and functions by the names they were saved under. */
  custom?: Custom | undefined
  /** Where the model goes. Default: where `sequential` would put it. To the same bits only on the device of the fit. */
  device?: DeviceName | undefined
  /**
   * The same callbacks in the same order as the interrupted fit had: their state is restored, their options are those
   * given here.
   */
  callbacks?: readonly Callback[] | undefined
  signal?: AbortSignal | undefined
}

/**
 * Goes on with the fit that wrote the checkpoint at `path`, with its options, to the same bits as if it had never been
 * interrupted; further checkpoints go to the path they went to. x and y must be the data of that fit (StateError
 * otherwise); sample weights, class weights and validation data come from the checkpoint. An abort leaves the
 * checkpoint as it is, for another resume. The checkpoint of a finished fit gives its model and history back at once.
 */
export async function resume(
  path: string,
  x: InputData,
  y: TargetData,
  options: ResumeOptions = {},
): Promise<{ model: Model; history: History }> {
  checkOptions('resume', options, ['custom', 'device', 'callbacks', 'signal', 'onBatch', 'onEpoch', 'verbose'])
  checkSignal('resume', options.signal)
  const callbacks = callbacksOf('resume', options)
  const [heldX, heldY] = [heldRows(x), heldRows(y)]
  try {
    return await resumed(path, heldX.value, heldY.value, options, callbacks)
  } finally {
    heldX.release()
    heldY.release()
  }
}

async function resumed(
  path: string,
  x: InputData,
  y: TargetData,
  options: ResumeOptions,
  callbacks: readonly Callback[],
): Promise<{ model: Model; history: History }> {
  const { snapshot } = await readSnapshot('resume', path, options.signal)
  const checkpoint = readCheckpoint(path, snapshot)
  const model = await fromSnapshot(snapshot, options, path)
  try {
    const { engine } = model.internals('resume')
    await restoreCallbacks(callbacks, checkpoint)
    const verify: FitRequest['verify'] = async (train, job) => {
      if ((await inTurns(fingerprint(train), () => job.throwIfAborted())) !== checkpoint.fingerprint)
        throw new StateError(
          `resume: x and y are not the data that the fit of '${path}' was interrupted on. Pass the same rows in the ` +
            `same order.`,
        )
    }
    const { settings, state } = checkpoint
    const rest = { callbacks, signal: options.signal, verify }
    const request = openResumed(engine, resumedData(x, y, checkpoint, engine.network), settings, state, rest)
    const history = await new Fit(engine, model, request).run()
    return { model, history }
  } catch (error) {
    model.dispose()
    throw withHistory(error, checkpoint.state.history)
  }
}

async function restoreCallbacks(callbacks: readonly Callback[], checkpoint: Checkpoint): Promise<void> {
  if (checkpoint.state.finished) return
  for (const [i, saved] of checkpoint.callbacks.entries()) {
    if (!saved) continue
    const callback = callbacks[i]
    if (callback?.name !== saved.name || !callback.restore)
      throw new StateError(
        `resume: the interrupted fit had callbacks.${saved.name} at place ${i}, ` +
          `got ${callback ? `'${callback.name}'` : 'none'}. Pass the same callbacks in the same order.`,
      )
    await callback.restore(await callbackState(saved))
  }
}
