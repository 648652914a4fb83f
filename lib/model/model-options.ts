/** What all models are made with, beside their network. */
import { randomBytes } from 'node:crypto'
import { dtypeOption, isListOf, isString, nonEmptyString, oneOf, seedOption } from '../base/checks'
import type { DType, Precision } from '../base/dtype'
import { describeValue, OptionError } from '../base/errors'
import { sizeOf } from '../base/shape'
import { resolveDevice, type DeviceName } from '../native/devices'
import type { ModelParts } from './engine'
import type { Network } from './structure/network'

export interface ModelOptions {
  /** Initial weights, shuffles and dropout follow from it. Drawn if unset, and shown as model.seed. */
  seed?: number | bigint | undefined
  /** Names of the outputs; kept in the file. */
  labels?: readonly string[] | undefined
  /** Default 'float32'. */
  dtype?: DType | undefined
  /**
   * Default: what the environment variable MYELIN_DEVICE names, else 'auto', which takes a GPU where there is one and
   * the network is large enough to gain.
   */
  device?: DeviceName | undefined
  /**
   * What the matrix products of a float32 model may be computed in by the tensor cores of a GPU (compute capability 8.0
   * and newer): 'tf32' and 'bf16' round the operands of a product to 10 and 7 bits of fraction and add in float32.
   * Weights, optimiser state and all else stay float32. On the CPU, on older GPUs and for products of at most 16 rows
   * or columns it changes nothing. Default: the dtype, which is full precision.
   */
  precision?: Precision | undefined
  name?: string | undefined
}

/** Names of the options that all models take. */
export const modelOptionNames = ['seed', 'labels', 'dtype', 'device', 'precision', 'name']

/** The parts of a new model. OptionError for options that are wrong; `where` opens the message. */
export function modelParts(where: string, options: ModelOptions, network: Network): ModelParts {
  const dtype = dtypeOption(where, options.dtype ?? 'float32')
  const precision = precisionOption(where, options.precision, dtype)
  const seed =
    options.seed === undefined ? BigInt(randomBytes(6).readUIntBE(0, 6)) : seedOption(`${where}: seed`, options.seed)
  const name = options.name === undefined ? null : nonEmptyString(`${where}: name`, options.name)
  const labels = options.labels === undefined ? null : checkLabels(where, options.labels, network)
  const device = resolveDevice(where, options.device, network.sizeIn(dtype))
  return { network, dtype, precision, seed, name, labels, device }
}

/**
 * What the matrix products of a model may be computed in: its dtype (the default) or, for float32, 'tf32' or 'bf16'.
 * OptionError for a name that is unknown or does not go with the dtype.
 */
function precisionOption(where: string, value: unknown, dtype: DType): Precision {
  const precision = oneOf(`${where}: precision`, value ?? dtype, ['float32', 'tf32', 'bf16', 'float64'])
  if (precision === dtype || (dtype === 'float32' && precision !== 'float64')) return precision
  throw new OptionError(
    dtype === 'float64'
      ? `${where}: precision: '${precision}' is for models of dtype 'float32', this one is float64, whose ` +
          `products are always computed in float64. Leave precision out, or use dtype 'float32'.`
      : `${where}: precision: 'float64' needs dtype 'float64', this model is float32. ` +
          'Set both, or leave precision out.',
  )
}

function checkLabels(where: string, labels: readonly string[], { outputs, namedOutputs }: Network): string[] {
  if (namedOutputs)
    throw new OptionError(`${where}: labels: expected none for a model with outputs by name: the names say it.`)
  const width = sizeOf(outputs[0].shape)
  if (!isListOf(labels, isString))
    throw new OptionError(`${where}: labels: expected a list of strings, got ${describeValue(labels)}.`)
  if (labels.length !== width && !(width === 1 && labels.length === 2))
    throw new OptionError(
      `${where}: labels: expected ${width === 1 ? '1 or 2' : width}, one per output, got ${labels.length}.`,
    )
  return [...labels]
}
