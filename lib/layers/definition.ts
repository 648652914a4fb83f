/** What `defineLayer` takes: a kind of layer written with `ops`. */
import type { Shape } from '../base/shape'
import type { InitializerSpec } from '../initializers'
import type { Regularizer } from '../regularizers'
import type { Tensor } from '../tensor/tensor'
import type { LayerContext } from './built'

export interface WeightOptions {
  /** Default 'zeros' for a scalar or list, 'xavier' otherwise. */
  initializer?: InitializerSpec | undefined
  regularizer?: Regularizer | undefined
  /** Default true. Of a state: false. */
  trainable?: boolean | undefined
  /**
   * 'weight' (default): changed by its gradient. 'state': changed by the layer, which returns new values as `updates`;
   * they are written together with the step's update of the weights, or not at all.
   */
  role?: 'weight' | 'state' | undefined
}

/** Stands for a weight or state in what `build` returns. */
export interface WeightHandle<Name extends string = string, Role extends 'weight' | 'state' = 'weight' | 'state'> {
  readonly name: Name
  readonly shape: Shape
  readonly role: Role
}

/**
 * Declares a weight or state; its name is unique in the layer and appears in getWeights, files and errors.
 */
export type AddWeight = <Name extends string, const Options extends WeightOptions = object>(
  name: Name,
  shape: Shape,
  options?: Options,
) => WeightHandle<Name, Options extends { role: 'state' } ? 'state' : 'weight'>

/** What `build` returns: weights and states by the names that `call` uses. */
export type Handles = Record<string, WeightHandle>

/** Tensors by the keys that `build` returned. */
export type WeightTensors<W> = { readonly [K in keyof W]: Tensor }

/** Tensors by the names that the weights were declared under. */
export type DeclaredWeights<W extends Handles> = {
  readonly [K in keyof W as W[K]['name']]: Tensor
}

/** Gradients by the keys that `build` returned; states have none. */
export type GradientTensors<W> = {
  readonly [K in keyof W as W[K] extends { readonly role: 'state' } ? never : K]: Tensor
}

/** What `call` returns where it has states: the value, and new values of the states by the keys that `build` used. */
export interface ValueWithUpdates<W> {
  value: Tensor
  /** States that are left out stay what they are. Used in training steps alone, and not while the layer is frozen. */
  updates: { readonly [K in keyof W]?: Tensor | undefined }
}

interface DefinitionParts<Config, W extends Handles, Shapes, Inputs, Gradients> {
  /** Kind of the layer: names its instances (`scale_1`) and its entry in files. */
  name: string
  /** Declares the weights for the input's shape (without the batch) and returns them by the names `call` uses. */
  build?: ((inputShape: Shapes, config: Config, add: AddWeight) => W) | undefined
  /**
   * Records the computation for x [m, ...inputShape]; the result keeps m as its first dimension. Weights come in their
   * own shapes, except that lists [n] come as rows [1, n], which `ops` broadcast over the examples. Random numbers
   * drawn with `ops.random…` are drawn anew in every step.
   */
  call: (
    x: Inputs,
    weights: WeightTensors<W>,
    context: LayerContext & { config: Config },
  ) => Tensor | ValueWithUpdates<W>
  /**
   * Replaces the derived gradient: from dy (dJ/dy, in y's shape) the gradients for x (in x's shape; null where there is
   * none) and for every weight (in the shape `call` saw or its own; of states none).
   */
  gradient?:
    | ((
        dy: Tensor,
        values: { x: Inputs; y: Tensor; w: WeightTensors<W>; config: Config },
      ) => { x: Gradients; weights: GradientTensors<W> })
    | undefined
}

/** A layer of one input. */
export interface LayerDefinition<Config, W extends Handles> extends DefinitionParts<
  Config,
  W,
  Shape,
  Tensor,
  Tensor | null
> {
  inputs?: undefined
}

/** A layer of several inputs: `build` gets a list of shapes, `call` and `gradient` lists of tensors in that order. */
export interface MultiInputDefinition<Config, W extends Handles> extends DefinitionParts<
  Config,
  W,
  readonly Shape[],
  readonly Tensor[],
  readonly (Tensor | null)[]
> {
  /** How many it takes; 'any' for one or more. */
  inputs: number | 'any'
}

/** Either, with lists in both cases. */
export interface Definition<Config, W extends Handles> extends DefinitionParts<
  Config,
  W,
  readonly Shape[],
  readonly Tensor[],
  readonly (Tensor | null)[]
> {
  inputs: number | 'any'
}

/** A definition of one input as one of a list. */
export function inLists<Config, W extends Handles>(
  given: LayerDefinition<Config, W> | MultiInputDefinition<Config, W>,
): Definition<Config, W> {
  if (given.inputs !== undefined) return given
  const { build, call, gradient } = given
  return {
    name: given.name,
    inputs: 1,
    build: build && (([shape], config, add) => build(shape, config, add)),
    call: ([x], weights, context) => call(x, weights, context),
    gradient:
      gradient &&
      ((dy, { x: [x], ...values }) => {
        const found = gradient(dy, { ...values, x })
        // What is no gradient at all is refused where all gradients are checked.
        return found?.x === undefined ? (found as never) : { ...found, x: [found.x] }
      }),
  }
}
