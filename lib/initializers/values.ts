import { newArray } from '../base/dtype'
import type { JsonObject } from '../base/json'
import type { Initializer } from './initializer'

/** Given numbers, row by row. Not for users: for statistics that were given as options. */
export function valuesInitializer(values: Float64Array): Initializer {
  return {
    config: { name: 'values', values: [...values] },
    create(_shape, { dtype }) {
      const result = newArray(dtype, values.length)
      result.set(values)
      return result
    },
  }
}

export const valuesFromConfig = ({ values }: JsonObject): Initializer =>
  valuesInitializer(Float64Array.from(values as number[]))
