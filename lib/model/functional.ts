import { checkOptions } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import type { SymbolicTensor } from '../layers'
import type { WeightSet } from '../tensor/weight-set'
import { Model } from './model'
import { modelOptionNames, modelParts, type ModelOptions } from './model-options'
import { between, type Values } from './structure/describe'
import { Network } from './structure/network'
import { warnOfCollapse } from './train/warn'

export interface GraphOptions<Inputs extends Values = Values, Outputs extends Values = Values> extends ModelOptions {
  /** A value made by `input`, or several by name: data then are given by these names, even of one. */
  inputs: Inputs
  /** A value that layers gave, or several by name: targets, losses, metrics and predictions then go by these names. */
  outputs: Outputs
}

/** The names of several values, or null for a bare one. */
type NamesOf<Given extends Values> = Given extends SymbolicTensor ? null : keyof Given & string

/**
 * A model of all layers that lie between inputs and outputs. Layers that were applied several times have one set of
 * weights. OptionError for an output that needs another input, an input that no output needs, and two layers of one
 * name.
 */
export function model<const Inputs extends Values, const Outputs extends Values>(
  options: GraphOptions<Inputs, Outputs>,
): Model<{ weights: WeightSet; inputs: NamesOf<Inputs>; outputs: NamesOf<Outputs> }> {
  const where = 'model'
  if (options === undefined || options === null)
    throw new OptionError(`${where}: expected { inputs, outputs, … }, got ${describeValue(options)}.`)
  checkOptions(where, options, ['inputs', 'outputs', ...modelOptionNames])
  const network = new Network(between(where, options.inputs, options.outputs), where)
  const parts = modelParts(where, options, network)
  const made = new Model<{ weights: WeightSet; inputs: NamesOf<Inputs>; outputs: NamesOf<Outputs> }>(parts)
  warnOfCollapse(where, network.collapsingPairs())
  return made
}
