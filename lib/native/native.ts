/** The addon, loaded once: the only value through which the library reaches native code. */
import { OptionError } from '../base/errors'
import type { Native } from './contract'
import { loadNative } from './load'
import { checkSettings } from './settings'

export const native = checked(loadNative())

/** OptionError for environment variables with values that nothing can be done with. */
function checked(addon: Native): Native {
  checkSettings()
  try {
    addon.info()
  } catch (error) {
    throw new OptionError((error as Error).message, { cause: error })
  }
  return addon
}
