import { randomBytes } from 'node:crypto'
import { resolveDevice, type DeviceName } from '../devices'
import {
  OptionError,
  checkOptions,
  describeValue,
  dtypeOption,
  nonEmptyString,
  seedOption,
  shapeOption,
} from '../errors'
import type { DType, Shape } from '../graph/node'
import type { Layer } from '../layers/layer'
import { Model } from './model'
import { Network } from './network'
import { warn } from './warn'

export interface SequentialOptions {
  /** Of one example, without the batch: [784]. */
  inputShape: Shape
  layers: readonly Layer[]
  /** Initial weights, shuffles and dropout follow from it. Drawn if unset, and shown as model.seed. */
  seed?: number | bigint
  /** Names of the outputs; kept in the file. */
  labels?: readonly string[]
  /** Default 'float32'. */
  dtype?: DType
  /**
   * Default: what the environment variable MYELIN_DEVICE names, else 'auto', which takes a GPU where there is one and the
   * network is large enough to gain.
   */
  device?: DeviceName
  /** 'full' (default): all arithmetic in the model's dtype. */
  precision?: 'full'
  name?: string
}

/** A model whose layers feed each other in order. */
export function sequential(options: SequentialOptions): Model {
  const where = 'sequential'
  if (options === undefined || options === null)
    throw new OptionError(`${where}: expected { inputShape, layers, … }, got ${describeValue(options)}.`)
  checkOptions(where, options, ['inputShape', 'layers', 'seed', 'labels', 'dtype', 'device', 'precision', 'name'])
  const inputShape = shapeOption(`${where}: inputShape`, options.inputShape)
  const dtype = dtypeOption(where, options.dtype ?? 'float32')
  if (options.precision !== undefined && options.precision !== 'full')
    throw new OptionError(`${where}: precision: expected 'full', got ${describeValue(options.precision)}.`)
  const seed =
    options.seed === undefined ? BigInt(randomBytes(6).readUIntBE(0, 6)) : seedOption(`${where}: seed`, options.seed)
  const name = options.name === undefined ? null : nonEmptyString(`${where}: name`, options.name)
  const network = new Network(inputShape, options.layers)
  const labels = options.labels === undefined ? null : checkLabels(options.labels, network)
  const device = resolveDevice(where, options.device, network.sizeIn(dtype))
  const model = new Model({ network, dtype, seed, name, labels, device })
  for (const [first, second] of network.collapsingPairs())
    warn(
      `sequential: '${first}' and '${second}' have no non-linear activation between them: together they can only do what one linear layer can. ` +
        `Give '${first}' an activation such as 'relu'.`,
    )
  return model
}

function checkLabels(labels: readonly string[], network: Network): string[] {
  const width = network.outputShape.reduce((n, d) => n * d, 1)
  if (!Array.isArray(labels) || labels.some((label) => typeof label !== 'string'))
    throw new OptionError(`sequential: labels: expected a list of strings, got ${describeValue(labels)}.`)
  if (labels.length !== width && !(width === 1 && labels.length === 2))
    throw new OptionError(
      `sequential: labels: expected ${width === 1 ? '1 or 2' : width}, one per output, got ${labels.length}.`,
    )
  return [...labels]
}
