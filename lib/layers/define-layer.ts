import { booleanOption, checkOptions, functionOption, nonEmptyString } from '../base/checks'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { toJson, type JsonObject } from '../base/json'
import { shapeText, type Shape } from '../base/shape'
import { custom as customNode } from '../graph/build'
import type { TraceContext } from '../graph/context'
import type { Node } from '../graph/node'
import { toInitializer, type InitializerSpec } from '../initializers'
import * as ops from '../ops'
import { captureTensor } from '../ops/engine'
import { checkRegularizer, type Regularizer } from '../regularizers'
import { contextOf, nodeOf, Tensor } from '../tensor/tensor'
import type { WeightsByName } from '../tensor/weight-set'
import type { BuiltLayer, Layer, LayerContext, LayerFactory, WeightSpec } from './layer'
import { nameOption } from './options'
import { outputShapeOf } from './probe'

export interface WeightOptions {
  /** Default 'zeros' for a scalar or list, 'xavier' otherwise. */
  initializer?: InitializerSpec | undefined
  regularizer?: Regularizer | undefined
  /** Default true. */
  trainable?: boolean | undefined
}

/** Stands for a weight in what `build` returns. */
export interface WeightHandle<Name extends string = string> {
  readonly name: Name
  readonly shape: Shape
}

/** Declares a weight; its name is unique in the layer and appears in getWeights, files and errors. */
export type AddWeight = <Name extends string>(name: Name, shape: Shape, options?: WeightOptions) => WeightHandle<Name>

/** Tensors by the keys that `build` returned. */
export type WeightTensors<W> = { readonly [K in keyof W]: Tensor }

/** Tensors by the names that the weights were declared under. */
export type DeclaredWeights<W extends Record<string, WeightHandle>> = {
  readonly [K in keyof W as W[K]['name']]: Tensor
}

export interface LayerDefinition<Config, W extends Record<string, WeightHandle>> {
  /** Kind of the layer: names its instances (`scale_1`) and its entry in files. */
  name: string
  /** Declares the weights for an input shape (without the batch) and returns them by the names `call` uses. */
  build?: ((inputShape: Shape, config: Config, add: AddWeight) => W) | undefined
  /**
   * Records the computation for x [m, ...inputShape]; the result keeps m as its first dimension. Weights come in their
   * own shapes, except that lists [n] come as rows [1, n], which `ops` broadcast over the examples.
   */
  call: (x: Tensor, weights: WeightTensors<W>, context: LayerContext & { config: Config }) => Tensor
  /**
   * Replaces the derived gradient: from dy (dJ/dy, in y's shape) the gradients for x (in x's shape; null where there is
   * none) and for every weight (in the shape `call` saw or its own).
   */
  gradient?:
    | ((
        dy: Tensor,
        values: { x: Tensor; y: Tensor; w: WeightTensors<W>; config: Config },
      ) => { x: Tensor | null; weights: { readonly [K in keyof W]: Tensor } })
    | undefined
}

type Args<Config> = object extends Config
  ? [config?: Config & { name?: string | undefined }]
  : [config: Config & { name?: string | undefined }]

/** Makes layers of one kind: `Scale({ initial: 2 })`. Hand it to `loadModel(path, { custom: { scale: Scale } })`. */
export interface DefinedLayer<Config, Weights extends WeightsByName = WeightsByName> extends LayerFactory<Weights> {
  (...args: Args<Config>): Layer<Weights>
}

/**
 * Defines a kind of layer from functions written with `ops`. The result is called with the layer's options (plus
 * `name`); options that are not plain data (functions) make a layer that cannot be saved.
 */
export function defineLayer<
  Config extends object = object,
  W extends Record<string, WeightHandle> = Record<string, WeightHandle>,
>(definition: LayerDefinition<Config, W>): DefinedLayer<Config, DeclaredWeights<W>> {
  const where = 'defineLayer'
  checkOptions(where, definition, ['name', 'build', 'call', 'gradient'])
  const kind = nonEmptyString(`${where}: name`, definition?.name)
  functionOption(`${where} '${kind}': call`, definition.call)
  if (definition.build !== undefined) functionOption(`${where} '${kind}': build`, definition.build)
  if (definition.gradient !== undefined) functionOption(`${where} '${kind}': gradient`, definition.gradient)

  const make = (config?: Config & { name?: string }): Layer<DeclaredWeights<W>> => {
    if (config !== undefined && (typeof config !== 'object' || config === null))
      throw new OptionError(`layer '${kind}': expected an options object, got ${describeValue(config)}.`)
    const { name, ...options } = config ?? ({} as { name?: string })
    return {
      kind,
      name: nameOption(`layer '${kind}'`, name),
      config: (toJson(options) as JsonObject | undefined) ?? null,
      build: (inputShape, layerName) => build(definition, options as Config, inputShape, layerName),
    }
  }
  const factory = (...args: Args<Config>) => make(args[0])
  const fromConfig = (config: JsonObject, name?: string) => make({ ...config, name } as Config & { name?: string })
  Object.defineProperty(factory, 'name', { value: kind })
  return Object.assign(factory, { kind, fromConfig })
}

/** A list as a row, so that it broadcasts over the examples. */
const asRow = (weight: Tensor): Tensor => (weight.rank === 1 ? ops.reshape(weight, [1, weight.size]) : weight)

