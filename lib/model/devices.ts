/** Where models can run. */
import { DeviceError, describeValue } from '../errors'
import { native } from '../native'

export interface DeviceInfo {
  /** What the `device` option takes. */
  name: string
  /** For example 'x86-64-v4'. */
  description: string
}

export type DeviceName = 'cpu' | 'auto' | 'cuda' | `cuda:${number}`

/** The devices this process can use. */
export function devices(): DeviceInfo[] {
  return [{ name: 'cpu', description: native.info().isa }]
}

/** Why models run on the CPU only, or null where a GPU can be used. */
export function whyNoGpu(): string | null {
  return 'This version of Myelin has no GPU backend yet; models run on the CPU.'
}

/** The device a model will use. DeviceError for one that is missing. */
export function resolveDevice(where: string, device: unknown): 'cpu' {
  if (device === undefined || device === 'cpu' || device === 'auto') return 'cpu'
  if (typeof device === 'string' && /^cuda(:\d+)?$/.test(device))
    throw new DeviceError(`${where}: device '${device}' cannot be used. ${whyNoGpu()} Use 'cpu' or 'auto'.`)
  throw new DeviceError(`${where}: expected 'cpu', 'auto', 'cuda' or 'cuda:<number>', got ${describeValue(device)}.`)
}
