import {
  booleanOption,
  checkOptions,
  functionOption,
  isListOf,
  nonEmptyString,
  oneOf,
  positiveInteger,
} from '../base/checks'
import { ownKind } from '../base/custom'
import type { TensorDType } from '../base/dtype'
import { describeValue, DTypeError, OptionError, ShapeError } from '../base/errors'
import { toJson, type JsonObject } from '../base/json'
import { shapeText, type Shape } from '../base/shape'
import { toInitializer } from '../initializers'
import * as ops from '../ops'
import { checkRegularizer } from '../regularizers'
import { Tensor } from '../tensor/tensor'
import type { WeightsByName } from '../tensor/weight-set'
import type { BuiltLayer, LayerContext, LayerResult, WeightSpec } from './built'
import {
  inLists,
  type AddWeight,
  type DeclaredWeights,
  type Definition,
  type Handles,
  type LayerDefinition,
  type MultiInputDefinition,
  type ValueWithUpdates,
  type WeightHandle,
  type WeightOptions,
  type WeightTensors,
} from './definition'
import { makeLayer, type Layer, type LayerFactory } from './layer'
import { commonOptions, type CommonOptions } from './options'
import { withGradient } from './own-gradient'
import { outputShapeOf } from './probe'

type Args<Config> = object extends Config ? [config?: Config & CommonOptions] : [config: Config & CommonOptions]

/** Makes layers of one kind: `Scale({ initial: 2 })`. Hand it to `loadModel(path, { custom: { scale: Scale } })`. */
export interface DefinedLayer<Config, Weights extends WeightsByName = WeightsByName> extends LayerFactory<Weights> {
  (...args: Args<Config>): Layer<Weights>
}

/**
 * Defines a kind of layer from functions written with `ops`: of one input, or of several with `inputs: n` or
 * `inputs: 'any'`. The result is called with the layer's options (plus `name` and `trainable`); options that are not
 * plain data (functions) make a layer that cannot be saved.
 */
export function defineLayer<Config extends object = object, W extends Handles = Handles>(
  definition: LayerDefinition<Config, W>,
): DefinedLayer<Config, DeclaredWeights<W>>
export function defineLayer<Config extends object = object, W extends Handles = Handles>(
  definition: MultiInputDefinition<Config, W>,
): DefinedLayer<Config, DeclaredWeights<W>>
export function defineLayer<Config extends object, W extends Handles>(
  given: LayerDefinition<Config, W> | MultiInputDefinition<Config, W>,
): DefinedLayer<Config, DeclaredWeights<W>> {
  const where = 'defineLayer'
  checkOptions(where, given, ['name', 'inputs', 'build', 'call', 'gradient'])
  const kind = ownKind(where, 'layer', given?.name)
  const { inputs, build: declare, call, gradient } = given
  functionOption(`${where} '${kind}': call`, call)
  if (inputs !== undefined && inputs !== 'any')
    positiveInteger(`${where} '${kind}': inputs (a number, or 'any')`, inputs)
  if (declare !== undefined) functionOption(`${where} '${kind}': build`, declare)
  if (gradient !== undefined) functionOption(`${where} '${kind}': gradient`, gradient)
  const definition = inLists(given)

  const make = (config?: Config & CommonOptions): Layer<DeclaredWeights<W>> => {
    if (config !== undefined && (typeof config !== 'object' || config === null))
      throw new OptionError(`layer '${kind}': expected an options object, got ${describeValue(config)}.`)
    const { name, trainable, ...options } = config ?? ({} as CommonOptions)
    return makeLayer({
      kind,
      ...commonOptions(`layer '${kind}'`, { name, trainable }),
      config: (toJson(options) as JsonObject | undefined) ?? null,
      build: (shapes, layerName) => build(definition, options as Config, shapes, layerName),
    })
  }
  const factory = (...args: Args<Config>) => make(args[0])
  const fromConfig = (config: JsonObject, name?: string) => make({ ...config, name } as Config & CommonOptions)
  Object.defineProperty(factory, 'name', { value: kind })
  return Object.assign(factory, { kind, fromConfig })
}

/** A list as a row, so that it broadcasts over the examples. */
const asRow = (weight: Tensor): Tensor => (weight.rank === 1 ? ops.reshape(weight, [1, weight.size]) : weight)