function build<Config, W extends Record<string, WeightHandle>>(
  definition: LayerDefinition<Config, W>,
  config: Config,
  inputShape: Shape,
  layerName: string,
): BuiltLayer {
  const weights: WeightSpec[] = []
  const add: AddWeight = (name, shape, options) => {
    const spec = weightSpec(layerName, name, shape, options)
    if (weights.some((other) => other.name === name))
      throw new OptionError(`${layerName}: the weight '${name}' is declared twice.`)
    weights.push(spec)
    return { name, shape: spec.shape }
  }
  const handles = definition.build ? definition.build(inputShape, config, add) : ({} as W)
  checkHandles(layerName, handles, weights)
  const keys = Object.keys(handles)

  // `own`: weights by their own names and in their own shapes.
  const run = (x: Tensor, own: Record<string, Tensor>, context: LayerContext): Tensor => {
    const w = Object.fromEntries(keys.map((key) => [key, asRow(own[handles[key].name])])) as WeightTensors<W>
    const y = definition.call(x, w, { ...context, config })
    if (!definition.gradient || !(y instanceof Tensor)) return y
    return withGradient(layerName, definition.gradient, { x, y, w, config }, own, handles)
  }
  const outputShape = outputShapeOf(
    layerName,
    inputShape,
    (x, others) =>
      run(x, Object.fromEntries(weights.map(({ name }, i) => [name, others[i]])), { training: true, stream: 0 }),
    weights.map(({ shape }) => shape),
  )
  return {
    outputShape,
    weights,
    activation: 'custom',
    call: (x, w, context) => ({ a: run(x, w, context) }),
  }
}

function weightSpec(layerName: string, name: string, shape: Shape, options: WeightOptions | undefined): WeightSpec {
  const where = `${layerName}: weight`
  nonEmptyString(`${where} name`, name)
  if (name === 'name' || /[.\s/\\]/.test(name))
    throw new OptionError(
      `${where}: '${name}' cannot be a weight's name: not 'name', no dots, spaces or slashes ` +
        `(files and getWeights use them).`,
    )
  const at = `${where} '${name}'`
  checkOptions(at, options, ['initializer', 'regularizer', 'trainable'])
  if (!Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && d > 0))
    throw new ShapeError(`${at}: expected a shape, an array of positive integers, got ${describeValue(shape)}.`)
  return {
    name,
    shape: [...shape],
    initializer: toInitializer(`${at}: initializer`, options?.initializer ?? (shape.length < 2 ? 'zeros' : 'xavier')),
    regularizer: checkRegularizer(`${at}: regularizer`, options?.regularizer),
    trainable: booleanOption(`${at}: trainable`, options?.trainable ?? true),
  }
}

function checkHandles(layerName: string, handles: unknown, weights: readonly WeightSpec[]): void {
  const values = typeof handles === 'object' && handles !== null ? Object.values(handles) : null
  if (!values)
    throw new OptionError(
      `${layerName}: build must return an object of weights, { gain: add('gain', shape) }, ` +
        `got ${describeValue(handles)}.`,
    )
  for (const handle of values) {
    if (!weights.some(({ name }) => name === (handle as WeightHandle | null)?.name))
      throw new OptionError(`${layerName}: build must return what add(…) returned, got ${describeValue(handle)}.`)
  }
  const returned = values.map((handle) => (handle as WeightHandle).name)
  for (const { name } of weights) {
    if (!returned.includes(name))
      throw new OptionError(`${layerName}: build declares the weight '${name}' but does not return it.`)
  }
}

/** y again, with the user's gradient towards x and the weights. */
function withGradient<Config, W extends Record<string, WeightHandle>>(
  layerName: string,
  gradient: NonNullable<LayerDefinition<Config, W>['gradient']>,
  values: { x: Tensor; y: Tensor; w: WeightTensors<W>; config: Config },
  own: Record<string, Tensor>,
  handles: W,
): Tensor {
  const { x, y } = values
  const context = contextOf(y)
  const valueNode = nodeOf(y)
  // A result that depends on no input is a concrete tensor: there is nothing to differentiate.
  if (!valueNode || !context) return y
  const inputs = [x, ...Object.values(handles).map((handle) => own[handle.name])]
  const node = customNode(
    valueNode,
    inputs.map((input) => nodeOf(input) ?? captureTensor(layerName, input, context)),
    (dy) => {
      const given = gradient(Tensor.fromNode(dy, context), values)
      if (
        typeof given !== 'object' ||
        given === null ||
        given.x === undefined ||
        typeof given.weights !== 'object' ||
        given.weights === null
      )
        throw new OptionError(`${layerName}: gradient must return { x, weights: { … } }, got ${describeValue(given)}.`)
      const known = Object.keys(handles)
      for (const key of Object.keys(given.weights)) {
        if (!known.includes(key))
          throw new OptionError(
            `${layerName}: gradient returned a weight '${key}'; its weights: ${known.join(', ') || 'none'}.`,
          )
      }
      const ofX = given.x === null ? null : checked(layerName, 'x', given.x, x.shape, context)
      const ofWeights = known.map((key) =>
        checked(layerName, handles[key].name, given.weights[key], handles[key].shape, context),
      )
      return [ofX, ...ofWeights]
    },
  )
  return Tensor.fromNode(node, context)
}

/** A returned gradient in the shape of what it belongs to; a list's may be a row. */
function checked(layerName: string, name: string, gradient: unknown, shape: Shape, context: TraceContext): Node {
  const where = `${layerName}: gradient of '${name}'`
  if (!(gradient instanceof Tensor))
    throw new OptionError(`${where}: expected a Tensor, got ${describeValue(gradient)}.`)
  const row = shape.length === 1 && gradient.shape.join() === `1,${shape[0]}`
  if (!row && gradient.shape.join() !== shape.join())
    throw new ShapeError(`${where}: expected shape ${shapeText(shape)}, got ${shapeText(gradient.shape)}.`)
  const shaped = row ? ops.reshape(gradient, shape) : gradient
  return nodeOf(shaped) ?? captureTensor(where, shaped, context)
}
