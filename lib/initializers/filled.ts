/** The same number everywhere. */
import { finiteNumber } from '../base/checks'
import { newArray } from '../base/dtype'
import type { Json, JsonObject } from '../base/json'
import { sizeOf } from '../base/shape'
import type { Initializer } from './initializer'

function filled(config: Json, value: number): Initializer {
  return { config, create: (shape, { dtype }) => newArray(dtype, sizeOf(shape)).fill(value) }
}

export const zeros = filled('zeros', 0)

export const ones = filled('ones', 1)

/** `value`, a finite number, everywhere. */
export function constant(value: number): Initializer {
  const checked = finiteNumber('initializers.constant', value)
  return filled({ name: 'constant', value: checked }, checked)
}

export const constantFromConfig = ({ value }: JsonObject): Initializer => constant(value as number)
