/** The addon, loaded once: the only value through which the library reaches native code. */
import { loadNative } from './load'

export const native = loadNative()
