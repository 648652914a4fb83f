/** The parts of a model as users see them. */
import type { DType } from '../../base/dtype'
import { StateError } from '../../base/errors'
import type { Shape } from '../../base/shape'
import type { WeightRole } from '../../layers'
import type { Network } from './network'
import type { Weights } from './weights'

/** A layer as `model.layers` lists it. */
export interface LayerListing {
  name: string
  kind: string
  activation: string
  /** Without the batch; of the first input where there are several. */
  inputShape: Shape
  outputShape: Shape
  /** For each use of the layer: the names of the inputs and uses of layers that it reads. */
  from: string[][]
  /** False while the layer is frozen. */
  trainable: boolean
  weights: { name: string; shape: Shape; role: WeightRole; trainable: boolean }[]
}

export interface InputListing {
  name: string
  /** Without the batch. */
  shape: Shape
  dtype: DType | 'int32'
}

export interface OutputListing {
  name: string
  /** Without the batch. */
  shape: Shape
  /** Applied last. */
  activation: string
}

interface Listed {
  network: Network
  weights: Weights
  dtype: DType
}

export function listingOf({ network, weights, dtype }: Listed): {
  inputs: InputListing[]
  layers: LayerListing[]
  outputs: OutputListing[]
} {
  return {
    inputs: network.inputs.map((input) => ({ name: input.name, shape: input.shape, dtype: input.dtype ?? dtype })),
    outputs: network.outputs.map(({ name, shape, activation }) => ({ name, shape, activation })),
    layers: network.layers.map((place) => {
      const { name, layer, built, inputShapes } = place
      const trainable = weights.isTrainable(place)
      return {
        name,
        kind: layer.kind,
        activation: built.activation,
        inputShape: inputShapes[0],
        outputShape: built.outputShape,
        from: network.uses
          .filter((use) => use.place === place)
          .map(({ from }) => from.map((value) => network.nameOf(value))),
        trainable,
        weights: built.weights.map((spec) => ({
          name: spec.name,
          shape: spec.shape,
          role: spec.role,
          trainable: spec.trainable && trainable,
        })),
      }
    }),
  }
}

/** The only entry of a list of the model. StateError where there are several, which `model[all]` shows. */
export function only<T>(where: string, all: string, list: readonly T[]): T {
  if (list.length === 1) return list[0]
  throw new StateError(`${where}: the model has ${list.length} of them. Look at model.${all}.`)
}
