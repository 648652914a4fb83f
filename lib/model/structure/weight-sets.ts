/** Sets of arrays laid out as getWeights, checked against a model. */
import type { DType, NativeArray } from '../../base/dtype'
import { describeValue, NonFiniteError, OptionError, ShapeError } from '../../base/errors'
import { shapeText } from '../../base/shape'
import { nearestName } from '../../base/suggest'
import { toFlat, type TensorLike } from '../../tensor/tensor'
import type { WeightSetLike } from '../../tensor/weight-set'
import type { Parameter, Weights } from './weights'

export interface SetRules {
  /** What the set may hold. */
  readonly allowed: readonly Parameter[]
  /** What it must hold: of every layer, or of those it names. */
  readonly needed: readonly Parameter[]
  /** Whether layers may be left out. Default false. */
  readonly partial?: boolean
  /** Whether numbers must be finite. Default true. */
  readonly finite?: boolean
  /** What the arrays are called in errors. Default 'weight'. */
  readonly what?: 'weight' | 'gradient'
}

/** Checks a set: one flat array for each array that it holds. Changes nothing. */
export function checkSet(
  where: string,
  set: WeightSetLike,
  dtype: DType,
  { allowed, needed, partial = false, finite = true, what = 'weight' }: SetRules,
): Map<Parameter, NativeArray> {
  if (!Array.isArray(set))
    throw new OptionError(
      `${where}: expected a list like getWeights() returns, [{ name, weight, bias }, …], got ${describeValue(set)}.`,
    )
  const given = entriesByLayer(where, set, allowed, what)
  const found = new Map<Parameter, NativeArray>()
  for (const p of allowed) {
    const entry = given.get(p.layer)
    const value = entry?.[p.key]
    if (value === undefined) {
      const isNeeded = needed.includes(p) && (!partial || entry !== undefined)
      if (isNeeded)
        throw new OptionError(`${where}: ${p.name} is missing; expected a tensor of shape ${shapeText(p.shape)}.`)
      continue
    }
    const { data, shape } = toFlat(`${where}: ${p.name}`, value as TensorLike, dtype)
    if (shape.join() !== p.shape.join())
      throw new ShapeError(`${where}: ${p.name}: expected shape ${shapeText(p.shape)}, got ${shapeText(shape)}.`)
    const bad = finite ? data.findIndex((v) => !Number.isFinite(v)) : -1
    if (bad >= 0)
      throw new NonFiniteError(`${where}: ${p.name}: element ${bad} is ${data[bad]}; weights must be finite.`)
    found.set(p, data)
  }
  return found
}

function entriesByLayer(
  where: string,
  set: WeightSetLike,
  allowed: readonly Parameter[],
  what: string,
): Map<string, Record<string, unknown>> {
  const layers = [...new Set(allowed.map((p) => p.layer))]
  const given = new Map<string, Record<string, unknown>>()
  for (const entry of set as readonly Record<string, unknown>[]) {
    const name = entry?.name
    if (typeof name !== 'string' || !layers.includes(name)) {
      const near = typeof name === 'string' ? nearestName(name, layers) : undefined
      const kind = what === 'gradient' ? 'no layer with trainable weights' : 'no layer with weights'
      throw new OptionError(
        `${where}: ${describeValue(name)} is ${kind}.${near ? ` Did you mean '${near}'?` : ''} ` +
          `The model's: ${layers.join(', ') || 'none'}.`,
      )
    }
    if (given.has(name)) throw new OptionError(`${where}: the layer '${name}' is given twice.`)
    given.set(name, entry)
    const keys = allowed.filter((p) => p.layer === name).map((p) => p.key)
    for (const key of Object.keys(entry))
      if (key !== 'name' && !keys.includes(key))
        throw new OptionError(`${where}: '${name}' has no ${what} '${key}'. Its ${what}s: ${keys.join(', ')}.`)
  }
  return given
}

/** Replaces all weights and states of a model, or those of the layers that the set names, or none. */
export function replaceWeights(where: string, weights: Weights, set: WeightSetLike, partial: boolean): Parameter[] {
  const rules = { allowed: weights.list, needed: weights.visible, partial }
  const found = checkSet(where, set, weights.dtype, rules)
  for (const [p, data] of found) weights.write(p, data)
  return [...found.keys()]
}
