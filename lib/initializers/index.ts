/**
 * Initial values of weights: seeded, drawn natively in float64 and rounded, so that float32 and float64 get the same
 * numbers.
 */
import { checkOptions, finiteNumber, nonNegativeNumber, oneOf } from '../base/checks'
import type { DType, NativeArray } from '../base/dtype'
import { describeValue, OptionError } from '../base/errors'
import type { Json } from '../base/json'
import type { Shape } from '../base/shape'
import * as ops from '../ops'

export type InitializerName = 'zeros' | 'ones' | 'smallNormal' | 'xavier' | 'lecun' | 'he' | 'glorot'
export type InitializerSpec = InitializerName | Initializer

/** What initial values may depend on. */
export interface InitializerContext {
  /** Inputs and outputs that one weight connects: n_(l−1) and n_l of a dense layer. */
  fanIn: number
  fanOut: number
  /** The model's seed. */
  seed: bigint
  /** Another one for every weight of a model, below 2^31. */
  stream: number
  dtype: DType
}

export interface Initializer {
  /** For files. */
  readonly config: Json
  /** Values of the whole array, row by row, in the dtype asked for. */
  create(shape: Shape, context: InitializerContext): NativeArray
}

const sizeOf = (shape: Shape): number => shape.reduce((product, d) => product * d, 1)

function filled(config: Json, value: number): Initializer {
  return {
    config,
    create: (shape, { dtype }) =>
      (dtype === 'float32' ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape))).fill(value),
  }
}

/** offset + scale·r with r from N(0, 1) or from [0, 1). */
function random(
  config: Json,
  kind: 'normal' | 'uniform',
  law: (context: InitializerContext) => { offset: number; scale: number },
): Initializer {
  return {
    config,
    create(shape, context) {
      const { offset, scale } = law(context)
      const options = { seed: context.seed, stream: context.stream, dtype: 'float64' as const }
      const drawn = kind === 'normal' ? ops.randomNormal(shape, options) : ops.randomUniform(shape, options)
      const values = drawn.data as Float64Array
      drawn.dispose()
      const result = context.dtype === 'float32' ? new Float32Array(values.length) : values
      for (let i = 0; i < values.length; i++) result[i] = offset + scale * values[i]
      return result
    },
  }
}

const scaledNormal = (name: InitializerName, variance: (context: InitializerContext) => number): Initializer =>
  random(name, 'normal', (context) => ({ offset: 0, scale: Math.sqrt(variance(context)) }))

const xavier = scaledNormal('xavier', ({ fanIn }) => 1 / fanIn)

const named: Record<InitializerName, Initializer> = {
  zeros: filled('zeros', 0),
  ones: filled('ones', 1),
  smallNormal: scaledNormal('smallNormal', () => 0.01 ** 2),
  xavier,
  lecun: xavier,
  he: scaledNormal('he', ({ fanIn }) => 2 / fanIn),
  glorot: scaledNormal('glorot', ({ fanIn, fanOut }) => 2 / (fanIn + fanOut)),
}
const initializerNames = Object.keys(named) as InitializerName[]

/** N(mean, variance); `mean` defaults to 0. `variance` is σ², at least 0. */
function normal(options: { variance: number; mean?: number }): Initializer {
  const where = 'initializers.normal'
  checkOptions(where, options, ['variance', 'mean'])
  const variance = nonNegativeNumber(`${where}: variance`, options?.variance)
  const mean = finiteNumber(`${where}: mean`, options.mean ?? 0)
  return random({ name: 'normal', variance, mean }, 'normal', () => ({ offset: mean, scale: Math.sqrt(variance) }))
}

/** Uniform in [min, max), min < max. */
function uniform(options: { min: number; max: number }): Initializer {
  const where = 'initializers.uniform'
  checkOptions(where, options, ['min', 'max'])
  const min = finiteNumber(`${where}: min`, options?.min)
  const max = finiteNumber(`${where}: max`, options.max)
  if (min >= max) throw new OptionError(`${where}: expected min below max, got min ${min} and max ${max}.`)
  return random({ name: 'uniform', min, max }, 'uniform', () => ({ offset: min, scale: max - min }))
}

/** The same number everywhere. */
function constant(value: number): Initializer {
  const checked = finiteNumber('initializers.constant', value)
  return filled({ name: 'constant', value: checked }, checked)
}

/**
 * Initialisers with parameters; those without are used by name: 'zeros', 'ones', 'smallNormal', 'xavier' ('lecun'),
 * 'he', 'glorot'.
 */
export const initializers = { normal, uniform, constant }

/** Given numbers, row by row. Internal: for statistics that were given as options. */
export function valuesInitializer(values: Float64Array): Initializer {
  return {
    config: { name: 'values', values: [...values] },
    create: (_shape, { dtype }) => (dtype === 'float32' ? new Float32Array(values) : new Float64Array(values)),
  }
}

/** Resolves an initialiser option. `where` names the option in errors. */
export function toInitializer(where: string, spec: InitializerSpec): Initializer {
  if (typeof spec === 'string') return named[oneOf(where, spec, initializerNames)]
  if (typeof spec === 'object' && spec !== null && typeof spec.create === 'function') return spec
  const known = initializerNames.map((name) => `'${name}'`).join(', ')
  throw new OptionError(
    `${where}: expected ${known} or initializers.normal, .uniform or .constant, got ${describeValue(spec)}.`,
  )
}

/** Rebuilds what `Initializer.config` describes; undefined stays undefined. */
export function initializerFromConfig(config: Json | undefined): Initializer | undefined {
  if (config === undefined) return undefined
  if (typeof config === 'string') return toInitializer('initializer', config as InitializerName)
  const { name, ...options } = (config ?? {}) as { [key: string]: Json }
  const kind = oneOf('initializer', name, ['normal', 'uniform', 'constant', 'values'])
  if (kind === 'constant') return constant(options.value as number)
  if (kind === 'values') return valuesInitializer(Float64Array.from(options.values as number[]))
  return kind === 'normal' ? normal(options as { variance: number }) : uniform(options as { min: number; max: number })
}
