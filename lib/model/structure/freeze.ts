/** Which layers `freeze` and `unfreeze` mean. */
import type { DType } from '../../base/dtype'
import { describeValue, OptionError } from '../../base/errors'
import { didYouMean } from '../../base/suggest'
import { listingOf, type LayerListing } from './listing'
import type { Network, PlacedLayer } from './network'
import type { Weights } from './weights'

/** Layers by name, or those for which a function is true. */
export type LayerChoice = string | readonly string[] | ((layer: LayerListing) => boolean)

/** The layers chosen. OptionError for a name that no layer has. */
export function frozenChoice(
  where: string,
  model: { network: Network; weights: Weights; dtype: DType },
  choice: LayerChoice,
): PlacedLayer[] {
  const { layers } = model.network
  if (typeof choice === 'function') {
    const listed = listingOf(model).layers
    return layers.filter((_, i) => choice(listed[i]))
  }
  const names: readonly unknown[] = typeof choice === 'string' ? [choice] : choice
  if (!Array.isArray(names))
    throw new OptionError(
      `${where}: expected the name of a layer, a list of names or a function, got ${describeValue(choice)}.`,
    )
  return Array.from(names, (name: unknown) => {
    const found = layers.find((place) => place.name === name)
    if (found) return found
    const known = layers.map((place) => place.name)
    const near = typeof name === 'string' ? didYouMean(name, known) : ''
    throw new OptionError(
      `${where}: expected the name of a layer, got ${describeValue(name)}.${near} Layers: ${known.join(', ')}.`,
    )
  })
}
