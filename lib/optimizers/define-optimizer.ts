/** Optimisers of the user's own. */
import { booleanOption, checkOptions, functionOption } from '../base/checks'
import { ownKind, type Factory } from '../base/custom'
import { describeValue, DTypeError, OptionError, ShapeError } from '../base/errors'
import { toJson, type JsonObject } from '../base/json'
import { sameShape, shapeText } from '../base/shape'
import { withLabel } from '../graph/label'
import { inputNode } from '../graph/leaves'
import { toSchedule, type LearningRate } from '../schedules'
import { Tensor } from '../tensor/tensor'
import { usable, type Optimizer, type UpdateRule } from './optimizer'

/** What `update` works with: traced tensors. */
export interface UpdateStep<Config, Slot extends string, Scalar extends string> {
  /** In its own shape. */
  weight: Tensor
  /** dJ/d(weight), clipped if the model clips. */
  gradient: Tensor
  /** What earlier updates left, in the weight's shape; zeros at first. */
  slots: { readonly [slot in Slot]: Tensor }
  /** Scalars: the learning rate of this step, and what `scalars` gave. */
  learningRate: Tensor
  scalars: { readonly [scalar in Scalar]: Tensor }
  config: Config
}

export interface OptimizerDefinition<Config, Slot extends string, Scalar extends string> {
  /** Its entry in files, and its name in errors. */
  name: string
  /** Names of the arrays that it keeps for every weight, zero at the start. Default none. */
  slots?: readonly Slot[] | undefined
  /**
   * Scalars that change from update to update, in float64: bias corrections. `t` counts updates from 1. Default none.
   */
  scalars?: ((t: number, config: Config) => { readonly [scalar in Scalar]: number }) | undefined
  /** True where weights shrink whatever their gradient: not for embeddings with `updates: 'touched'`. Default false. */
  decays?: boolean | undefined
  /**
   * Records the update of one weight with `ops`: its new value and the new slots, all in the weight's shape. Each
   * number should depend on its own gradient alone: then it works for the rows of embeddings that a step touches, too.
   */
  update: (step: UpdateStep<Config, Slot, Scalar>) => { weight: Tensor; slots?: { readonly [slot in Slot]: Tensor } }
}

interface RateOption {
  /** Default 0.01. */
  learningRate?: LearningRate | undefined
}

type Args<Config> = object extends Config ? [options?: Config & RateOption] : [options: Config & RateOption]

/** Makes optimisers of one kind. Hand it to `loadModel(path, { custom: { lion: Lion } })`. */
export interface DefinedOptimizer<Config> extends Factory<Optimizer> {
  (...args: Args<Config>): Optimizer
}

/**
 * Defines an optimiser from functions written with `ops`. The result is called with the optimiser's options and
 * `learningRate`; options that are not plain data make an optimiser that cannot be saved. OptionError or ShapeError for
 * an update that returns something else than arrays in the weight's shape.
 */
export function defineOptimizer<
  Config extends object = object,
  Slot extends string = never,
  Scalar extends string = never,
>(definition: OptimizerDefinition<Config, Slot, Scalar>): DefinedOptimizer<Config> {
  const where = 'defineOptimizer'
  checkOptions(where, definition, ['name', 'slots', 'scalars', 'decays', 'update'])
  if (definition?.decays !== undefined) booleanOption(`${where}: decays`, definition.decays)
  const kind = ownKind(where, 'optimizer', definition?.name)
  const slots = slotNames(`${where} '${kind}': slots`, definition.slots ?? [])
  functionOption(`${where} '${kind}': update`, definition.update)
  if (definition.scalars !== undefined) functionOption(`${where} '${kind}': scalars`, definition.scalars)
  const make = (options?: Config & RateOption): UpdateRule => rule(kind, slots, definition, options)
  const factory = usable(make)
  Object.defineProperty(factory, 'name', { value: kind })
  return Object.assign(factory as (...args: Args<Config>) => Optimizer, {
    kind,
    fromConfig: (config: JsonObject) => factory(config as Config & RateOption),
  })
}

