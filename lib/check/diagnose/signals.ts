/** Do signals vanish or explode on their way through the layers, forwards and backwards? */
import { activationFacts } from '../../activations'
import { checkOptions, checkSignal, positiveNumber, throwIfAborted } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import { inTurns } from '../../base/slices'
import { toNative } from '../../data/transfer'
import { withExamples, withInputs } from '../../model/calls'
import type { TargetData } from '../../model/data/examples'
import { dtypeOf, OpenInputs, type InputData } from '../../model/data/inputs'
import type { Engine } from '../../model/engine'
import { activations } from '../../model/infer/activations'
import { costAndGradients } from '../../model/infer/cost-and-gradients'
import { Model, type AnyModel } from '../../model/model'
import type { Network } from '../../model/structure/network'
import { shareStorage, Tensor, type AnyTensor } from '../../tensor/tensor'

export interface SignalsOptions {
  /** A layer whose root mean square is this many times larger or smaller than the input's is named. Default 1000. */
  factor?: number | undefined
  signal?: AbortSignal | undefined
}

/** Of the numbers of one array. */
export interface Statistics {
  mean: number
  /** Standard deviation. */
  std: number
  /** Root mean square. */
  rms: number
  /** Share of exact zeros. */
  zeros: number
}

export interface LayerSignals {
  name: string
  /** Of the layer's output a. */
  activation: Statistics
  /** Share of outputs where the activation is flat: a sigmoid within 0.01 of 0 or 1, a tanh within 0.01 of ±1. */
  saturated: number
  /** Share of units that are 0 for every example: dead ReLUs. */
  dead: number
  /** Of dJ/d(weight), by weight name; empty for layers without weights. */
  gradients: Record<string, Statistics>
}

export interface Signals {
  verdict: 'healthy' | 'vanishing' | 'exploding'
  /** The first layer where the verdict shows; null where healthy. */
  layer: string | null
  layers: LayerSignals[]
  /** One sentence, with advice where there is something to do. */
  message: string
  toString(): string
}

function statistics(values: ArrayLike<number>): Statistics {
  const n = values.length
  let sum = 0
  let zeros = 0
  let largest = 0
  for (let i = 0; i < n; i++) {
    sum += values[i]
    if (values[i] === 0) zeros++
    largest = Math.max(largest, Math.abs(values[i]))
  }
  if (!Number.isFinite(sum) || largest === 0)
    return { mean: sum / n, std: largest === 0 ? 0 : NaN, rms: largest === 0 ? 0 : NaN, zeros: zeros / n }
  const mean = sum / n
  // Divided by the largest first: squares of 1e-200 would be 0.
  let squares = 0
  let deviations = 0
  for (let i = 0; i < n; i++) {
    squares += (values[i] / largest) ** 2
    deviations += ((values[i] - mean) / largest) ** 2
  }
  return { mean, std: largest * Math.sqrt(deviations / n), rms: largest * Math.sqrt(squares / n), zeros: zeros / n }
}

function saturatedShare(activation: string, values: ArrayLike<number>): number {
  const { limits } = activationFacts(activation)
  let count = 0
  for (let i = 0; i < values.length; i++) if (limits.some((limit) => Math.abs(values[i] - limit) < 0.01)) count++
  return count / values.length
}

function deadShare(values: ArrayLike<number>, rows: number): number {
  const width = values.length / rows
  let dead = 0
  for (let j = 0; j < width; j++) {
    let i = 0
    while (i < rows && values[i * width + j] === 0) i++
    if (i === rows) dead++
  }
  return dead / width
}

/** x in native memory by input, read once and in slices; tensors of the user's are only held. */
async function held(where: string, x: InputData, engine: Engine, signal: AbortSignal | undefined): Promise<HeldInputs> {
  const open = OpenInputs.open(where, x, engine.network, engine)
  const tensors: [name: string, rows: AnyTensor][] = []
  const dispose = () => tensors.forEach(([, rows]) => rows.dispose())
  try {
    for (const { input, name, source } of open.list) {
      if (source.given instanceof Tensor) {
        tensors.push([input.name, shareStorage(source.given, source.given.shape)])
        continue
      }
      const dtype = dtypeOf(input, engine)
      const pause = () => throwIfAborted(where, signal)
      const { buffer, shape } = await inTurns(toNative(where, name, source, { dtype, device: 'cpu' }), pause)
      tensors.push([input.name, Tensor.fromBuffer(buffer, shape, dtype)])
    }
  } catch (error) {
    dispose()
    throw error
  } finally {
    open.release()
  }
  const byName = Object.fromEntries(tensors)
  return { x: engine.network.namedInputs ? byName : tensors[0][1], byName, dispose }
}

interface HeldInputs {
  /** As the model takes it. */
  x: InputData
  byName: Record<string, AnyTensor>
  dispose(): void
}

/**
 * What signals are compared with: the root mean square over the inputs. Behind layers that bring raw inputs of any size
 * to size 1, or make vectors of ids, their outputs count as the input: that is where signals start.
 */
