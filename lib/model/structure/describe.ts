/** From what users give to the places of a network: which layers stand where, under which names. */
import { isOfAnotherCopy } from '../../base/copies'
import { describeValue, MyelinError, OptionError } from '../../base/errors'
import { shapeText, type Shape } from '../../base/shape'
import { SymbolicTensor, type Layer, type LayerDescription } from '../../layers'

/** A value by its place: inputs first, then the uses of layers in order. */
export type ValueNumber = number

/** A network before it is built: plain places. What files hold, and what `model` and `sequential` give. */
export interface NetworkDescription {
  readonly inputs: readonly { readonly name: string; readonly shape: Shape; readonly dtype: 'int32' | undefined }[]
  readonly layers: readonly LayerDescription[]
  /** `layer`: number in `layers`; `from`: what it reads, each before it. */
  readonly uses: readonly { readonly layer: number; readonly from: readonly ValueNumber[] }[]
  readonly outputs: readonly { readonly name: string; readonly value: ValueNumber }[]
  /** Whether data come as a record by name, or bare (then there is one). */
  readonly namedInputs: boolean
  readonly namedOutputs: boolean
}

/** Inputs or outputs of a model: one value, or several by name. */
export type Values = SymbolicTensor | Readonly<Record<string, SymbolicTensor>>

/** The names of bare ones. */
const bareInput = 'x'
const bareOutput = 'y'

/** A chain of layers. */
export function chain(inputShape: Shape, layers: readonly LayerDescription[]): NetworkDescription {
  return {
    inputs: [{ name: bareInput, shape: inputShape, dtype: undefined }],
    layers,
    uses: layers.map((_, i) => ({ layer: i, from: [i] })),
    outputs: [{ name: bareOutput, value: layers.length }],
    namedInputs: false,
    namedOutputs: false,
  }
}

/** What lies between inputs and outputs. OptionError where something is missing, unused or no symbolic value. */
export function between(where: string, inputs: Values, outputs: Values): NetworkDescription {
  const own = inputs instanceof SymbolicTensor && 'input' in inputs.source ? inputs.source.input.name : undefined
  const given = named(`${where}: inputs`, inputs, own ?? bareInput)
  const wanted = named(`${where}: outputs`, outputs, bareOutput)
  for (const [i, { name, value }] of given.entries()) {
    if (!('input' in value.source))
      throw new OptionError(
        `${where}: inputs: '${name}': expected a value made by input(…), got the output of ${describeSource(value)}.`,
      )
    const earlier = given.slice(0, i).find((other) => other.value === value)
    if (earlier) throw new OptionError(`${where}: inputs: '${earlier.name}' and '${name}' are the same value.`)
  }
  const uses = usesFor(where, given, wanted)
  const layers: LayerDescription[] = []
  const numbers = new Map<SymbolicTensor, ValueNumber>(given.map(({ value }, i) => [value, i]))
  const placed = uses.map((value) => {
    const { layer, inputs: from } = value.source as Extract<SymbolicTensor['source'], { layer: unknown }>
    if (!layers.includes(layer)) layers.push(layer)
    numbers.set(value, numbers.size)
    return { layer: layers.indexOf(layer), from: from.map((input) => numbers.get(input)!) }
  })
  return {
    inputs: given.map(({ name, value }) => ({ name, shape: value.shape, dtype: inputOf(value).dtype })),
    layers,
    uses: placed,
    outputs: wanted.map(({ name, value }) => ({ name, value: numbers.get(value)! })),
    namedInputs: !(inputs instanceof SymbolicTensor),
    namedOutputs: !(outputs instanceof SymbolicTensor),
  }
}

const inputOf = ({ source }: SymbolicTensor) => (source as Extract<typeof source, { input: unknown }>).input

function describeSource({ source }: SymbolicTensor): string {
  if ('input' in source) return source.input.name ? `input '${source.input.name}'` : 'an input'
  return `layer '${source.layer.name ?? source.layer.kind}'`
}

interface Named {
  name: string
  value: SymbolicTensor
}

/** Names that files and logs can hold. */
const forbidden = /[\s./\\]/

/** Whether an input or output may have this name. */
export const isValueName = (name: string): boolean => name !== '' && !forbidden.test(name)

