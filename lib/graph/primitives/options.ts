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

/** The attributes of an op for what the user gave as its options. Errors name the op. */
export function attributesOf(op: string, options: OpOptions, given: unknown, shapes: readonly Shape[]): Attrs {
  checkOptions(op, given, Object.keys(options))
  const values = (given ?? {}) as Readonly<Record<string, unknown>>
  const attributes = Object.entries(options).map(([name, { fallback, attr, read }]): [string, AttrValue] => [
    attr ?? name,
    read(values[name] ?? fallback, { op, name, shapes }),
  ])
  return Object.fromEntries(attributes)
}
