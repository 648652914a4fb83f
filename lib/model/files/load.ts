import { checkOptions, checkSignal } from '../../base/checks'
import type { Model } from '../model'
import { fromSnapshot, readSnapshot, type LoadOptions } from './save'

/**
 * Reads a model from a file or from the bytes of one: it predicts the same bits as the one saved, and training goes on where it
 * stood. FormatError for anything that is not a whole model file, or where `custom` lacks a function the model uses.
 */
export async function loadModel(source: string | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  checkOptions('loadModel', options, ['custom', 'device', 'signal'])
  checkSignal('loadModel', options.signal)
  const { snapshot, name } = await readSnapshot('loadModel', source, options.signal)
  return fromSnapshot(snapshot, options, name)
}
