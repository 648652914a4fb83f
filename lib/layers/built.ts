/** What a layer is once the shapes of its inputs are known: its weights, its facts and its computation. */
import type { LayerOutput } from '../activations'
import type { NativeArray } from '../base/dtype'
import type { JsonObject } from '../base/json'
import type { Shape } from '../base/shape'
import type { Sliced } from '../base/slices'
import type { Initializer } from '../initializers'
import type { Regularizer } from '../regularizers'
import type { Tensor } from '../tensor/tensor'

/**
 * What changes an array of a layer: training by its gradient ('weight'), the layer itself while it computes a training
 * step ('state', for example a moving average), or the data before training ('statistic', see `adapt`).
 */
export type WeightRole = 'weight' | 'state' | 'statistic'

/** An array of a built layer. `name` is 'weight', 'bias' or what the layer chose. */
export interface WeightSpec {
  readonly name: string
  readonly shape: Shape
  readonly initializer: Initializer
  readonly regularizer?: Regularizer | undefined
  readonly role: WeightRole
  /** Of a weight: whether training changes it. False for states and statistics. */
  readonly trainable: boolean
  /** 'touched': an update changes only the rows that the step read. Default 'all'. */
  readonly updates?: 'all' | 'touched' | undefined
  /** The array that files of earlier versions hold in its place. */
  readonly former?: { readonly name: string; convert(values: NativeArray): NativeArray } | undefined
}

export interface LayerContext {
  /** True in training steps: dropout is active, normalisation uses the batch. */
  readonly training: boolean
  /** False while the layer is frozen: it is used as in prediction as far as states are concerned. */
  readonly trainable: boolean
  /** Random stream of this use of the layer: its position in the network. */
  readonly stream: number
}

/** What a call of a layer gives: its value, and the new values of its states by name. */
export interface LayerResult extends LayerOutput {
  readonly updates?: Readonly<Record<string, Tensor>> | undefined
}

/** Learns the statistics of a layer, by name, from the rows of its input. `read(from, to)` gives rows, flat. */
export type Adapt = (
  read: (from: number, to: number) => NativeArray,
  rows: number,
) => Sliced<Record<string, Float64Array>>

/** Whole numbers that a layer takes as its input. */
export interface WholeNumbers {
  /** They are 0 to below − 1. */
  readonly below: number
}

/** What a network must know about a layer beside its computation. Left out: no. */
export interface LayerFacts {
  /** Draws random numbers in training: its derivative depends on the draw. */
  readonly stochastic?: boolean | undefined
  /** A linear map of its input by weights of its own, then its activation. */
  readonly product?: boolean | undefined
  /** Changes nothing about a linear map before it being one: flatten, dropout. */
  readonly passes?: boolean | undefined
  /** Only moves numbers: whole ones stay whole, and are ids if they are taken as such behind it. */
  readonly moves?: boolean | undefined
  /** Stands only on an input of the model, because its statistics come from the data. */
  readonly first?: boolean | undefined
  /** Learns the statistics. */
  readonly adapt?: Adapt | undefined
  /** True where they must be learnt before the layer can be used, by `adapt` or the first fit. */
  readonly needsAdapt?: boolean | undefined
  /** Takes whole numbers (ids): an input of the model that only such layers read is of whole numbers by itself. */
  readonly wholeNumbers?: WholeNumbers | undefined
  /** Takes whole numbers as well as others: a function of the user's decides what it does with them. */
  readonly anyDType?: boolean | undefined
}

export interface BuiltLayer extends LayerFacts {
  /** Without the batch, as all shapes of layers. */
  readonly outputShape: Shape
  readonly weights: readonly WeightSpec[]
  /** Name of the activation applied last ('linear' if none, 'custom' for a function). */
  readonly activation: string
  /** Records the computation. `inputs` are [m, ...shape] each; `w` has weights, states and statistics by name. */
  call(inputs: readonly Tensor[], w: Readonly<Record<string, Tensor>>, context: LayerContext): LayerResult
}

/** A layer before it stands anywhere. */
export interface LayerDescription {
  /** 'dense', 'dropout', … or the name given to defineLayer. */
  readonly kind: string
  /** Explicit name, else the model names it `${kind}_${n}`, n counting layers of that kind from 1. */
  readonly name?: string | undefined
  /** False: models start with the layer frozen. Default true. */
  readonly trainable?: boolean | undefined
  /** For files, without name and trainable. `null` where the layer cannot be saved (an unnamed function). */
  readonly config: JsonObject | null
  /**
   * Checks the shapes of the inputs (without the batch) and says what the layer holds. Throws ShapeError or OptionError
   * that begin with `layerName`. Two uses of one layer are built twice and must hold the same.
   */
  build(inputs: readonly Shape[], layerName: string): BuiltLayer
}
