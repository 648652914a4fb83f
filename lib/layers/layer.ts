/** Layers as users hold them: descriptions that stand in models, and are applied to the values of a network. */
import type { Factory } from '../base/custom'
import { describeValue, OptionError } from '../base/errors'
import { readOnly } from '../base/read-only'
import type { Tensor } from '../tensor/tensor'
import type { ExactLayerWeights, WeightSet, WeightsByName } from '../tensor/weight-set'
import type { LayerDescription } from './built'
import { SymbolicTensor } from './symbolic'

declare const weightsOf: unique symbol

/**
 * What `layers.*` returns: a description, reusable in several models. `Weights`: what getWeights shows of it, by name,
 * as far as TypeScript knows.
 */
export interface Layer<Weights extends WeightsByName = WeightsByName> extends LayerDescription {
  /**
   * The value that the layer gives from another, or from several. Every model it stands in has weights of its own;
   * within one model all uses of a layer share them. ShapeError or OptionError where the values do not fit.
   */
  apply(x: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor
  /** For TypeScript alone: no layer has it. */
  readonly [weightsOf]?: Weights
}

/** A layer from its description. */
export function makeLayer<Weights extends WeightsByName = WeightsByName>(
  description: LayerDescription,
): Layer<Weights> {
  const layer: Layer<Weights> = {
    ...description,
    apply(x) {
      const { kind, name = kind, build } = description
      const inputs: readonly unknown[] = Array.isArray(x) ? x : [x]
      // Holes of a list are undefined.
      const given = Array.from(inputs, (value, i) => {
        if (value instanceof SymbolicTensor) return value
        const at = Array.isArray(x) ? `[${i}]` : ''
        throw new OptionError(
          `${name}: apply${at}: expected a value made by input(…) or by a layer's apply, got ${describeValue(value)}.`,
        )
      })
      if (given.length === 0) throw new OptionError(`${name}: apply: expected at least one value, got an empty list.`)
      const { outputShape } = build(
        given.map(({ shape }) => shape),
        name,
      )
      return new SymbolicTensor(outputShape, { layer: this, inputs: given })
    },
  }
  const remedy = (option: string) =>
    option === 'trainable'
      ? 'Give it when the layer is made; in a model that exists, call model.freeze or model.unfreeze.'
      : 'Give its options when it is made.'
  const options = Object.keys(description.config ?? {}).filter((option) => !(option in layer))
  return readOnly(layer, description.name ?? `layer '${description.kind}'`, remedy, options)
}

/** Of layers that show nothing in getWeights. */
export type NoWeights = Record<never, Tensor>

/** Weights that a layer has where an option is true. */
export type WeightsIf<Flag extends boolean, Weights> = boolean extends Flag
  ? Readonly<Partial<Weights>>
  : Flag extends true
    ? Readonly<Weights>
    : NoWeights

/** What getWeights returns for layers in this order: as a list, and entry by entry as far as the layers are known. */
export type WeightSetOf<Layers extends readonly Layer[]> = WeightSet & Numbered<Entries<Layers>>

/**
 * The entries of getWeights up to the first layer that TypeScript knows nothing of; layers without weights have none.
 */
type Entries<Layers extends readonly Layer[], Found extends readonly unknown[] = []> = Layers extends readonly [
  Layer<infer Weights>,
  ...infer Rest extends readonly Layer[],
]
  ? string extends keyof Weights
    ? Found
    : Entries<Rest, keyof Weights extends never ? Found : [...Found, ExactLayerWeights<Weights>]>
  : Found

type Numbered<List extends readonly unknown[]> = { [At in keyof List & `${number}`]: List[At] }

/** What `defineLayer` returns: call it with the layer's options. Its `kind` is the name given to `defineLayer`. */
export type LayerFactory<Weights extends WeightsByName = WeightsByName> = Factory<Layer<Weights>>
