/** Data of a network's inputs on their way into native memory: by name, or bare where the model has one input. */
import type { TensorArray, TensorDType } from '../../base/dtype'
import { DTypeError, OptionError, ShapeError } from '../../base/errors'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import { inTurns, type Sliced } from '../../base/slices'
import { openRows, type RowSource } from '../../data/row-source'
import type { DataLike } from '../../data/rows'
import { toNative, type Home } from '../../data/transfer'
import type { NativeBuffer } from '../../native/contract'
import { Tensor } from '../../tensor/tensor'
import type { Job } from '../queue/job'
import type { Network, NetworkInput } from '../structure/network'
import { recordOf } from '../structure/record'

/** x: rows of the only input, or rows by the name of each. */
export type InputData = DataLike | { readonly [input: string]: DataLike }

/** One input in native memory. */
export interface NativeInput {
  readonly input: NetworkInput
  readonly buffer: NativeBuffer
  readonly shape: readonly number[]
}

/** All inputs in native memory. */
export interface NativeInputs {
  readonly rows: number
  readonly list: readonly NativeInput[]
  release(): void
}

/** The dtype that the data of an input have in a model. */
export function dtypeOf({ dtype }: NetworkInput, { dtype: ofModel }: Pick<Home, 'dtype'>): TensorDType {
  return dtype ?? ofModel
}

/** x, open. `release` gives back the references to its tensors. */
export class OpenInputs {
  private constructor(
    readonly where: string,
    readonly list: readonly {
      readonly input: NetworkInput
      readonly name: string
      readonly source: RowSource<TensorDType>
    }[],
  ) {}

  /**
   * Opens x and checks names and shapes. OptionError for inputs that are missing or unknown, ShapeError for rows of
   * another shape or number.
   */
  static open(where: string, x: InputData, network: Network, home: Pick<Home, 'dtype'>): OpenInputs {
    const { inputs, namedInputs } = network
    const names = inputs.map(({ name }) => name)
    const given = namedInputs ? recordOf<DataLike>(`${where}: x`, 'input', x, names) : { [names[0]]: x as DataLike }
    const opened: RowSource<TensorDType>[] = []
    try {
      const list = inputs.map((input) => {
        const name = namedInputs ? `x.${input.name}` : 'x'
        const source = openRows(`${where}: ${name}`, given[input.name], dtypeOf(input, home))
        opened.push(source)
        checkShape(`${where}: ${name}`, source, input.shape)
        return { input, name, source }
      })
      const [first, ...others] = list
      for (const { name, source } of others)
        if (source.shape[0] !== first.source.shape[0])
          throw new ShapeError(
            `${where}: ${first.name} has ${first.source.shape[0]} rows but ${name} has ${source.shape[0]}.`,
          )
      return new OpenInputs(where, list)
    } catch (error) {
      for (const source of opened) source.release()
      throw error
    }
  }

  get rows(): number {
    return this.list[0].source.shape[0]
  }

  /** Finiteness, ranges of ids, and the copy. The caller releases what it gets; the sources stay open. */
  *toNative(home: Home): Sliced<NativeInputs> {
    const made: { release(): void }[] = []
    const release = () => made.splice(0).forEach((rows) => rows.release())
    try {
      const list: NativeInput[] = []
      for (const { input, name, source } of this.list) {
        const check = idCheck(`${this.where}: ${name}`, input)
        // Not a spread: the device of an engine is a getter of its class.
        const own = { dtype: dtypeOf(input, home), device: home.device }
        const rows = yield* namingLayer(input, toNative(this.where, name, source, own, check))
        made.push(rows)
        list.push({ input, buffer: rows.buffer, shape: rows.shape })
      }
      return { rows: this.rows, list, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** `toNative` with turns of the event loop in between. AbortError. */
  prepared(home: Home, job: Job): Promise<NativeInputs> {
    return inTurns(this.toNative(home), () => job.throwIfAborted())
  }

  release(): void {
    for (const { source } of this.list) source.release()
  }
}

/** The inputs of a plan. */
export function slotsOf({ list }: NativeInputs): Record<string, NativeBuffer> {
  return Object.fromEntries(list.map(({ input, buffer }) => [input.slot, buffer]))
}

/** What goes wrong with numbers that are not whole is told with the layer that wants them. */
function* namingLayer<T>({ limit }: NetworkInput, copy: Sliced<T>): Sliced<T> {
  try {
    return yield* copy
  } catch (error) {
    if (!limit || !(error instanceof DTypeError)) throw error
    const { below, layer } = limit
    throw new DTypeError(`${error.message} '${layer}' takes whole numbers from 0 to ${below - 1}.`, { cause: error })
  }
}

/** OptionError for a value that a layer cannot take as an id; undefined where any number goes. */
function idCheck(
  where: string,
  { limit, shape }: NetworkInput,
): ((part: TensorArray, from: number) => void) | undefined {
  if (!limit) return undefined
  const { below, layer } = limit
  const width = sizeOf(shape)
  return (part, from) => {
    for (let i = 0; i < part.length; i++) {
      const value = part[i]
      if (value >= 0 && value < below && Number.isInteger(value)) continue
      throw new OptionError(
        `${where}: expected whole numbers from 0 to ${below - 1} for '${layer}', got ${value} in row ` +
          `${Math.floor((from + i) / width)}.`,
      )
    }
  }
}

/** ShapeError unless the rows are [m, ...shape]. */
function checkShape(where: string, source: RowSource<TensorDType>, shape: Shape): void {
  const [, ...rest] = source.shape
  if (source.shape.length > 0 && rest.join() === shape.join()) return
  throw new ShapeError(
    `${where}: expected shape ${shapeText([null, ...shape])} (examples are rows), got ` +
      `${shapeText(source.shape)}.${rowsHint(source, shape)}`,
  )
}

/** How numbers without rows become examples. */
function rowsHint({ shape, given }: RowSource<TensorDType>, inputShape: Shape): string {
  if (shape.join() === inputShape.join()) return ' For one example wrap it: [example].'
  if (shape.length !== 1) return ''
  const size = sizeOf(inputShape)
  const rows = shapeText([shape[0] % size === 0 ? shape[0] / size : 'm', ...inputShape])
  if (given instanceof Tensor) return ` Give it rows: ops.reshape(x, ${rows}).`
  if (!Array.isArray(given)) return ` A flat typed array needs its shape: tensor(data, ${rows}).`
  if (inputShape.join() === '1') return ' For one number per example: x.map((v) => [v]).'
  return ` A flat array needs its shape: tensor(x, ${rows}).`
}

/** For functions that need one input. OptionError where the model takes several by name. */
export function bareInput(
  where: string,
  { inputs, namedInputs }: Pick<Network, 'inputs' | 'namedInputs'>,
): NetworkInput {
  if (!namedInputs) return inputs[0]
  const names = inputs.map(({ name }) => `'${name}'`).join(', ')
  throw new OptionError(`${where}: expected a model with one input, got one with inputs by name: ${names}.`)
}