function build<Config, W extends Handles>(
  definition: Definition<Config, W>,
  config: Config,
  inputs: readonly Shape[],
  layerName: string,
): BuiltLayer {
  if (definition.inputs !== 'any' && definition.inputs !== inputs.length)
    throw new OptionError(`${layerName}: expected ${definition.inputs} inputs, got ${inputs.length}.`)
  const weights: WeightSpec[] = []
  const add = (name: string, shape: Shape, options?: WeightOptions): WeightHandle => {
    const spec = weightSpec(layerName, name, shape, options)
    if (weights.some((other) => other.name === name))
      throw new OptionError(`${layerName}: the weight '${name}' is declared twice.`)
    weights.push(spec)
    return { name, shape: spec.shape, role: spec.role as 'weight' | 'state' }
  }
  const handles = definition.build ? definition.build(inputs, config, add as AddWeight) : ({} as W)
  checkHandles(layerName, handles, weights)
  const keys: (keyof W & string)[] = Object.keys(handles)
  const specOf = (key: keyof W & string) => weights.find(({ name }) => name === handles[key].name)!

  // `own`: weights by their own names and in their own shapes.
  const run = (x: readonly Tensor[], own: Readonly<Record<string, Tensor>>, context: LayerContext): LayerResult => {
    const w = Object.fromEntries(keys.map((key) => [key, asRow(own[handles[key].name])])) as WeightTensors<W>
    const returned = definition.call(x, w, { ...context, config })
    const { value: y, updates } = withUpdates(returned)
    const states = updates && stateUpdates(layerName, updates, keys, specOf)
    if (!definition.gradient || !(y instanceof Tensor)) return { a: y, updates: states }
    const learnt = keys
      .filter((key) => specOf(key).role === 'weight')
      .map((key) => ({ key, name: handles[key].name, shape: handles[key].shape, own: own[handles[key].name] }))
    return { a: withGradient(layerName, definition.gradient, { x, y, w, config }, learnt), updates: states }
  }
  const { shape, stochastic } = outputShapeOf(
    layerName,
    inputs,
    (x, others) =>
      run(x, Object.fromEntries(weights.map(({ name }, i) => [name, others[i]])), {
        training: true,
        trainable: true,
        stream: 0,
      }).a,
    weights.map((spec) => spec.shape),
  )
  return { outputShape: shape, weights, activation: 'custom', stochastic, anyDType: true, call: run }
}

/** What `call` returned, with updates or without. Whatever is no tensor is refused by who looks at the value. */
function withUpdates<W>(returned: Tensor | ValueWithUpdates<W>): Partial<ValueWithUpdates<W>> & { value: Tensor } {
  const isPair = typeof returned === 'object' && returned !== null && !(returned instanceof Tensor)
  return isPair && 'value' in returned ? returned : { value: returned as Tensor }
}

/** New values of states by their own names and in their own shapes. */
function stateUpdates<Key extends string>(
  layerName: string,
  updates: { readonly [K in Key]?: Tensor | undefined },
  keys: readonly Key[],
  specOf: (key: Key) => WeightSpec,
): Record<string, Tensor> {
  const found: Record<string, Tensor> = {}
  for (const [key, value] of Object.entries<Tensor | undefined>(updates)) {
    if (value === undefined) continue
    const states = keys.filter((known) => specOf(known).role === 'state')
    if (!states.includes(key as Key))
      throw new OptionError(
        `${layerName}: call returned an update of '${key}'; its states: ${states.join(', ') || 'none'}. ` +
          "Declare one with add(name, shape, { role: 'state' }).",
      )
    const { name, shape } = specOf(key as Key)
    const at = `${layerName}: update of '${key}'`
    if (!(value instanceof Tensor)) throw new OptionError(`${at}: expected a Tensor, got ${describeValue(value)}.`)
    if ((value.dtype as TensorDType) === 'int32')
      throw new DTypeError(`${at}: expected floating numbers, got int32. Convert them with ops.cast.`)
    const row = shape.length === 1 && value.shape.join() === `1,${shape[0]}`
    if (!row && value.shape.join() !== shape.join())
      throw new ShapeError(`${at}: expected shape ${shapeText(shape)}, got ${shapeText(value.shape)}.`)
    found[name] = row ? ops.reshape(value, shape) : value
  }
  return found
}

function weightSpec(layerName: string, name: string, shape: Shape, options: WeightOptions | undefined): WeightSpec {
  const where = `${layerName}: weight`
  nonEmptyString(`${where} name`, name)
  if (name === 'name' || name === '__proto__' || /[.\s/\\]/.test(name))
    throw new OptionError(
      `${where}: '${name}' cannot be a weight's name: not 'name' or '__proto__', no dots, spaces or slashes ` +
        `(files and getWeights use them).`,
    )
  const at = `${where} '${name}'`
  checkOptions(at, options, ['initializer', 'regularizer', 'trainable', 'role'])
  if (!isListOf(shape, (d) => Number.isSafeInteger(d) && (d as number) > 0))
    throw new ShapeError(`${at}: expected a shape, an array of positive integers, got ${describeValue(shape)}.`)
  const role = oneOf(`${at}: role`, options?.role ?? 'weight', ['weight', 'state'])
  if (role === 'state' && (options?.trainable || options?.regularizer))
    throw new OptionError(`${at}: expected a state without ${options.trainable ? 'trainable' : 'regularizer'}.`)
  return {
    name,
    shape: [...shape],
    initializer: toInitializer(`${at}: initializer`, options?.initializer ?? (shape.length < 2 ? 'zeros' : 'xavier')),
    regularizer: checkRegularizer(`${at}: regularizer`, options?.regularizer),
    role,
    trainable: booleanOption(`${at}: trainable`, options?.trainable ?? role === 'weight'),
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
