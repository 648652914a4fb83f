/** What layers have in common: the options that all take, and what they ask of their inputs. */
import { booleanOption, checkOptions, nonEmptyString } from '../base/checks'
import { OptionError } from '../base/errors'
import type { Shape } from '../base/shape'
import type { BuiltLayer, LayerFacts } from './built'

/** Every layer takes them. */
export interface CommonOptions {
  /** Names the layer in its model: unique there. Default: its kind and a number, `dense_1`. */
  name?: string | undefined
  /** False: models start with the layer frozen (see model.freeze). Default true. */
  trainable?: boolean | undefined
}

/** Checks the names of all options and gives those that every layer takes. `own`: names of the layer's others. */
export function commonOptions(
  where: string,
  options: CommonOptions | undefined,
  own: readonly string[] = [],
): CommonOptions {
  checkOptions(where, options, [...own, 'name', 'trainable'])
  return {
    name: nameOption(where, options?.name),
    trainable: booleanOption(`${where}: trainable`, options?.trainable ?? true),
  }
}

/** The option `name`: a string that is not empty, or undefined. */
function nameOption(where: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : nonEmptyString(`${where}: name`, name)
}

/** The shape of the only input. OptionError where there are several. */
export function onlyInput(layerName: string, inputs: readonly Shape[]): Shape {
  if (inputs.length === 1) return inputs[0]
  throw new OptionError(`${layerName}: expected one input, got ${inputs.length}. Merge them first: layers.concat().`)
}

/** A built layer without weights. */
export function withoutWeights(
  outputShape: Shape,
  call: BuiltLayer['call'],
  facts: LayerFacts & { activation?: string } = {},
): BuiltLayer {
  return { activation: 'linear', ...facts, outputShape, weights: [], call }
}
