/**
 * A network as a graph of places: inputs, uses of layers, outputs. Knows shapes and computation, holds no values.
 */
import type { LayerOutput } from '../../activations'
import type { DType } from '../../base/dtype'
import { describeValue, OptionError, ShapeError } from '../../base/errors'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import type { Sliced } from '../../base/slices'
import { cast } from '../../graph/build'
import { withLabel } from '../../graph/label'
import type { BuiltLayer, LayerDescription, LayerResult, WeightSpec } from '../../layers'
import type { ModelSize } from '../../native/devices'
import { contextOf, nodeOf, Tensor, type AnyTensor } from '../../tensor/tensor'
import { checkBuilt, nameLayers, type NetworkDescription, type ValueNumber } from './describe'
import { inputNumbers, type InputNumbers } from './whole-numbers'

/** An input of the network. */
export interface NetworkInput extends InputNumbers {
  readonly name: string
  /** Name of its data in plans: 'x', or 'x.' and the name. */
  readonly slot: string
  /** What errors of a run call it. */
  readonly label: string
  readonly shape: Shape
}

/** A layer in its place, with weights of its own. */
export interface PlacedLayer {
  readonly name: string
  readonly layer: LayerDescription
  /** As its first use built it. */
  readonly built: BuiltLayer
  /** Position among the layers. */
  readonly index: number
  readonly inputShapes: readonly Shape[]
}

/** A use of a layer: a value of the network. */
export interface LayerUse {
  /** The layer's name; from its second use on with the use's number, 'encoder#2'. */
  readonly name: string
  readonly place: PlacedLayer
  readonly built: BuiltLayer
  readonly from: readonly ValueNumber[]
  /** Position among the uses; also its random stream. */
  readonly index: number
}

/** An output of the network. */
export interface NetworkOutput {
  readonly name: string
  /** Names of its targets and weights of examples in plans: 'y' and 'weights', or these, a dot and the name. */
  readonly slot: string
  readonly weightSlot: string
  readonly value: ValueNumber
  readonly shape: Shape
  /** Applied last. */
  readonly activation: string
}

/** Values by weight name. */
export type WeightValues = Readonly<Record<string, Tensor>>

export interface ForwardPass {
  /** By output. */
  outputs: LayerOutput[]
  /** By use. */
  uses: { name: string; output: LayerOutput }[]
  /** New values of states, the last one of each. */
  updates: { place: PlacedLayer; key: string; value: Tensor }[]
}

/** How a forward pass treats the layers. */
export interface PassOptions {
  training: boolean
  /** False: layers that draw random numbers in training compute as in prediction. Default true. */
  random?: boolean | undefined
  /** Frozen layers keep their states and use them. */
  isTrainable(place: PlacedLayer): boolean
}

export class Network {
  readonly inputs: readonly NetworkInput[]
  /** Every layer once, in the order of first use. */
  readonly layers: readonly PlacedLayer[]
  readonly uses: readonly LayerUse[]
  readonly outputs: readonly NetworkOutput[]

  /** `where` opens the messages of errors. */
  constructor(
    readonly description: NetworkDescription,
    where = 'sequential',
  ) {
    const { namedInputs, namedOutputs } = description
    const names = nameLayers(where, description.layers)
    const shapes: Shape[] = description.inputs.map(({ shape }) => shape)
    const layers: PlacedLayer[] = []
    const counts: number[] = names.map(() => 0)
    this.uses = description.uses.map(({ layer: number, from }, index) => {
      const layer = description.layers[number]
      const name = names[number]
      const inputShapes = from.map((value) => shapes[value])
      const built = layer.build(inputShapes, name)
      checkBuilt(name, built.outputShape)
      shapes.push(built.outputShape)
      const use = ++counts[number]
      layers[number] ??= { name, layer, built, index: number, inputShapes }
      const place = layers[number]
      if (use > 1) checkShared(place, built, inputShapes)
      if (built.first && from.some((value) => value >= description.inputs.length))
        throw new OptionError(
          `${where}: '${name}': expected an input of the model, got the output of another layer; ${layer.kind} ` +
            'stands only first, because its statistics come from the input data.',
        )
      return { name: use === 1 ? name : `${name}#${use}`, place, built, from, index }
    })
    this.layers = layers
    checkUseNames(where, this.uses)
    const numbers = inputNumbers(where, description, this.uses)
    this.inputs = description.inputs.map(({ name, shape }, i) => ({
      name,
      shape,
      slot: namedInputs ? `x.${name}` : 'x',
      label: namedInputs ? name : 'input',
      ...numbers[i],
    }))
    this.outputs = description.outputs.map(({ name, value }) => ({
      name,
      value,
      slot: namedOutputs ? `y.${name}` : 'y',
      weightSlot: namedOutputs ? `weights.${name}` : 'weights',
      shape: shapes[value],
      activation: this.#useOf(value)?.built.activation ?? 'linear',
    }))
  }

  get namedInputs(): boolean {
    return this.description.namedInputs
  }

  get namedOutputs(): boolean {
    return this.description.namedOutputs
  }