function slotNames<Slot extends string>(where: string, slots: readonly Slot[]): readonly Slot[] {
  if (!Array.isArray(slots)) throw new OptionError(`${where}: expected a list of names, got ${describeValue(slots)}.`)
  Array.from(slots).forEach((name: unknown, i) => {
    if (typeof name !== 'string' || name === '' || /[.\s/\\]/.test(name))
      throw new OptionError(
        `${where}[${i}]: expected a name without dots, spaces or slashes, got ${describeValue(name)}.`,
      )
    if (slots.indexOf(name as Slot) !== i)
      throw new OptionError(`${where}: expected each name once, got '${name}' twice.`)
  })
  return slots
}

function rule<Config extends object, Slot extends string, Scalar extends string>(
  kind: string,
  slots: readonly Slot[],
  { scalars, decays, update }: OptimizerDefinition<Config, Slot, Scalar>,
  given: (Config & RateOption) | undefined,
): UpdateRule {
  const where = `optimizer '${kind}'`
  if (given !== undefined && (typeof given !== 'object' || given === null))
    throw new OptionError(`${where}: expected an options object, got ${describeValue(given)}.`)
  const { learningRate: rate, ...rest } = given ?? ({} as Config & RateOption)
  const config = rest as unknown as Config
  const learningRate = toSchedule(`${where}: learningRate`, rate ?? 0.01)
  const json = (toJson(config) as JsonObject | undefined) ?? null
  const valuesAt = (t: number) => scalarValues(where, scalars?.(t, config) ?? ({} as Record<Scalar, number>))
  const names = Object.keys(valuesAt(1)) as Scalar[]
  const made: UpdateRule = {
    kind,
    config: json === null || learningRate.config === null ? null : { ...json, learningRate: learningRate.config },
    learningRate,
    slots,
    hypers: names,
    decays,
    hyperValues(t) {
      const values = valuesAt(t)
      return names.map((name) => {
        if (values[name] !== undefined) return values[name]
        throw new OptionError(`${where}: scalars: expected '${name}' for every update, got none for update ${t}.`)
      })
    },
    update(weight, gradient, kept, hyper) {
      const next = update({
        weight,
        gradient,
        slots: Object.fromEntries(slots.map((slot, i) => [slot, kept[i]])) as { [slot in Slot]: Tensor },
        learningRate: hyper.learningRate,
        scalars: Object.fromEntries(names.map((name) => [name, hyper[name]])) as { [scalar in Scalar]: Tensor },
        config,
      })
      if (typeof next !== 'object' || next === null || next instanceof Tensor)
        throw new OptionError(`${where}: update must return { weight, slots }, got ${describeValue(next)}.`)
      return {
        weight: checked(`${where}: update: weight`, next.weight, weight),
        slots: slots.map((slot) => checked(`${where}: update: slots.${slot}`, next.slots?.[slot], weight)),
      }
    },
  }
  tryOut(made)
  return made
}

function scalarValues<Scalar extends string>(
  where: string,
  values: { readonly [scalar in Scalar]: number },
): { readonly [scalar in Scalar]: number } {
  if (typeof values !== 'object' || values === null)
    throw new OptionError(`${where}: scalars must return { name: number }, got ${describeValue(values)}.`)
  for (const [name, value] of Object.entries(values)) {
    if (name === 'learningRate')
      throw new OptionError(
        `${where}: scalars: expected another name than 'learningRate', which update is given anyway.`,
      )
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new OptionError(`${where}: scalars: ${name}: expected a finite number, got ${describeValue(value)}.`)
  }
  return values
}

function checked(where: string, value: unknown, { shape }: Tensor): Tensor {
  if (!(value instanceof Tensor)) throw new OptionError(`${where}: expected a Tensor, got ${describeValue(value)}.`)
  if (value.dtype === 'int32')
    throw new DTypeError(`${where}: expected floating numbers, got int32. Convert them with ops.cast.`)
  if (sameShape(value.shape, shape)) return value
  throw new ShapeError(`${where}: expected the weight's shape ${shapeText(shape)}, got ${shapeText(value.shape)}.`)
}

/** Mistakes are found when the optimiser is made, not in the first step. */
function tryOut({ kind, slots, hypers, update }: UpdateRule): void {
  const traced = (shape: readonly number[]) => Tensor.fromNode(inputNode(shape, kind), 'float64')
  const shape = [5, 3]
  const hyper = Object.fromEntries(['learningRate', ...hypers].map((name) => [name, traced([])]))
  withLabel(kind, () =>
    update(
      traced(shape),
      traced(shape),
      slots.map(() => traced(shape)),
      hyper,
    ),
  )
}
