/** What layers have in common: their name, and what those without weights are once built. */
import { nonEmptyString } from '../base/checks'
import type { Shape } from '../base/shape'
import type { BuiltLayer } from './layer'

/** The option `name`: a string that is not empty, or undefined. */
export function nameOption(where: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : nonEmptyString(`${where}: name`, name)
}

/** A built layer without weights. */
export function withoutWeights(outputShape: Shape, call: BuiltLayer['call'], activation = 'linear'): BuiltLayer {
  return { outputShape, weights: [], activation, call }
}
