/** Weights as users see them: by layer, then by name. */
import type { Tensor, TensorLike } from './tensor'

/** Weights by name. Where the names are known, a type with them takes the place of this one. */
export type WeightsByName = { readonly [weight: string]: Tensor }
/** The weights of one layer by name, beside the layer's `name`: `{ name: 'dense_1', weight, bias }`. */
export type LayerWeights<Weights extends WeightsByName = WeightsByName> = { readonly name: string } & Weights
/** The same where there is no other weight: any other name is undefined. */
export type ExactLayerWeights<Weights extends WeightsByName> = LayerWeights<Weights> &
  (object extends Record<keyof Weights, 1> ? unknown : { readonly [other: string]: never })
/** What `getWeights` returns and `costAndGradients` lays gradients out as. */
export type WeightSet = LayerWeights[]
/** What `setWeights` takes: the layout of `getWeights`, values as tensors or arrays. */
export type WeightSetLike = readonly { readonly name: string; readonly [weight: string]: TensorLike | string }[]
