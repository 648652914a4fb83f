/** The parts of a model as users see them. */
import type { DType } from '../../base/dtype'
import { StateError } from '../../base/errors'
import { readOnly, readOnlyGetters } from '../../base/read-only'
import type { Shape } from '../../base/shape'
import type { WeightRole } from '../../layers'
import type { Network } from './network'
import type { Weights } from './weights'

/** A layer as `model.layers` lists it. To set any of this is a StateError that says what to do instead. */
export interface LayerListing {
  readonly name: string
  readonly kind: string
  readonly activation: string
  /** Without the batch; of the first input where there are several. */
  readonly inputShape: Shape
  readonly outputShape: Shape
  /** For each use of the layer: the names of the inputs and uses of layers that it reads. */
  readonly from: string[][]
  /** False while the layer is frozen. */
  readonly trainable: boolean
  readonly weights: {
    readonly name: string
    readonly shape: Shape
    readonly role: WeightRole
    readonly trainable: boolean
  }[]
}

export interface InputListing {
  readonly name: string
  /** Without the batch. */
  readonly shape: Shape
  readonly dtype: DType | 'int32'
}

export interface OutputListing {
  readonly name: string
  /** Without the batch. */
  readonly shape: Shape
  /** Applied last. */
  readonly activation: string
}

const copyOf = (shape: Shape): Shape => Object.freeze([...shape])

/** An entry of a listing. `layer`: the one that it is of. `options`: those that the layer was made with. */
function fact<T extends object>(what: string, entry: T, layer?: string, options: readonly string[] = []): T {
  const others = options.filter((name) => !(name in entry))
  return readOnly(entry, what, (name) => remedyFor(name, layer), others)
}

/** What to do instead of setting something in a listing. */
function remedyFor(name: string, layer: string | undefined): string {
  if (name === 'trainable' && layer !== undefined)
    return `To train a layer or not, call model.freeze('${layer}') or model.unfreeze('${layer}').`
  return 'Listings tell what the model is made of; make a model of other layers for another one.'
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
    inputs: network.inputs.map(({ name, shape, dtype: own }) =>
      fact(`input '${name}'`, { name, shape: copyOf(shape), dtype: own ?? dtype }),
    ),
    outputs: network.outputs.map(({ name, shape, activation }) =>
      fact(`output '${name}'`, { name, shape: copyOf(shape), activation }),
    ),
    layers: network.layers.map((place) => {
      const { name, layer, built, inputShapes } = place
      const trainable = weights.isTrainable(place)
      const listing: LayerListing = {
        name,
        kind: layer.kind,
        activation: built.activation,
        inputShape: copyOf(inputShapes[0]),
        outputShape: copyOf(built.outputShape),
        from: network.uses
          .filter((use) => use.place === place)
          .map(({ from }) => from.map((value) => network.nameOf(value))),
        trainable,
        weights: built.weights.map((spec) => {
          const { role } = spec
          const weight = { name: spec.name, shape: copyOf(spec.shape), role, trainable: spec.trainable && trainable }
          return fact(`'${name}.${spec.name}'`, weight, name)
        }),
      }
      return fact(`layer '${name}'`, listing, name, Object.keys(layer.config ?? {}))
    }),
  }
}

/** The only entry of a list of the model. StateError where there are several, which `model[all]` shows. */
export function only<T>(where: string, all: string, list: readonly T[]): T {
  if (list.length === 1) return list[0]
  throw new StateError(`${where}: the model has ${list.length} of them. Look at model.${all}.`)
}

/** What users of other libraries set in a model, and what does it here. */
const methods: Readonly<Record<string, string>> = {
  trainable: 'To train layers or not, call model.freeze and model.unfreeze.',
  learningRate: 'Call model.setLearningRate.',
  optimizer: 'Call model.compile.',
  loss: 'Call model.compile.',
  metrics: 'Call model.compile.',
  weights: 'Call model.setWeights.',
  device: 'Call model.to.',
}

/** Makes what a model tells refuse to be set, and `methods` too. */
export function refuseAssignments(prototype: object): void {
  const remedy = (name: string) => methods[name] ?? 'It is given when the model is made.'
  readOnlyGetters(
    prototype,
    'model',
    remedy,
    Object.keys(methods).filter((name) => !(name in prototype)),
  )
}
