import { checkOptions, shapeOption } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import type { Shape } from '../base/shape'
import type { Layer, WeightSetOf } from '../layers'
import { Model } from './model'
import { modelOptionNames, modelParts, type ModelOptions } from './model-options'
import { chain, checkLayers } from './structure/describe'
import { Network } from './structure/network'
import { warnOfCollapse } from './train/warn'

export interface SequentialOptions<Layers extends readonly Layer[] = readonly Layer[]> extends ModelOptions {
  /** Of one example, without the batch: [784]. */
  inputShape: Shape
  layers: Layers
}

/** A model whose layers feed each other in order: the short form of `model` for a chain. */
export function sequential<const Layers extends readonly Layer[]>(
  options: SequentialOptions<Layers>,
): Model<{ weights: WeightSetOf<Layers>; inputs: null; outputs: null }> {
  const where = 'sequential'
  if (options === undefined || options === null)
    throw new OptionError(`${where}: expected { inputShape, layers, … }, got ${describeValue(options)}.`)
  checkOptions(where, options, ['inputShape', 'layers', ...modelOptionNames])
  const inputShape = shapeOption(`${where}: inputShape`, options.inputShape)
  const network = new Network(chain(inputShape, checkLayers(where, options.layers)), where)
  const parts = modelParts(where, options, network)
  const model = new Model<{ weights: WeightSetOf<Layers>; inputs: null; outputs: null }>(parts)
  warnOfCollapse(where, network.collapsingPairs())
  return model
}
