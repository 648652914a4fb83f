/** What the native core is asked about itself, and its errors in the library's own classes. */
import { describeValue, DeviceError, DisposedError, MyelinError, OptionError } from '../base/errors'
import { native } from './native'

export interface MemoryInfo {
  /** Bytes of native memory in use by tensors, models and running plans. */
  liveBytes: number
  liveBuffers: number
  /** The most that liveBytes has been. */
  peakBytes: number
}

/** Native memory in use by this process. */
export function memory(): MemoryInfo {
  return native.memory()
}

/**
 * Sets the number of threads that running plans share, 1…256 (default: `MYELIN_THREADS`, else the usable cores).
 * Results do not depend on it.
 */
export function setThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > 256)
    throw new OptionError(`setThreads: expected an integer from 1 to 256, got ${describeValue(threads)}.`)
  native.setThreads(threads)
}

/** The number of threads that running plans share. */
export function getThreads(): number {
  return native.getThreads()
}

/** The library's error for one of the core's, by its code; any other error as it is. `where` opens the message. */
export function fromCore(where: string, error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'MYELIN_MEMORY') return new MyelinError(`${where}: out of memory: ${message}`, { cause: error })
  if (code === 'MYELIN_DEVICE') return new DeviceError(`${where}: ${message}`, { cause: error })
  if (code === 'MYELIN_DISPOSED') return new DisposedError(`${where}: ${message}`, { cause: error })
  if (code === 'MYELIN_GRAPH')
    return new MyelinError(`${where}: the core refused the graph: ${message}`, { cause: error })
  return error
}

/** Runs `call`, with the core's errors in the library's own classes. */
export function guarded<T>(where: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromCore(where, error)
  }
}
