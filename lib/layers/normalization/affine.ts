/** γ·x̂ + β along the last axis: what normalised values get at the end, and the options for it. */
import { booleanOption, positiveNumber } from '../../base/checks'
import { ShapeError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import type { Shape } from '../../base/shape'
import { toInitializer, type Initializer, type InitializerSpec } from '../../initializers'
import * as ops from '../../ops'
import { checkRegularizer, type Regularizer } from '../../regularizers'
import type { Tensor } from '../../tensor/tensor'
import type { WeightSpec } from '../built'
import type { WeightsIf } from '../layer'
import type { CommonOptions } from '../options'

export interface AffineOptions<
  Center extends boolean = boolean,
  Scale extends boolean = boolean,
> extends CommonOptions {
  /** Added to the variance before its root. Default 1e-5. */
  epsilon?: number | undefined
  /** Whether β is added. Default true. */
  center?: Center | undefined
  /** Whether γ multiplies. Default true. */
  scale?: Scale | undefined
  /** Default 'zeros'. */
  betaInitializer?: InitializerSpec | undefined
  /** Default 'ones'. */
  gammaInitializer?: InitializerSpec | undefined
  betaRegularizer?: Regularizer | undefined
  gammaRegularizer?: Regularizer | undefined
}

/** γ and β, both [c], as far as they are wanted. */
export type AffineWeights<Center extends boolean, Scale extends boolean> = WeightsIf<Scale, { gamma: Tensor }> &
  WeightsIf<Center, { beta: Tensor }>

export const affineOptionNames = [
  'epsilon',
  'center',
  'scale',
  'betaInitializer',
  'gammaInitializer',
  'betaRegularizer',
  'gammaRegularizer',
]

/** What the options say, checked and with defaults. */
export interface Affine {
  readonly epsilon: number
  readonly config: JsonObject
  /** γ and β for c values, where they are wanted. */
  weights(c: number): WeightSpec[]
  /** `scaled` is x̂ by its parts, (x − μ) [n, c] and 1/σ as a row or column: γ·(x − μ)/σ + β. */
  apply(deviation: Tensor, perDeviation: Tensor, w: Readonly<Record<string, Tensor>>): Tensor
}

/** Checks the options. `where` names the layer in errors. */
export function affine(where: string, options: AffineOptions): Affine {
  const epsilon = positiveNumber(`${where}: epsilon`, options.epsilon ?? 1e-5)
  const part = (name: 'gamma' | 'beta', isWanted: boolean, initial: 'ones' | 'zeros') => {
    const initializer = toInitializer(`${where}: ${name}Initializer`, options[`${name}Initializer`] ?? initial)
    const regularizer = checkRegularizer(`${where}: ${name}Regularizer`, options[`${name}Regularizer`])
    return { name, isWanted, initializer, regularizer }
  }
  const center = booleanOption(`${where}: center`, options.center ?? true)
  const scale = booleanOption(`${where}: scale`, options.scale ?? true)
  const parts = [part('gamma', scale, 'ones'), part('beta', center, 'zeros')]
  return {
    epsilon,
    config: Object.assign({ epsilon, center, scale }, ...parts.map(configOf)) as JsonObject,
    weights: (c) =>
      parts
        .filter(({ isWanted }) => isWanted)
        .map(({ name, initializer, regularizer }) => {
          return { name, shape: [c], initializer, regularizer, role: 'weight', trainable: true }
        }),
    apply(deviation, perDeviation, w) {
      const row = (weight: Tensor) => ops.reshape(weight, [1, weight.size])
      // γ/σ first: for one σ per column it is a row, not a pass over all values.
      const isRow = perDeviation.shape[0] === 1
      const scaled =
        scale && isRow
          ? ops.mul(deviation, ops.mul(row(w.gamma), perDeviation))
          : scale
            ? ops.mul(ops.mul(deviation, perDeviation), row(w.gamma))
            : ops.mul(deviation, perDeviation)
      return center ? ops.add(scaled, row(w.beta)) : scaled
    },
  }
}

function configOf(part: { name: string; initializer: Initializer; regularizer: Regularizer | undefined }): JsonObject {
  const config: JsonObject = { [`${part.name}Initializer`]: part.initializer.config }
  if (part.regularizer) config[`${part.name}Regularizer`] = part.regularizer.config
  return config
}

/** The last axis of an input. ShapeError where there is none. */
export function lastAxis(kind: string, layerName: string, shape: Shape): number {
  const c = shape.at(-1)
  if (c !== undefined) return c
  throw new ShapeError(
    `${layerName}: ${kind} expects inputs of shape [m, …, c], got [m]. Put layers.reshape({ shape: [1] }) before it.`,
  )
}
