/** Values of a network before there are any: what `input` and `layer.apply` give. */
import { inspect } from 'node:util'
import { checkOptions, nonEmptyString, oneOf, shapeOption } from '../base/checks'
import { markClass } from '../base/copies'
import { shapeText, type Shape } from '../base/shape'
import type { LayerDescription } from './built'

export interface InputOptions {
  /** Of one example, without the batch. */
  shape: Shape
  /** For errors, and how a model lists it where it is given bare; records of inputs have names of their own. */
  name?: string | undefined
  /**
   * 'int32' for whole numbers. Default: whole numbers where only layers that take ids (embedding) read the input,
   * else the dtype of the model.
   */
  dtype?: 'int32' | undefined
}

/** Where a symbolic tensor comes from. */
type Source =
  | { readonly input: { readonly name: string | undefined; readonly dtype: 'int32' | undefined } }
  | { readonly layer: LayerDescription; readonly inputs: readonly SymbolicTensor[] }

let count = 0

/**
 * A value of a network that is being described: one example's shape, and which layer gives it from which other values.
 * Holds no numbers. `model({ inputs, outputs })` makes a model of those between inputs and outputs.
 */
export class SymbolicTensor {
  /** Of one example, without the batch. */
  readonly shape: Shape
  /** @internal */
  readonly source: Source
  /** Grows: what a value is computed from has smaller numbers. @internal */
  readonly order = ++count

  /** @internal Made by `input` and `layer.apply`. */
  constructor(shape: Shape, source: Source) {
    this.shape = Object.freeze([...shape])
    this.source = source
  }

  toString(): string {
    const { source } = this
    const from = 'layer' in source ? (source.layer.name ?? source.layer.kind) : (source.input.name ?? 'input')
    return `SymbolicTensor ${shapeText([null, ...this.shape])} (${from})`
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

markClass(SymbolicTensor)

/**
 * An input of a network: `const x = input({ shape: [4] })`, to be given to `layer.apply` and `model`. OptionError or
 * ShapeError for options that are none.
 */
export function input(options: InputOptions): SymbolicTensor {
  const where = 'input'
  checkOptions(where, options, ['shape', 'name', 'dtype'])
  const name = options?.name === undefined ? undefined : nonEmptyString(`${where}: name`, options.name)
  const dtype = options?.dtype === undefined ? undefined : oneOf(`${where}: dtype`, options.dtype, ['int32'])
  return new SymbolicTensor(shapeOption(`${where}: shape`, options?.shape), { input: { name, dtype } })
}