function named(where: string, values: unknown, bareName: string): Named[] {
  if (values instanceof SymbolicTensor) return [{ name: bareName, value: values }]
  if (typeof values !== 'object' || values === null || Array.isArray(values) || isOfAnotherCopy(values))
    throw new OptionError(
      `${where}: expected a value made by input(…) or layer.apply(…), or { name: value, … }, ` +
        `got ${describeValue(values)}.`,
    )
  const entries = Object.entries(values as Record<string, unknown>)
  if (entries.length === 0) throw new OptionError(`${where}: expected at least one value, got an empty record.`)
  return entries.map(([name, value]) => {
    if (!(value instanceof SymbolicTensor))
      throw new OptionError(
        `${where}: '${name}': expected a value made by input(…) or layer.apply(…), got ${describeValue(value)}.`,
      )
    if (!isValueName(name))
      throw new OptionError(
        `${where}: expected names that are not empty and have no spaces, dots or slashes, got '${name}'.`,
      )
    return { name, value }
  })
}

/** The values of layers that the outputs need, each behind what it is computed from. */
function usesFor(where: string, given: readonly Named[], wanted: readonly Named[]): SymbolicTensor[] {
  const inputs = new Set(given.map(({ value }) => value))
  const needed = new Set<SymbolicTensor>()
  for (const { name, value } of wanted) {
    const stack = [value]
    for (let next = stack.pop(); next; next = stack.pop()) {
      if (needed.has(next)) continue
      if ('input' in next.source) {
        if (!inputs.has(next)) {
          const known = given.map((input) => `'${input.name}'`).join(', ')
          throw new OptionError(
            `${where}: outputs: '${name}' needs ${describeSource(next)} of shape ` +
              `${shapeText([null, ...next.shape])}, which is none of the model's inputs: ${known}.`,
          )
        }
      } else stack.push(...next.source.inputs)
      needed.add(next)
    }
  }
  const unused = given.find(({ value }) => !needed.has(value))
  if (unused)
    throw new OptionError(
      `${where}: inputs: '${unused.name}' is used by none of the outputs: ` +
        `${wanted.map(({ name }) => `'${name}'`).join(', ')}.`,
    )
  return [...needed].filter(({ source }) => 'layer' in source).sort((a, b) => a.order - b.order)
}

function isLayer(value: unknown): value is LayerDescription {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Layer).build === 'function' &&
    typeof (value as Layer).kind === 'string'
  )
}

/** The layers of `sequential`, checked; a layer object that stands twice is two layers there. */
export function checkLayers(where: string, layers: unknown): LayerDescription[] {
  if (!Array.isArray(layers) || layers.length === 0)
    throw new OptionError(`${where}: layers: expected a list with at least one layer, got ${describeValue(layers)}.`)
  // Holes of a list are undefined.
  return Array.from(layers, (layer: unknown, i) => {
    if (isLayer(layer)) return layer
    throw new OptionError(
      `${where}: layers[${i}]: expected a layer such as layers.dense({ units: 10 }), got ${describeValue(layer)}.`,
    )
  })
}

/** A name for each layer: its own, or its kind and a number. */
export function nameLayers(where: string, layers: readonly LayerDescription[]): string[] {
  const names = new Set<string>()
  const counts = new Map<string, number>()
  return layers.map((layer, index) => {
    const n = (counts.get(layer.kind) ?? 0) + 1
    counts.set(layer.kind, n)
    const name = layer.name ?? `${layer.kind}_${n}`
    if (names.has(name))
      throw new OptionError(
        `${where}: expected a name of its own for each layer, got '${name}' for layer ${index + 1}, which is already ` +
          'taken by another one. Give one of them another name.',
      )
    if (forbidden.test(name) || name === 'optimizer' || name === 'checkpoint')
      throw new OptionError(
        `${where}: layer ${index + 1}: '${name}' cannot be a layer's name: no spaces, dots or slashes, and not ` +
          `'optimizer' or 'checkpoint' (files use them).`,
      )
    names.add(name)
    return name
  })
}

/** MyelinError unless a layer gave a shape. */
export function checkBuilt(name: string, outputShape: Shape): void {
  if (outputShape.some((d) => !Number.isSafeInteger(d) || d < 1))
    throw new MyelinError(
      `${name}: build gave the output shape ${shapeText(outputShape)}; positive integers are needed.`,
    )
}
