/** Where models can run, and how a `device` option becomes one of these places. */
import type { DType } from '../base/dtype'
import { describeValue, DeviceError, OptionError } from '../base/errors'
import { native } from './native'
import { guarded } from './runtime'
import { namedDevice } from './settings'

export interface DeviceInfo {
  /** What the `device` option takes: 'cpu', 'cuda:0', … */
  name: string
  /** The instruction set in use, such as 'x86-64-v4', or the GPU's product name. */
  description: string
  /** Of a GPU: its whole memory, in bytes. */
  memoryBytes?: number
  /** Of a GPU: for example '9.0'. */
  computeCapability?: string
  /** Of a GPU: the newest CUDA version its driver knows, for example '13.0'. */
  driver?: string
}

export type DeviceName = 'cpu' | 'auto' | 'cuda' | `cuda:${number}`

/** Numbers of weights from which on 'auto' takes a GPU: smaller networks are done before a GPU has started. */
const autoWeights = 100_000

/** The devices this process can use, the CPU first. A GPU whose memory others hold at the moment is among them. */
export function devices(): DeviceInfo[] {
  const gpus = native.devices().map(({ title, ...gpu }) => ({ ...gpu, description: title }))
  return [{ name: 'cpu', description: native.info().isa }, ...gpus]
}

/**
 * Why models run on the CPU only, or null where a GPU can be used: the CUDA library or the driver is missing, the
 * driver is too old (with the version needed), there is no GPU, or it has no memory left.
 */
export function whyNoGpu(): string | null {
  return native.whyNoGpu()
}

/**
 * The most memory that this process takes of a GPU, in bytes; Infinity: as much as there is (the default). What is in
 * use already stays in use; a further request beyond the limit is a DeviceError.
 */
export function setMemoryLimit(device: 'cuda' | `cuda:${number}`, bytes: number): void {
  const where = 'setMemoryLimit'
  if (typeof bytes !== 'number' || !(bytes === Infinity || (Number.isSafeInteger(bytes) && bytes > 0)))
    throw new OptionError(`${where}: bytes: expected an integer above 0, or Infinity, got ${describeValue(bytes)}.`)
  if (!isGpuName(device))
    throw new DeviceError(`${where}: expected 'cuda' or 'cuda:<number>', got ${describeValue(device)}.`)
  guarded(where, () => native.setMemoryLimit(device, bytes === Infinity ? 0 : bytes))
}

function isGpuName(device: unknown): device is 'cuda' | `cuda:${number}` {
  return typeof device === 'string' && /^cuda(:\d+)?$/.test(device)
}

/** What 'auto' goes by. */
export interface ModelSize {
  weights: number
  dtype: DType
}

/**
 * The device a model will use: 'cpu', 'cuda:0', … `undefined` stands for what MYELIN_DEVICE names, else for 'auto': the
 * first GPU where there is a usable one and the model is large enough to gain. DeviceError for a device that is
 * missing.
 */
export function resolveDevice(where: string, device: unknown, size: ModelSize): string {
  const wanted = device ?? namedDevice() ?? 'auto'
  if (wanted === 'cpu') return 'cpu'
  if (wanted === 'auto')
    return size.dtype === 'float32' && size.weights >= autoWeights && whyNoGpu() === null
      ? native.devices()[0].name
      : 'cpu'
  if (!isGpuName(wanted))
    throw new DeviceError(`${where}: expected 'cpu', 'auto', 'cuda' or 'cuda:<number>', got ${describeValue(wanted)}.`)
  const reason = whyNoGpu()
  if (reason !== null)
    throw new DeviceError(
      `${where}: device '${wanted}' cannot be used. ${reason} Models can run on the CPU: use 'cpu' or 'auto'.`,
    )
  const gpus = native.devices().map((gpu) => gpu.name)
  const name = wanted === 'cuda' ? gpus[0] : wanted
  if (!gpus.includes(name))
    throw new DeviceError(
      `${where}: there is no device '${name}'; this machine has 'cpu', ${gpus.map((g) => `'${g}'`).join(', ')}.`,
    )
  return name
}
