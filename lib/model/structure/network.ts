/** The layers of a model, named, built and chained. Knows shapes and computation, holds no values. */
import type { LayerOutput } from '../../activations/activation'
import type { DType } from '../../base/dtype'
import { describeValue, MyelinError, OptionError, ShapeError } from '../../base/errors'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import { withLabel } from '../../graph/label'
import type { BuiltLayer, Layer, WeightSpec } from '../../layers/layer'
import type { ModelSize } from '../../native/devices'
import { Tensor } from '../../tensor/tensor'

/** A layer in its place. */
export interface PlacedLayer {
  readonly name: string
  readonly layer: Layer
  readonly built: BuiltLayer
  /** Position in the network; also its random stream. */
  readonly index: number
  readonly inputShape: Shape
}

/** Values by weight name. */
export type WeightValues = Record<string, Tensor>

export interface ForwardPass {
  /** What the last layer gives. */
  output: LayerOutput
  layers: { name: string; output: LayerOutput }[]
}

export class Network {
  readonly layers: readonly PlacedLayer[]
  readonly outputShape: Shape

  constructor(
    readonly inputShape: Shape,
    descriptions: readonly Layer[],
  ) {
    this.layers = placeLayers(inputShape, descriptions)
    this.outputShape = this.layers[this.layers.length - 1].built.outputShape
  }

  /** Activation applied last in the network. */
  get activation(): string {
    return this.layers[this.layers.length - 1].built.activation
  }

  /** Records the computation of x [m, ...inputShape] through all layers. */
  forward(x: Tensor, weightsOf: (layer: PlacedLayer) => WeightValues, training: boolean): ForwardPass {
    const passed: ForwardPass['layers'] = []
    let value = x
    for (const place of this.layers) {
      const output = withLabel(place.name, () =>
        place.built.call(value, weightsOf(place), { training, stream: place.index }),
      )
      this.checkOutput(place, output, x.shape[0])
      passed.push({ name: place.name, output })
      value = output.a
    }
    return { output: passed[passed.length - 1].output, layers: passed }
  }

  private checkOutput(place: PlacedLayer, output: LayerOutput, rows: number): void {
    const expected = [rows, ...place.built.outputShape]
    if (!(output?.a instanceof Tensor))
      throw new OptionError(
        `${place.name}: call must return a tensor of shape ${shapeText(expected)}, got ${describeValue(output?.a)}.`,
      )
    if (output.a.shape.join() !== expected.join())
      throw new ShapeError(
        `${place.name}: call must return shape ${shapeText(expected)}, it returned ${shapeText(output.a.shape)}.`,
      )
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

  /** True if some layer acts differently in training (dropout). */
  get hasDropout(): boolean {
    return this.layers.some((place) => place.layer.kind === 'dropout' && place.layer.config?.keepProb !== 1)
  }

  /** Pairs of layers that amount to one linear layer because nothing non-linear stands between them. */
  collapsingPairs(): [string, string][] {
    const pairs: [string, string][] = []
    let previous: PlacedLayer | null = null
    for (const place of this.layers) {
      if (place.layer.kind === 'dense') {
        if (previous) pairs.push([previous.name, place.name])
        previous = place.built.activation === 'linear' ? place : null
      } else if (!['dropout', 'flatten'].includes(place.layer.kind)) previous = null
    }
    return pairs
  }
}

function isLayer(value: unknown): value is Layer {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Layer).build === 'function' &&
    typeof (value as Layer).kind === 'string'
  )
}

function placeLayers(inputShape: Shape, descriptions: readonly Layer[]): PlacedLayer[] {
  if (!Array.isArray(descriptions) || descriptions.length === 0)
    throw new OptionError(
      `sequential: layers: expected a list with at least one layer, got ${describeValue(descriptions)}.`,
    )
  const names = new Set<string>()
  const counts = new Map<string, number>()
  const placed: PlacedLayer[] = []
  let shape = inputShape
  descriptions.forEach((layer, index) => {
    if (!isLayer(layer))
      throw new OptionError(
        `sequential: layers[${index}]: expected a layer such as layers.dense({ units: 10 }), got ` +
          `${describeValue(layer)}.`,
      )
    const n = (counts.get(layer.kind) ?? 0) + 1
    counts.set(layer.kind, n)
    const name = layer.name ?? `${layer.kind}_${n}`
    if (names.has(name))
      throw new OptionError(
        `sequential: layers[${index}]: the name '${name}' is already taken by another layer. Give one of them ` +
          `another name.`,
      )
    if (/[\s/\\]/.test(name) || name.includes('.') || name === 'optimizer' || name === 'checkpoint')
      throw new OptionError(
        `sequential: layers[${index}]: '${name}' cannot be a layer's name: no spaces, dots or slashes, and not ` +
          `'optimizer' or 'checkpoint' (files use them).`,
      )
    names.add(name)
    if (layer.kind === 'normalize' && index > 0)
      throw new OptionError(
        `sequential: '${name}' is layer ${index + 1}; normalize stands only first, because its mean and variance ` +
          `come from the input data.`,
      )
    const built = layer.build(shape, name)
    if (built.outputShape.some((d) => !Number.isSafeInteger(d) || d < 1))
      throw new MyelinError(
        `${name}: build gave the output shape ${shapeText(built.outputShape)}; positive integers are needed.`,
      )
    placed.push({ name, layer, built, index, inputShape: shape })
    shape = built.outputShape
  })
  return placed
}
