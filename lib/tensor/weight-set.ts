/** Weights as users see them: by layer, then by name. */
import type { Tensor, TensorLike } from './tensor'

/** The weights of one layer by name, beside the layer's `name`: `{ name: 'dense_1', weight, bias }`. */
export type LayerWeights = { readonly name: string } & { readonly [weight: string]: Tensor }
/** What `getWeights` returns and `costAndGradients` lays gradients out as. */
export type WeightSet = LayerWeights[]
/** What `setWeights` takes: the layout of `getWeights`, values as tensors or arrays. */
export type WeightSetLike = readonly { readonly name: string; readonly [weight: string]: TensorLike | string }[]