  #useOf(value: ValueNumber): LayerUse | undefined {
    return this.uses[value - this.description.inputs.length]
  }

  /** What a value is called: an input's name, or a use's. */
  nameOf(value: ValueNumber): string {
    return this.#useOf(value)?.name ?? this.inputs[value].name
  }

  /** Records the computation of the inputs [m, ...shape] through all uses of layers. */
  *forward(
    inputs: readonly Tensor[],
    weightsOf: (place: PlacedLayer) => WeightValues,
    { training, random = true, isTrainable }: PassOptions,
  ): Sliced<ForwardPass> {
    const rows = inputs[0].shape[0]
    const values: LayerOutput[] = inputs.map((a) => ({ a }))
    const updated = new Map<PlacedLayer, Record<string, Tensor>>()
    const passed: ForwardPass['uses'] = []
    for (const use of this.uses) {
      yield
      const { place, built, from } = use
      const trainable = isTrainable(place)
      // A second use of a layer sees the states as the first one leaves them.
      const weights = { ...weightsOf(place), ...updated.get(place) }
      const context = { training: training && (random || !built.stochastic), trainable, stream: use.index }
      const result = withLabel(use.name, () =>
        built.call(
          taken(
            from.map((value) => values[value].a),
            built,
          ),
          weights,
          context,
        ),
      )
      checkResult(use, result, rows)
      if (training && trainable && result.updates) updated.set(place, { ...updated.get(place), ...result.updates })
      passed.push({ name: use.name, output: result })
      values.push(result)
    }
    return {
      outputs: this.outputs.map(({ value }) => ({ ...values[value], a: asFloating(values[value].a) })),
      uses: passed,
      updates: [...updated].flatMap(([place, states]) =>
        Object.entries(states).map(([key, value]) => ({ place, key, value })),
      ),
    }
  }

  /** Every weight with its layer, in layer order. */
  weights(): { place: PlacedLayer; spec: WeightSpec }[] {
    return this.layers.flatMap((place) => place.built.weights.map((spec) => ({ place, spec })))
  }

  /** What choosing a device goes by. */
  sizeIn(dtype: DType): ModelSize {
    const weights = this.weights().reduce((n, { spec }) => n + sizeOf(spec.shape), 0)
    return { weights, dtype }
  }

  /** True if some layer draws random numbers in training (dropout). */
  get isStochastic(): boolean {
    return this.uses.some(({ built }) => built.stochastic)
  }

  /** Uses of layers that learn statistics from an input, each with that input. */
  get adapting(): { use: LayerUse; input: NetworkInput }[] {
    return this.uses.flatMap((use) => (use.built.adapt ? [{ use, input: this.inputs[use.from[0]] }] : []))
  }

  /** Pairs of layers that amount to one linear layer because nothing non-linear stands between them. */
  collapsingPairs(): [string, string][] {
    return this.uses.flatMap((use): [string, string][] => {
      if (!use.built.product) return []
      let before = this.#useOf(use.from[0])
      while (before?.built.passes) before = this.#useOf(before.from[0])
      return before?.built.product && before.built.activation === 'linear' ? [[before.name, use.name]] : []
    })
  }
}

/** A traced value in the dtype of its trace: whole numbers become floating ones. */
export function asFloating(value: AnyTensor): Tensor {
  const [node, context] = [nodeOf(value), contextOf(value)]
  return node?.dtype === 'int32' && context ? Tensor.fromNode(cast(node), context) : (value as Tensor)
}

/** What a layer is given of values: whole numbers become others where it does not expect them, or has others too. */
function taken(values: readonly AnyTensor[], { wholeNumbers, anyDType, moves }: BuiltLayer): Tensor[] {
  const asTheyAre = wholeNumbers || anyDType || (moves && values.every(({ dtype }) => dtype === 'int32'))
  return values.map((value) => (asTheyAre ? (value as Tensor) : asFloating(value)))
}

/** Values go by the names of uses. */
function checkUseNames(where: string, uses: readonly LayerUse[]): void {
  const names = new Set<string>()
  for (const { name } of uses) {
    if (names.has(name))
      throw new OptionError(
        `${where}: expected a name of its own for each use of a layer, got '${name}' for a layer and for a use of ` +
          'another one. Rename the layer.',
      )
    names.add(name)
  }
}

/** All uses of a layer must hold the same weights. */
function checkShared({ name, built, inputShapes }: PlacedLayer, again: BuiltLayer, shapes: readonly Shape[]): void {
  const text = (list: readonly Shape[]) => list.map((shape) => shapeText([null, ...shape])).join(' and ')
  if (built.first)
    throw new OptionError(`${name}: expected one use, got two: its statistics are those of one input of the model.`)
  const same =
    again.weights.length === built.weights.length &&
    again.weights.every((spec, i) => spec.shape.join() === built.weights[i].shape.join())
  if (same) return
  throw new ShapeError(
    `${name}: all its uses share its weights, which fit inputs of shape ${text(inputShapes)}, got ${text(shapes)}.`,
  )
}

function checkResult({ name, built }: LayerUse, result: LayerResult, rows: number): void {
  const expected = [rows, ...built.outputShape]
  if (!(result?.a instanceof Tensor))
    throw new OptionError(
      `${name}: call must return a tensor of shape ${shapeText(expected)}, got ${describeValue(result?.a)}.`,
    )
  if (result.a.shape.join() !== expected.join())
    throw new ShapeError(
      `${name}: call must return shape ${shapeText(expected)}, it returned ${shapeText(result.a.shape)}.`,
    )
}
