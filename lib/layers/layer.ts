/** The contract of layers: a description, what it is once its input's shape is known, and what it computes. */
import type { LayerOutput } from '../activations'
import type { Factory } from '../base/custom'
import type { JsonObject } from '../base/json'
import type { Shape } from '../base/shape'
import type { Initializer } from '../initializers'
import type { Regularizer } from '../regularizers'
import type { Tensor } from '../tensor/tensor'
import type { ExactLayerWeights, WeightSet, WeightsByName } from '../tensor/weight-set'

/** A trainable (or frozen) array of a built layer. `name` is 'weight', 'bias' or what the layer chose. */
export interface WeightSpec {
  name: string
  shape: Shape
  initializer: Initializer
  regularizer?: Regularizer | undefined
  trainable: boolean
  /** Learnt from data by `adapt`, not by training; not in getWeights. Never trainable. */
  statistic?: true | undefined
}

export interface LayerContext {
  /** True in training steps: dropout is active. */
  training: boolean
  /** Random stream of this layer: its position in the network. */
  stream: number
}

declare const weightsOf: unique symbol

/**
 * What `layers.*` returns: a description, reusable in several models. `Weights`: what getWeights shows of it, by name,
 * as far as TypeScript knows.
 */
export interface Layer<Weights extends WeightsByName = WeightsByName> {
  /** 'dense', 'dropout', … or the name given to defineLayer. */
  readonly kind: string
  /** Explicit name, else the model names it `${kind}_${n}`, n counting layers of that kind from 1. */
  readonly name?: string | undefined
  /** For files. `null` where the layer cannot be saved (an unnamed function). */
  readonly config: JsonObject | null
  /** Checks the input shape (without the batch) and says what the layer holds. Throws ShapeError or OptionError. */
  build(inputShape: Shape, layerName: string): BuiltLayer
  /** For TypeScript alone: no layer has it. */
  readonly [weightsOf]?: Weights
}

/** Of layers that show nothing in getWeights. */
export type NoWeights = Record<never, Tensor>

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

export interface BuiltLayer {
  readonly outputShape: Shape
  readonly weights: readonly WeightSpec[]
  /** Name of the activation applied last ('linear' if none, 'custom' for a function). */
  readonly activation: string
  /** True where the statistics must be learnt by `adapt` or the first fit before the layer can be used. */
  readonly needsAdapt?: boolean | undefined
  /** Records the layer's computation. `x` is [m, ...inputShape]; `w` by weight name. */
  call(x: Tensor, w: Record<string, Tensor>, context: LayerContext): LayerOutput
}

/** What `defineLayer` returns: call it with the layer's options. Its `kind` is the name given to `defineLayer`. */
export type LayerFactory<Weights extends WeightsByName = WeightsByName> = Factory<Layer<Weights>>
