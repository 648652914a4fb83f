/** Gradient checking: derivatives compared with differences of the cost, entry by entry. */
import { checkOptions, checkSignal, oneOf, positiveInteger, positiveNumber, seedOption } from '../base/checks'
import { describeValue, NonFiniteError, OptionError, ShapeError, StateError } from '../base/errors'
import { shapeText, sizeOf } from '../base/shape'
import { inTurns, type Sliced } from '../base/slices'
import { openRows, type RowSource } from '../data/row-source'
import { toFlatRows } from '../data/transfer'
import type { PreparedRun } from '../graph/compiled'
import { Examples, inputsOf, weightedOutputs, type NativeData, type TargetData } from '../model/data/examples'
import type { InputData } from '../model/data/inputs'
import { Model, type AnyModel } from '../model/model'
import { costProgram } from '../model/programs/program'
import type { Parts } from '../model/programs/tracer'
import type { Job } from '../model/queue/job'
import type { CompiledOutput } from '../model/structure/compile'
import type { Parameter } from '../model/structure/weights'
import type { NativeBuffer } from '../native/contract'
import { native } from '../native/native'
import type { TensorLike } from '../tensor/tensor'
import type { WeightSetLike } from '../tensor/weight-set'
import { filledFloat64, readFloat64 } from './float64'
import { analyticGradients, nudgedCosts, type CostGraph } from './nudge'
import { GradientCheck, type CheckedEntry, type CheckedParameter } from './report'
import { chooseEntries } from './sample'
import { comparing, entriesOfSlice, type Entry } from './verdict'

const where = 'gradientCheck'

export interface GradientCheckOptions {
  /**
   * Gradients to check, laid out as `getWeights()`. Default: the library's, in float64. Compute your own in float64
   * too: those of a float32 model (`costAndGradients`) are rounded, to a distance of 1e-7 to about 1e-5, and may read
   * 'suspicious' without being wrong.
   */
  gradients?: WeightSetLike | undefined
  /** The nudge. Default 1e-7. */
  epsilon?: number | undefined
  /** Entries tried per tensor once the model has more than 2,000 parameters. Default 200; Infinity tries them all. */
  sample?: number | undefined
  /** Chooses the sampled entries, and the frozen dropout mask. Default 0. */
  seed?: number | bigint | undefined
  /** How many entries of each tensor are listed as `worst`. Default 5. */
  worst?: number | undefined
  /**
   * What to do with dropout and other layers that draw random numbers, whose masks have no derivative to check:
   * 'refuse' (default), 'off' as in prediction, or 'frozen': one mask for all evaluations.
   */
  dropout?: 'refuse' | 'off' | 'frozen' | undefined
  signal?: AbortSignal | undefined
}

/**
 * Compares the model's derivatives with finite differences of its cost, in float64 whatever the model's dtype, with
 * penalties included and on the weights of this moment. The cost is that of a training step on these examples:
 * batchNorm uses their mean and variance. Run it on a few examples, at the start and again after some
 * training; `fit` never runs it.
 *
 * Every compared entry of θ costs two evaluations of J, made natively off the event loop. Entries with a kink within
 * ±ε (a ReLU whose input is 0 or changes sign) have no derivative to compare and are skipped and counted. Models of
 * more than 2,000 parameters are sampled.
 *
 * StateError before `compile()`; OptionError for a model with dropout unless `dropout` says what to do.
 */
