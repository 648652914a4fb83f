/**
 * The public options of an op. Each kind says what users may give, what is taken where they give nothing, and how it
 * becomes the attribute that crosses to the core.
 */
import { booleanOption, checkOptions, finiteNumber } from '../../base/checks'
import { normalizeAxis, type Shape } from '../../base/shape'
import { whereOf } from '../label'
import type { AttrValue, Attrs } from '../node'

interface OptionCall {
  readonly op: string
  readonly name: string
  /** Of the inputs. */
  readonly shapes: readonly Shape[]
}

export interface OpOption<T> {
  /** What is taken where the user gives nothing. */
  readonly fallback: T
  /** The attribute's name, where it is not the option's. */
  readonly attr?: string
  /** The attribute's value, or an error that names the op. */
  readonly read: (given: unknown, call: OptionCall) => AttrValue
}

export type OpOptions = Readonly<Record<string, OpOption<unknown>>>

/** What users may write for these options. */
export type GivenOptions<Options> = {
  [Name in keyof Options]?: (Options[Name] extends OpOption<infer T> ? T : never) | undefined
}

/** An axis of the first input; negative ones count from the back. The attribute counts from the front. */
export const axis = (fallback: number): OpOption<number> => ({
  fallback,
  read: (given, { op, shapes }) => normalizeAxis(whereOf(op), given, shapes[0].length),
})

/** true or false; the attribute is 1 or 0. */
export const flag = (fallback: boolean, attr?: string): OpOption<boolean> => ({
  fallback,
  attr,
  read: (given, { op, name }) => (booleanOption(`${op}: ${name}`, given) ? 1 : 0),
})

/** A finite number. */
export const number = (fallback: number): OpOption<number> => ({
  fallback,
  read: (given, { op, name }) => finiteNumber(`${op}: ${name}`, given),
})

/**
 * Makes the function that turns what a user gives as the options of `op` into its attributes. Errors name the op. The
 * function runs at each call of an eager op, so it makes no lists.
 */
export function attributesOf(op: string, options: OpOptions): (given: unknown, shapes: readonly Shape[]) => Attrs {
  const names = Object.keys(options)
  return (given, shapes) => {
    checkOptions(op, given, names)
    const values = given as Readonly<Record<string, unknown>> | undefined
    const attributes: Record<string, AttrValue> = {}
    for (const name of names) {
      const { fallback, attr = name, read } = options[name]
      attributes[attr] = read(values?.[name] ?? fallback, { op, name, shapes })
    }
    return attributes
  }
}