function inputSize(network: Network, { byName }: HeldInputs, sizeOfUse: ReadonlyMap<string, number>): number {
  const sizes = network.inputs.flatMap(({ name }, value) => {
    const readers = network.uses.filter(({ from }) => from.includes(value))
    const begins = readers.filter(({ built }) => built.first ?? built.wholeNumbers)
    if (readers.length > 0 && begins.length === readers.length) return begins.map((use) => sizeOfUse.get(use.name)!)
    return [statistics(byName[name].data).rms]
  })
  return sizes.length === 1 ? sizes[0] : Math.sqrt(sizes.reduce((sum, size) => sum + size ** 2, 0) / sizes.length)
}

/**
 * Statistics of the activations of every use of a layer and of the gradients of its weights on rows x, y, and a
 * verdict: 'exploding' or 'vanishing', with the first layer whose root mean square is more than `factor` times that of
 * the input, or less than 1/`factor` of it, or whose values are not finite. (Behind a first normalize layer, its output
 * counts as the input.) Failing that, for signals that go wrong backwards, the layer next to the output whose gradient
 * is `factor`² times smaller or larger than that of the last layer with weights. Changes nothing.
 */
export async function signals(
  model: AnyModel,
  x: InputData,
  y: TargetData,
  options: SignalsOptions = {},
): Promise<Signals> {
  const where = 'diagnose.signals'
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, got ${describeValue(model)}.`,
    )
  checkOptions(where, options, ['factor', 'signal'])
  checkSignal(where, options.signal)
  const factor = positiveNumber(`${where}: factor`, options.factor ?? 1000)
  if (factor <= 1) throw new OptionError(`${where}: factor: expected a number above 1, got ${factor}.`)
  const { signal } = options
  const { engine } = model.internals
  const { network } = engine
  const rows = await held(where, x, engine, signal)
  try {
    const found = await withInputs(engine, where, 'read', rows.x, signal, (job, inputs) =>
      activations(engine, job, inputs, false),
    )
    const { gradients } = await withExamples(engine, where, 'read', { x: rows.x, y }, signal, (job, examples) =>
      costAndGradients(engine, job, examples, false),
    )
    const layers = network.uses.map(({ name, place, built }): LayerSignals => {
      const { z, a } = found[name]
      const values = a.data
      // The gradients of a shared layer are those of all its uses; they stand at the first.
      const entry = (name === place.name && gradients.find((g) => g.name === name)) || {}
      const tensors = Object.entries(entry).filter((pair): pair is [string, Tensor] => pair[1] instanceof Tensor)
      const result = {
        name,
        activation: statistics(values),
        saturated: saturatedShare(built.activation, values),
        dead: deadShare(values, a.shape[0]),
        gradients: Object.fromEntries(tensors.map(([key, t]) => [key, statistics(t.data)])),
      }
      for (const t of [z, a, ...tensors.map(([, gradient]) => gradient)]) t?.dispose()
      return result
    })
    const sizes = new Map(layers.map(({ name, activation }) => [name, activation.rms]))
    return report(layers, inputSize(network, rows, sizes), factor)
  } finally {
    rows.dispose()
  }
}

function report(layers: LayerSignals[], input: number, factor: number): Signals {
  const judge = (size: number, reference: number, limit: number) =>
    Number.isNaN(size) || size > limit * reference ? 'exploding' : size < reference / limit ? 'vanishing' : null
  let place: { verdict: 'vanishing' | 'exploding'; layer: string; what: string } | null = null
  for (const { name, activation } of layers) {
    const verdict = judge(activation.rms, input, factor)
    if (verdict && !place) place = { verdict, layer: name, what: 'activations' }
  }
  const weighted = layers.filter(({ gradients }) => 'weight' in gradients)
  const last = weighted[weighted.length - 1]?.gradients.weight.rms
  if (!place && last > 0)
    for (const { name, gradients } of [...weighted].reverse()) {
      const verdict = judge(gradients.weight.rms, last, factor ** 2)
      if (verdict && !place) place = { verdict, layer: name, what: 'gradients' }
    }
  const advice = {
    vanishing: "Start with larger weights ('he' before ReLU, 'xavier' before tanh), use ReLU, or fewer layers.",
    exploding:
      "Start with smaller weights ('he' before ReLU, 'xavier' before tanh), clip gradients, or use fewer layers.",
  }
  const message = place
    ? `${place.what} are ${place.verdict} from ${place.layer} on. ${advice[place.verdict]}`
    : 'Signals keep their size through all layers.'
  return {
    verdict: place?.verdict ?? 'healthy',
    layer: place?.layer ?? null,
    layers,
    message,
    toString: () => table(layers, message),
  }
}

function table(layers: readonly LayerSignals[], message: string): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const rows = layers.map(({ name, activation, saturated, dead, gradients }) => [
    name,
    activation.mean.toExponential(2),
    activation.std.toExponential(2),
    percent(activation.zeros),
    percent(saturated),
    percent(dead),
    gradients.weight ? gradients.weight.rms.toExponential(2) : '–',
  ])
  const all = [['layer', 'mean a', 'std a', 'zeros', 'saturated', 'dead units', 'rms dW'], ...rows]
  const widths = all[0].map((_, j) => Math.max(...all.map((row) => row[j].length)))
  const lines = all.map((row) => row.map((cell, j) => cell.padEnd(widths[j])).join('  '))
  return [message, ...lines.map((line) => line.trimEnd())].join('\n')
}