export async function gradientCheck(
  model: AnyModel,
  x: InputData,
  y: TargetData,
  options: GradientCheckOptions = {},
): Promise<GradientCheck> {
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, got ${describeValue(model)}.`,
    )
  checkOptions(where, options, ['gradients', 'epsilon', 'sample', 'seed', 'worst', 'dropout', 'signal'])
  checkSignal(where, options.signal)
  const settings = {
    epsilon: positiveNumber(`${where}: epsilon`, options.epsilon ?? 1e-7),
    sample: options.sample === Infinity ? Infinity : positiveInteger(`${where}: sample`, options.sample ?? 200),
    seed: seedOption(`${where}: seed`, options.seed ?? 0),
    worst: positiveInteger(`${where}: worst`, options.worst ?? 5),
    random: frozenDropout(model.internals(where).parts, options.dropout),
  }
  const { engine, parts, compiled, queue } = model.internals(where)
  if (!compiled)
    throw new StateError(`${where}: the model has no loss yet. Call model.compile({ optimizer, loss }) first.`)
  engine.requireAdapted(where)
  const given = options.gradients && openGradients(parts, options.gradients)
  const home = { dtype: 'float64' as const, device: parts.weights.device }
  const release = () => given?.forEach((source) => source.release())
  let examples: Examples
  try {
    examples = Examples.open(where, { x, y }, parts.network, home)
  } catch (error) {
    release()
    throw error
  }
  try {
    return await queue.enqueue(where, 'read', options.signal, async (job) => {
      const data = await examples.check(compiled.outputs).prepared(home, job)
      try {
        return await check(job, parts, compiled.outputs, data, given, settings)
      } finally {
        data.dispose()
      }
    })
  } finally {
    examples.release()
    release()
  }
}

interface Settings {
  epsilon: number
  sample: number
  seed: bigint
  worst: number
  /** Whether layers draw random numbers. */
  random: boolean
}

/** True if dropout is to act, with one mask for all evaluations. */
function frozenDropout({ network }: Parts, dropout: GradientCheckOptions['dropout']): boolean {
  const choice = oneOf(`${where}: dropout`, dropout ?? 'refuse', ['refuse', 'off', 'frozen'])
  if (choice === 'refuse' && network.isStochastic)
    throw new OptionError(
      `${where}: expected a model without random numbers, got one with dropout or another layer that draws them anew ` +
        `in every evaluation. Say dropout: 'off' to check without them, or dropout: 'frozen' to draw them once.`,
    )
  return choice === 'frozen'
}

/** Weights that training changes. */
function checkedParameters({ weights }: Parts): Parameter[] {
  return weights.trainable
}

/** The user's gradients by parameter name, open; their shapes are checked. */
function openGradients(parts: Parts, set: WeightSetLike): Map<string, RowSource<'float64'>> {
  if (!Array.isArray(set)) throw new OptionError(`${where}: gradients: expected a list laid out as model.getWeights().`)
  const layers = set as readonly { readonly name: string; readonly [key: string]: unknown }[]
  const opened = new Map<string, RowSource<'float64'>>()
  try {
    for (const p of checkedParameters(parts)) {
      const value = layers.find((entry) => entry?.name === p.layer)?.[p.key]
      if (value === undefined)
        throw new OptionError(`${where}: gradients: ${p.name} is missing; expected shape ${shapeText(p.shape)}.`)
      const source = openRows(`${where}: gradients: ${p.name}`, value as TensorLike, 'float64')
      opened.set(p.name, source)
      if (source.shape.join() !== p.shape.join())
        throw new ShapeError(
          `${where}: gradients: ${p.name}: expected shape ${shapeText(p.shape)}, got ${shapeText(source.shape)}.`,
        )
      // A single number has no rows to read it by.
      if (source.shape.length === 0) source.shape = [1]
    }
    return opened
  } catch (error) {
    for (const source of opened.values()) source.release()
    throw error
  }
}

/** The cost of the model as a float64 graph with copies of its values, which go to `buffers`. */
function* costGraph(
  parts: Parts,
  outputs: readonly CompiledOutput[],
  data: NativeData,
  random: boolean,
  buffers: NativeBuffer[],
): Sliced<CostGraph> {
  const shape = { batch: data.rows, weighted: weightedOutputs(data) }
  const { device } = parts.weights
  const rest = { training: true, random, withGradients: true }
  const built = yield* costProgram({ ...parts, dtype: 'float64', precision: 'float64' }, outputs, shape, rest)
  const slots = inputsOf(data)
  const inputs = built.program.inputs.map((node, i) => ({ node, buffer: slots[built.inputNames[i]] }))
  const states: CostGraph['states'][number][] = []
  for (const [i, node] of built.program.states.entries()) {
    const cell = built.cells[i]
    const size = sizeOf(cell.shape)
    const part = (from: number, to: number) => Float64Array.from(native.bufferRead(cell.buffer, from, to - from))
    const buffer = yield* filledFloat64(where, size, device, part)
    buffers.push(buffer)
    states.push({ node, buffer, name: cell.name, size })
  }
  const fetched = new Map(built.fetchNames.map((name, i) => [name, built.program.fetches[i]]))
  const gradients = checkedParameters(parts).map((p) => fetched.get(p.name)!)
  return { cost: fetched.get('cost')!, gradients, states, device, inputs }
}

async function check(
  job: Job,
  parts: Parts,
  outputs: readonly CompiledOutput[],
  data: NativeData,
  given: ReadonlyMap<string, RowSource<'float64'>> | undefined,
  { epsilon, sample, seed, worst, random }: Settings,
): Promise<GradientCheck> {
  const parameters = checkedParameters(parts)
  if (parameters.length === 0) throw new OptionError(`${where}: the model has no trainable weights to check.`)
  const pause = () => job.throwIfAborted()
  const buffers: NativeBuffer[] = []
  try {
    const graph = await inTurns(costGraph(parts, outputs, data, random, buffers), pause)
    const run = async (prepared: PreparedRun) => {
      const result = await job.run(prepared)
      job.throwIfAborted()
      return result
    }
    const analytic = await analyticGradients(graph, seed, run, pause)
    buffers.push(...analytic.frozen.map((leaf) => leaf.buffer))
    if (!Number.isFinite(analytic.cost))
      throw new NonFiniteError(
        `${where}: the cost is ${analytic.cost} at the model's weights; there is no derivative to compare.`,
      )
    const gradients = [...analytic.gradients]
    for (const [i, p] of parameters.entries()) {
      const own = given?.get(p.name)
      if (own) gradients[i] = (await inTurns(toFlatRows(own, 'float64', noCheck), pause)).data as Float64Array
    }
    const places = parameters.map((p) => graph.states.findIndex((state) => state.name === p.name))
    const sizes = gradients.map((g) => g.length)
    const chosen = await inTurns(chooseEntries(sizes, sample, seed), pause)
    const entries = new Float64Array(chosen.list.length)
    chosen.list.forEach(({ flat }, i) => (entries[i] = flat))
    const nudged = await nudgedCosts(graph, places, entries, epsilon, analytic.frozen, run, pause)
    const values: Float64Array[] = []
    for (const place of places) {
      const { buffer, size } = graph.states[place]
      values.push(await inTurns(readFloat64(buffer, size), pause))
    }
    const work = (function* (): Sliced<GradientCheck> {
      const all: Tried[] = []
      const tried: Tried[][] = parameters.map(() => [])
      const skipped = parameters.map(() => 0)
      for (const [i, entry] of chosen.list.entries()) {
        if (i % entriesOfSlice === 0) yield
        const { parameter, element } = entry
        const { plus, minus, kink } = nudged(i)
        if (kink) {
          skipped[parameter]++
          continue
        }
        // The nudge as it was after rounding: w + ε and w − ε are not exactly 2ε apart.
        const weight = values[parameter][element]
        const width = weight + epsilon - (weight - epsilon)
        const made = { element, analytic: gradients[parameter][element], numeric: (plus - minus) / width }
        all.push(made)
        tried[parameter].push(made)
      }
      const found: CheckedParameter[] = []
      for (const [i, p] of parameters.entries())
        found.push({
          name: p.name,
          ...(yield* comparing(tried[i], analytic.cost, epsilon)),
          checked: tried[i].length,
          skipped: skipped[i],
          worst: yield* worstEntries(tried[i], p, worst),
        })
      const total = yield* comparing(all, analytic.cost, epsilon)
      const left = entries.length - all.length
      return new GradientCheck(analytic.cost, epsilon, total, worstFirst(found), all.length, left, chosen.sampled)
    })()
    return await inTurns(work, pause)
  } finally {
    for (const buffer of buffers) native.bufferDispose(buffer)
  }
}

const noCheck = () => undefined

/** An entry of a tensor, by its place there. */
interface Tried extends Entry {
  element: number
}

/** The entries with the largest gaps, the worst first; of equal ones the first. */
function* worstEntries(entries: readonly Tried[], { shape }: Parameter, count: number): Sliced<CheckedEntry[]> {
  const worst: { entry: Tried; gap: number }[] = []
  for (const [i, entry] of entries.entries()) {
    if (i % entriesOfSlice === 0) yield
    const size = Math.abs(entry.analytic - entry.numeric)
    const gap = Number.isNaN(size) ? Infinity : size
    if (worst.length === count && gap <= worst[count - 1].gap) continue
    let [low, high] = [0, worst.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (worst[middle].gap >= gap) low = middle + 1
      else high = middle
    }
    worst.splice(low, 0, { entry, gap })
    if (worst.length > count) worst.pop()
  }
  return worst.map(({ entry: { element, analytic, numeric } }) => ({
    index: indexOf(element, shape),
    analytic,
    numeric,
  }))
}

/** Position of a flat element in a shape. */
function indexOf(element: number, shape: readonly number[]): number[] {
  const index: number[] = []
  for (let d = shape.length - 1, rest = element; d >= 0; d--) {
    index.unshift(rest % shape[d])
    rest = Math.floor(rest / shape[d])
  }
  return index
}

/**
 * Wrong before suspicious before correct (a tensor of rounding noise may have a large distance and be correct), then
 * by distance. Of equal distances the tensor nearest to the output comes first: mistakes travel backwards.
 */
function worstFirst(parameters: readonly CheckedParameter[]): CheckedParameter[] {
  const rank = { wrong: 0, suspicious: 1, correct: 2 }
  const size = ({ distance }: CheckedParameter) => (Number.isNaN(distance) ? Infinity : Number(distance.toPrecision(3)))
  return parameters
    .map((p, place) => ({ p, place }))
    .sort((a, b) => {
      if (a.p.verdict !== b.p.verdict) return rank[a.p.verdict] - rank[b.p.verdict]
      if (size(a.p) !== size(b.p)) return size(a.p) > size(b.p) ? -1 : 1
      return b.place - a.place
    })
    .map(({ p }) => p)
}
